"""Comparing a declaration with an answer, and the patch between the two."""

from __future__ import annotations

import pytest
from ansible_collections.onering.platform.plugins.module_utils.openmetadata_compare import applied, patch, shown
from ansible_collections.onering.platform.plugins.module_utils.resource import BackendError
from ansible_collections.onering.platform.tests.doubles.vendor import jsonpatch
from hypothesis import given
from hypothesis import strategies as st

NAMES = st.text('ab."é~/', min_size=1, max_size=3)
PLAIN = st.one_of(st.booleans(), st.integers(), st.text(min_size=1))
LABEL = st.sampled_from(["PII.None", "PII.Sensitive", "Tier.Tier1"])
LABELS = st.sets(LABEL).map(sorted)
OWNERS = st.sets(st.sampled_from(["user:alice", "user:b.c", "team:Data"])).map(sorted)
COLUMN = st.fixed_dictionaries({"name": NAMES}, optional={"description": st.text(), "tags": LABELS, "terms": LABELS})
COLUMNS = st.lists(COLUMN, min_size=1, max_size=4, unique_by=lambda column: column["name"])
WANTED = st.fixed_dictionaries(
    {},
    optional={
        "description": st.text(), "tags": LABELS, "terms": LABELS, "owners": OWNERS, "domains": LABELS,
        "columns": COLUMNS, "x": PLAIN, "nested": st.dictionaries(NAMES, PLAIN, min_size=1),
    },
)  # fmt: skip


def reference(kind, full):
    """Every name is resolved to a reference that says it."""
    return {"id": full, "type": kind, "name": full.strip('"'), "fullyQualifiedName": full}


@given(WANTED, WANTED)
def test_what_is_applied_is_shown_and_the_rest_stays(first, second) -> None:
    before = applied({"untouched": 1}, first, reference)
    assert shown(before, first) == first
    after = applied(before, second, reference)
    assert shown(after, second) == second
    assert applied(after, second, reference) == after
    assert jsonpatch.apply_patch(before, list(patch(before, after))) == after
    assert list(patch(after, after)) == []
    untouched = {key: value for key, value in first.items() if key not in second}
    if "tags" not in second and "terms" not in second:
        assert shown(after, untouched) == untouched
    assert after["untouched"] == 1


def test_a_label_that_stays_keeps_what_the_server_knows_of_it() -> None:
    label = {"tagFQN": "PII.None", "source": "Classification", "labelType": "Manual", "appliedBy": "alice"}
    after = applied({"tags": [label]}, {"tags": ["PII.None", "PII.Sensitive"]}, reference)
    assert after["tags"][0] == label


@pytest.mark.parametrize(
    ("before", "after", "operations"),
    [
        ({"a": 1}, {}, [{"op": "remove", "path": "/a"}]),
        ({}, {"a/b~": 1}, [{"op": "add", "path": "/a~1b~0", "value": 1}]),
        ({"a": [1]}, {"a": [2]}, [{"op": "replace", "path": "/a", "value": [2]}]),
        (
            {"a": [{"name": "x", "y": 1}]},
            {"a": [{"name": "x", "y": 2}]},
            [{"op": "replace", "path": "/a/0/y", "value": 2}],
        ),
    ],
)
def test_the_patch(before, after, operations) -> None:
    assert list(patch(before, after)) == operations


FOUND = {
    "owners": [{"type": "user", "name": "alice"}, {"type": "team", "name": "all", "inherited": True}],
    "domains": [{"fullyQualifiedName": "Sales"}, {"fullyQualifiedName": "All", "inherited": True}],
    "tags": [
        {"tagFQN": "PII.None", "source": "Classification", "labelType": "Manual"},
        {"tagFQN": "Tier.Tier1", "source": "Classification", "labelType": "Propagated"},
        {"tagFQN": "Words.Customer", "source": "Glossary"},
    ],
    "domainType": "Aggregate",
    "testDefinition": {"fullyQualifiedName": "columnValuesToBeUnique", "id": "1"},
    "columns": [{"name": "id", "dataType": "INT", "description": "key"}, {"name": "more", "dataType": "INT"}],
}


@pytest.mark.parametrize(
    ("wanted", "seen"),
    [
        ({"owners": []}, {"owners": ["user:alice"]}),
        ({"domains": []}, {"domains": ["Sales"]}),
        ({"tags": []}, {"tags": ["PII.None"]}),
        ({"tags": ["Tier.Tier1"]}, {"tags": ["PII.None", "Tier.Tier1"]}),
        ({"terms": []}, {"terms": ["Words.Customer"]}),
        ({"description": "x"}, {"description": ""}),
        ({"domainType": "x"}, {"domainType": "Aggregate"}),
        ({"testDefinition": "x"}, {"testDefinition": "columnValuesToBeUnique"}),
        ({"service": {"a": 1}}, {"service": None}),
        ({"domainType": {"a": 1}}, {"domainType": None}),
        ({"size": 1}, {"size": None}),
        ({"columns": [{"name": "id", "x": 1}]}, {"columns": [{"name": "id", "x": None}, {"name": "more"}]}),
    ],
    ids=lambda value: next(iter(value)),
)  # fmt: skip
def test_only_what_is_declared_and_somebody_set_is_shown(wanted, seen) -> None:
    assert shown(FOUND, wanted) == seen


def test_labels_that_nobody_set_stay_with_the_other_kinds() -> None:
    after = applied(FOUND, {"tags": ["PII.Sensitive"]}, reference)
    added = {"tagFQN": "PII.Sensitive", "source": "Classification", "labelType": "Manual", "state": "Confirmed"}
    assert after["tags"] == [*FOUND["tags"][1:], added]


def test_a_name_of_an_account_is_resolved_by_its_kind() -> None:
    after = applied({}, {"owners": ["user:b.c", "team:Data"]}, reference)
    assert [(each["type"], each["id"]) for each in after["owners"]] == [("user", '"b.c"'), ("team", "Data")]


def test_relations_are_resolved_by_their_kind() -> None:
    after = applied({}, {"domains": ["Sales"], "dataProducts": ["Cars"]}, reference)
    assert [after[key][0]["type"] for key in ("domains", "dataProducts")] == ["domain", "dataProduct"]


@pytest.mark.parametrize("empty", ["", None])
def test_what_is_declared_empty_is_removed(empty) -> None:
    assert applied({"description": "x", "y": 1}, {"description": empty}, reference) == {"y": 1}


def test_what_is_decided_once_is_refused() -> None:
    with pytest.raises(BackendError, match=r"^change testDefinition to other: it is decided when .* made\. "):
        applied(FOUND, {"testDefinition": "other"}, reference)


def test_a_column_keeps_what_is_not_declared_of_it() -> None:
    after = applied(
        FOUND, {"columns": [{"name": "id", "dataType": "BIGINT"}, {"name": "new", "dataType": "INT"}]}, reference
    )
    assert after["columns"] == [
        {"name": "id", "dataType": "BIGINT", "description": "key"},
        {"name": "new", "dataType": "INT"},
    ]


def test_other_names_or_another_order_replace_the_list() -> None:
    before, after = [{"name": "a"}, {"name": "b"}], [{"name": "b"}, {"name": "a"}]
    assert list(patch({"columns": before}, {"columns": after})) == [
        {"op": "replace", "path": "/columns", "value": after}
    ]
