"""Comparing a declaration with an answer, and the patch between the two."""

from __future__ import annotations

import pytest
from ansible_collections.onering.platform.plugins.module_utils.openmetadata_entity import applied, patch, shown
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


class Catalog:
    """Resolves every name to a reference that says it."""

    @staticmethod
    def reference(kind, full):
        return {"id": full, "type": kind, "name": full.strip('"'), "fullyQualifiedName": full}


@given(WANTED, WANTED)
def test_what_is_applied_is_shown_and_the_rest_stays(first, second) -> None:
    before = applied({"untouched": 1}, first, Catalog())
    assert shown(before, first) == first
    after = applied(before, second, Catalog())
    assert shown(after, second) == second
    assert applied(after, second, Catalog()) == after
    assert jsonpatch.apply_patch(before, list(patch(before, after))) == after
    assert list(patch(after, after)) == []
    untouched = {key: value for key, value in first.items() if key not in second}
    if "tags" not in second and "terms" not in second:
        assert shown(after, untouched) == untouched
    assert after["untouched"] == 1


def test_a_label_that_stays_keeps_what_the_server_knows_of_it() -> None:
    label = {"tagFQN": "PII.None", "source": "Classification", "labelType": "Manual", "appliedBy": "alice"}
    after = applied({"tags": [label]}, {"tags": ["PII.None", "PII.Sensitive"]}, Catalog())
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
