# Copyright: OneRing contributors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest
from ansible_collections.onering.platform.plugins.module_utils.resource import (
    BackendError,
    Resource,
    converge,
    many,
    run,
)


class Exit(Exception):
    """A module ended: with `result`."""

    def __init__(self, **result):
        super().__init__(str(result))
        self.result = result


class FakeModule:
    def __init__(self, check_mode=False, **params):
        self.params = params
        self.check_mode = check_mode

    def exit_json(self, **result):
        raise Exit(**result)

    def fail_json(self, **result):
        raise Exit(failed=True, **result)


class Item(Resource):
    """An object in a dict; `want` is merged over what is there, None removes it."""

    def __init__(self, store, name, want, error=None):
        self.store, self.name, self.want, self.error = store, name, want, error
        self.calls = []

    def read(self):
        return self.store.get(self.name)

    def desired(self, current):
        return None if self.want is None else {**(current or {}), **self.want}

    def write(self, current, desired):
        self.calls.append(("write", current, desired))
        if self.error:
            raise self.error
        self.store[self.name] = desired

    def delete(self, current):
        self.calls.append(("delete", current))
        del self.store[self.name]

    def returns(self, state):
        return {"size": len(state) if state else 0}


def result_of(function, *args, **kwargs):
    with pytest.raises(Exit) as ended:
        function(*args, **kwargs)
    return ended.value.result


def test_an_absent_object_is_created_and_its_diff_starts_empty():
    store = {}
    result = result_of(converge, FakeModule(), Item(store, "a", {"x": 1}))
    assert result == {"changed": True, "diff": {"before": {}, "after": {"x": 1}}, "size": 1}
    assert store == {"a": {"x": 1}}


def test_a_second_time_changes_nothing_and_writes_nothing():
    """Regression 14."""
    item = Item({"a": {"x": 1, "server": "kept"}}, "a", {"x": 1})
    result = result_of(converge, FakeModule(), item)
    assert result["changed"] is False
    assert result["diff"]["before"] == result["diff"]["after"]
    assert item.calls == []


def test_write_gets_what_is_and_what_should_be():
    item = Item({"a": {"x": 1, "server": "kept"}}, "a", {"x": 2})
    assert result_of(converge, FakeModule(), item)["changed"] is True
    assert item.calls == [("write", {"x": 1, "server": "kept"}, {"x": 2, "server": "kept"})]


@pytest.mark.parametrize("want", [{"x": 2}, None])
def test_check_mode_tells_the_same_and_touches_nothing(want):
    """Regression 15."""
    store = {"a": {"x": 1}}
    item = Item(store, "a", want)
    checked = result_of(converge, FakeModule(check_mode=True), item)
    assert (item.calls, store) == ([], {"a": {"x": 1}})
    assert checked == result_of(converge, FakeModule(), item)
    assert len(item.calls) == 1


def test_absent_deletes_once():
    item = Item({"a": {"x": 1}}, "a", None)
    assert result_of(converge, FakeModule(), item)["diff"] == {"before": {"x": 1}, "after": {}}
    assert result_of(converge, FakeModule(), item) == {"changed": False, "diff": {"before": {}, "after": {}}, "size": 0}
    assert item.calls == [("delete", {"x": 1})]


def test_gathered_reads_and_never_asks_what_is_desired():
    item = Item({"a": {"x": 1}}, "a", {"x": 2})
    result = result_of(converge, FakeModule(state="gathered"), item)
    assert result["changed"] is False
    assert item.calls == []


