from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible_collections.onering.platform.plugins.plugin_utils.settings import (
    Declared,
    impossible,
    malformed,
    unknown,
    wrong,
)

PREFLIGHT = """
argument_specs:
  main: {options: {preflight_skip: {type: list}}}
  platform: {options: {onering_profile: {type: str}}}
  found: {options: {onering_engine: {type: str}}}
"""
STORE = "argument_specs: {main: {options: {store_port: {type: int}, store_port_range: {type: str}}}}"
COMPONENTS = [{"name": "store", "profile": "core"}, {"name": "graphs", "profile": "observability"}]


@pytest.fixture
def declared(tmp_path: Path) -> Declared:
    for role, spec in (("preflight", PREFLIGHT), ("store", STORE), ("store_port", "argument_specs: {main: {}}")):
        (tmp_path / role / "meta").mkdir(parents=True)
        (tmp_path / role / "meta/argument_specs.yml").write_text(spec)
    (tmp_path / "store/defaults").mkdir()
    (tmp_path / "store/defaults/main.yml").write_text("store_port: 9000\n")
    return Declared(str(tmp_path))


def test_what_roles_declare_is_known(declared: Declared) -> None:
    assert declared.defaults == {"store_port": 9000}
    assert declared.platform == {"onering_profile"}
    names = [
        "onering_profile",
        "onering_engine",
        "store_port",
        "preflight_skip",
        "store_fact",
        "ansible_user",
        "port",
        "__store_x",
    ]
    assert unknown(names, declared, ["store_fact"], {}) == []


@pytest.mark.parametrize(
    ("name", "found", "remedy"),
    [
        ("onering_profil", "onering_profil is no setting", "did you mean onering_profile?"),
        ("onering_frobnicate", "onering_frobnicate is no setting", "roles/*/README.md"),
        ("store_prot", "store_prot is no setting", "did you mean store_port?"),
        ("stoore_port", "stoore_port is no setting", "did you mean store_port?"),
        ("store_old", "store_old is called store_port now", "rename it to store_port"),
        ("legacy", "legacy is called store_port now", "rename it to store_port"),
    ],
)
def test_an_unknown_name_is_an_error_with_the_nearest(declared: Declared, name: str, found: str, remedy: str) -> None:
    (only,) = unknown([name], declared, [], {"store_old": "store_port", "legacy": "store_port"})
    assert (only["check"], only["level"]) == ("settings", "error")
    assert found in only["found"]
    assert remedy in only["remedy"]


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ({"type": "str"}, "x"), ({"type": "str"}, 7), ({"type": "path"}, "/x"), ({"type": "bool"}, True),
        ({"type": "bool"}, "no"), ({"type": "int"}, 7), ({"type": "int"}, "7"), ({"type": "float"}, "1.5"),
        ({"type": "float"}, 2), ({"type": "list", "elements": "int"}, [1, "2"]), ({"type": "dict"}, {}),
        ({"type": "raw"}, "x"), ({"choices": ["a"]}, "a"), ({"type": "list", "choices": ["a"]}, ["a"]),
    ],
)  # fmt: skip
def test_values_of_the_declared_type_pass(option: dict[str, Any], value: Any) -> None:
    assert wrong("x", option, value) is None


@pytest.mark.parametrize(
    ("option", "value", "says"),
    [
        ({"type": "str"}, ["x"], "['x'] is a list, not a text"),
        ({"type": "str"}, None, "None is empty, not a text"),
        ({"type": "path"}, {"a": 1}, "{'a': 1} is a mapping, not a path"),
        ({"type": "bool"}, "perhaps", "'perhaps' is a text, not true or false"),
        ({"type": "bool"}, [], "[] is a list, not true or false"),
        ({"type": "int"}, "80a", "'80a' is a text, not a whole number"),
        ({"type": "int"}, True, "True is a truth value, not a whole number"),
        ({"type": "int"}, 1.5, "1.5 is a number, not a whole number"),
        ({"type": "float"}, "many", "'many' is a text, not a number"),
        ({"type": "list"}, "a,b", "'a,b' is a text, not a list"),
        ({"type": "list", "elements": "dict"}, ["a"], "not a list with a mapping in each place"),
        ({"type": "dict"}, ["a"], "not a mapping"),
        ({"type": "raw"}, None, "None is empty, not a value"),
        ({"choices": ["a", "b"]}, "c", "'c' is a text, not one of a, b"),
        ({"type": "list", "choices": ["a", "b"]}, ["c"], "['c'] is a list, not a list of a, b"),
    ],
)
def test_values_of_another_type_are_told(option: dict[str, Any], value: Any, says: str) -> None:
    only = wrong("x", option, value)
    assert only
    assert says in only["found"]
    assert only["remedy"].startswith("set it to ")


def test_a_secret_is_never_shown() -> None:
    only = wrong("store_password", {"type": "str"}, ["hunter2"])
    assert only
    assert "hunter2" not in str(only)


@pytest.mark.parametrize(
    ("name", "good", "bad", "says"),
    [
        ("onering_network_subnet", "10.1.0.0/16", "10.1.0.0/24", "is not a /16"),
        ("onering_network_subnet", "172.29.0.0/16", "172.29.0.1/16", "is not an IPv4 network"),
        ("onering_bind_address", "192.0.2.1", "localhost", "is not an IPv4 address"),
        ("onering_logical_date", "2026-01-01T00:00:00Z", "yesterday", "is not a date"),
        ("onering_project", "acme-2", "Acme & Sons", "is not a name"),
        ("store_port", "9000", "70000", "is not a port, 1 to 65535"),
    ],
)
def test_values_that_cannot_be_what_their_name_says(name: str, good: str, bad: str, says: str) -> None:
    assert malformed(name, good) is None
    only = malformed(name, bad)
    assert only
    assert says in only["found"]


@pytest.mark.parametrize(
    ("profile", "extra"),
    [
        ("core", []),
        ("full", []),
        ("", ["store"]),
        ("", "store, graphs"),
        ("observability", None),
        (["core"], []),
        ("", []),
    ],
)
def test_profiles_and_components_that_there_are(profile: Any, extra: Any) -> None:
    assert impossible(profile, extra, COMPONENTS) == []


@pytest.mark.parametrize(
    ("profile", "extra", "found", "remedy"),
    [
        (
            "cor",
            [],
            "onering_profile: there is no profile or component cor",
            "did you mean core? There are profiles: core,",
        ),
        ("security", [], "there is no profile or component security", "profiles: core, observability, full"),
        ("core", ["sotre"], "onering_components_extra: there is no profile or component sotre", "did you mean store?"),
    ],
)
def test_an_impossible_profile_says_what_there_is(profile: Any, extra: Any, found: str, remedy: str) -> None:
    (only,) = impossible(profile, extra, COMPONENTS)
    assert found in only["found"]
    assert remedy in only["remedy"]


def test_a_required_component_is_one_that_there_is() -> None:
    assert impossible("core", [], COMPONENTS, ["store", "graphs"]) == []
    (only,) = impossible("core", [], COMPONENTS, "core, store")
    assert only["found"] == "onering_required: there is no component core"
    assert "store" in only["remedy"]