def test_many_shows_only_what_changes_and_one_result_each():
    store = {"same": {"x": 1}, "other": {"x": 0}, "gone": {"x": 9}}
    items = [
        Item(store, "same", {"x": 1}),
        Item(store, "other", {"x": 1}),
        Item(store, "gone", None),
        Item(store, "new", {"y": 1}),
    ]
    result = result_of(many, FakeModule(), items, server="26.7")
    assert result == {
        "changed": True,
        "diff": {
            "before": {"other": {"x": 0}, "gone": {"x": 9}},
            "after": {"other": {"x": 1}, "new": {"y": 1}},
        },
        "results": [
            {"name": "same", "changed": False, "size": 1},
            {"name": "other", "changed": True, "size": 1},
            {"name": "gone", "changed": True, "size": 0},
            {"name": "new", "changed": True, "size": 1},
        ],
        "server": "26.7",
    }
    assert store == {"same": {"x": 1}, "other": {"x": 1}, "new": {"y": 1}}


def test_many_in_check_mode_writes_nothing():
    store = {"gone": {"x": 9}}
    items = [Item(store, "gone", None), Item(store, "new", {"y": 1})]
    assert result_of(many, FakeModule(check_mode=True), items)["changed"] is True
    assert store == {"gone": {"x": 9}}


def test_two_declarations_of_one_object_are_refused():
    store = {}
    with pytest.raises(BackendError, match=r"^change a: declared more than once in this call\. Declare each once\.$"):
        many(FakeModule(), [Item(store, name, {"x": 1}) for name in ("a", "b", "a")])
    assert store == {}


def test_a_refusal_comes_before_the_first_write():
    class Refused(Item):
        def desired(self, current):
            raise BackendError("change b", "would lose rows")

    store = {}
    first = Item(store, "a", {"x": 1})
    with pytest.raises(BackendError):
        many(FakeModule(), [first, Refused(store, "b", {})])
    assert (first.calls, store) == ([], {})


@pytest.mark.parametrize(
    ("names", "changed"), [(["a", "broken", "c"], True), (["broken", "c"], False)], ids=["second", "first"]
)
def test_a_failure_on_the_way_names_what_was_done(names, changed):
    store = {}
    error = BackendError("write broken", "disk full", "Free some space")
    items = [Item(store, name, {"x": 1}, error if name == "broken" else None) for name in names]
    result = result_of(run, FakeModule(), lambda module: many(module, items))
    assert result == {
        "failed": True,
        "msg": "write broken: disk full. Free some space.",
        "changed": changed,
        "done": names[: names.index("broken")],
        "failed_on": "broken",
    }
    assert "c" not in store


def test_what_went_together_with_the_one_that_failed_is_done_too():
    error = BackendError("write broken", "disk full")
    error.facts["done"] = ["later"]
    items = [Item({}, "first", {"x": 1}), Item({}, "broken", {"x": 1}, error)]
    result = result_of(run, FakeModule(), lambda module: many(module, items))
    assert (result["done"], result["changed"]) == (["first", "later"], True)


@pytest.mark.parametrize(
    ("said", "message"),
    [
        (("list buckets", "no answer"), "list buckets: no answer."),
        (("list buckets:", "no answer. ", " Start it. "), "list buckets: no answer. Start it."),
        (("list buckets.", "no answer...", "Ask whether it is up"), "list buckets: no answer. Ask whether it is up."),
    ],
)
def test_the_message_says_asked_answered_remedy(said, message):
    def body(module):
        raise BackendError(*said)

    assert result_of(run, FakeModule(), body) == {"failed": True, "msg": message}
    assert BackendError("a", "b").remedy == ""
    error = BackendError("a", "b", "c")
    assert (error.asked, error.answered, error.remedy, error.facts) == ("a", "b", "c", {})


def test_other_errors_are_not_hidden():
    def body(module):
        raise ValueError("a bug")

    with pytest.raises(ValueError, match="a bug"):
        run(FakeModule(), body)


@pytest.mark.parametrize("call", [("read",), ("desired", None), ("write", None, {}), ("delete", {})])
def test_a_resource_says_what_it_lacks(call):
    with pytest.raises(NotImplementedError):
        getattr(Resource(), call[0])(*call[1:])


def test_a_resource_returns_nothing_more_by_default():
    assert Resource().returns({"x": 1}) == {}
