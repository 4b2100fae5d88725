# Copyright: OneRing contributors
# Apache License 2.0 (see LICENSE)
"""Settings that a user gave, against what the roles declare: unknown, renamed, of a wrong type, impossible."""

from __future__ import annotations

import datetime
import difflib
import ipaddress
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml
from ansible.module_utils.parsing.convert_bool import boolean

SECRET = re.compile(r"_(password|token|secret|key)$")
# A name without a known prefix is taken for a slip only when it is this close to a declared one.
CLOSE = 0.9


class Declared:
    """What the roles of a folder declare: typed options by name, their defaults, and the prefixes that are theirs."""

    def __init__(self, roles: str) -> None:
        self.options: dict[str, Mapping[str, Any]] = {}
        self.platform: set[str] = set()
        self.found: set[str] = set()
        self.defaults: dict[str, Any] = {}
        self.prefixes = {"onering"}
        for path in sorted(Path(roles).glob("*/meta/argument_specs.yml")):
            role = path.parent.parent
            self.prefixes.add(role.name)
            specs = _load(path).get("argument_specs") or {}
            self.options.update((specs.get("main") or {}).get("options") or {})
            if role.name == "preflight":
                self.platform |= set(specs["platform"]["options"])
                self.options.update(specs["platform"]["options"])
                self.found |= set(specs["found"]["options"])
            self.defaults.update(_load(role / "defaults/main.yml"))

    def prefix_of(self, name: str) -> str:
        """The longest known prefix of a name, or nothing."""
        found = [prefix for prefix in self.prefixes if name.startswith(f"{prefix}_")]
        return max(found, key=len, default="")

    def nearest(self, name: str) -> str:
        """The declared name that was most likely meant: of the same prefix first, by what comes behind it."""
        prefix = self.prefix_of(name) + "_"
        rests = {option.removeprefix(prefix): option for option in self.options if option.startswith(prefix)}
        return rests.get(nearest(name.removeprefix(prefix), rests)) or nearest(name, self.options, 0.8)


def _load(path: Path) -> dict[str, Any]:
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return (yaml.load(path.read_text(), Loader=loader) or {}) if path.exists() else {}  # noqa: S506


def finding(found: str, remedy: str) -> dict[str, str]:
    return {"check": "settings", "found": found, "remedy": remedy, "level": "error"}


def nearest(name: str, known: Iterable[str], cutoff: float = 0.6) -> str:
    close = difflib.get_close_matches(name, sorted(known), n=1, cutoff=cutoff)
    return close[0] if close else ""


def unknown(
    names: Iterable[str], declared: Declared, facts: Iterable[str], renamed: Mapping[str, str]
) -> list[dict[str, str]]:
    """Names that look like settings and that nothing declares."""
    known = {*declared.options, *declared.found, *facts}
    findings = []
    for name in sorted(set(names) - known):
        if name in renamed:
            findings.append(finding(f"{name} is called {renamed[name]} now", f"rename it to {renamed[name]}"))
        elif declared.prefix_of(name):
            close = declared.nearest(name)
            findings.append(
                finding(
                    f"{name} is no setting of this version",
                    f"did you mean {close}?" if close else "remove it; roles/*/README.md list what can be set",
                )
            )
        elif not name.startswith(("ansible_", "_")) and nearest(name, declared.options, CLOSE):
            close = nearest(name, declared.options, CLOSE)
            findings.append(finding(f"{name} is no setting of this version", f"did you mean {close}?"))
    return findings


def wrong(name: str, option: Mapping[str, Any], value: Any) -> dict[str, str] | None:
    """A value that is not of the declared type, or not one of the choices. A secret's value is never shown."""
    expected = _mismatch(option, value)
    if not expected:
        return None
    text = "it" if SECRET.search(name) else _short(value)
    return finding(f"{name}: {text} is {_kind(value)}, not {expected}", f"set it to {expected}")


def _short(value: Any) -> str:
    text = repr(value) if isinstance(value, str) else str(value)
    return text if len(text) <= 40 else text[:37] + "…"


def _kind(value: Any) -> str:
    if value is None:
        return "empty"
    if isinstance(value, bool):
        return "a truth value"
    if isinstance(value, int | float):
        return "a number"
    if isinstance(value, str):
        return "a text"
    return "a list" if isinstance(value, Sequence) else "a mapping" if isinstance(value, Mapping) else "something else"


def _mismatch(option: Mapping[str, Any], value: Any) -> str:
    """What the value should have been, or nothing."""
    kind = option.get("type", "str")
    fits, expected = TYPES[kind]
    if not fits(value):
        return expected
    choices = option.get("choices")
    given = value if kind == "list" else [value]
    if choices and not all(item in choices for item in given):
        return ("a list of " if kind == "list" else "one of ") + ", ".join(map(str, choices))
    if kind == "list" and option.get("elements"):
        fits, expected = TYPES[option["elements"]]
        if not all(fits(item) for item in value):
            return f"a list with {expected} in each place"
    return ""


def _is_bool(value: Any) -> bool:
    try:
        boolean(value)
    except TypeError:
        return False
    return True


def _is_number(pattern: str) -> Callable[[Any], bool]:
    def fits(value: Any) -> bool:
        return not isinstance(value, bool) and re.fullmatch(pattern, str(value).strip()) is not None

    return fits


def _is_list(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str)


def _is_text(value: Any) -> bool:
    return isinstance(value, str | int | float)


TYPES: dict[str, tuple[Callable[[Any], bool], str]] = {
    "str": (_is_text, "a text"),
    "path": (_is_text, "a path"),
    "bool": (_is_bool, "true or false"),
    "int": (_is_number(r"[+-]?\d+"), "a whole number"),
    "float": (_is_number(r"[+-]?(\d+\.?\d*|\.\d+)"), "a number"),
    "list": (_is_list, "a list"),
    "dict": (lambda value: isinstance(value, Mapping), "a mapping"),
    "raw": (lambda value: value is not None, "a value"),
}


def _network(value: str) -> str:
    try:
        network = ipaddress.IPv4Network(value)
    except ValueError:
        return "an IPv4 network such as 172.29.0.0/16"
    return "" if network.prefixlen == 16 else "a /16, such as 172.29.0.0/16"


def _address(value: str) -> str:
    try:
        ipaddress.IPv4Address(value)
    except ValueError:
        return "an IPv4 address such as 127.0.0.1"
    return ""


def _moment(value: str) -> str:
    try:
        datetime.datetime.fromisoformat(value)
    except ValueError:
        return "a date such as 2026-01-01T00:00:00Z"
    return ""


def _name(value: str) -> str:
    if re.fullmatch(r"[a-z0-9][a-z0-9_.-]{0,40}", value):
        return ""
    return "a name of at most 41 small letters, digits, '-', '_' and '.'"


def _port(value: str) -> str:
    return "" if 1 <= int(value) <= 65535 else "a port, 1 to 65535"


FORMATS: dict[str, Callable[[str], str]] = {
    "onering_network_subnet": _network,
    "onering_bind_address": _address,
    "onering_logical_date": _moment,
    "onering_project": _name,
}


def malformed(name: str, value: Any) -> dict[str, str] | None:
    """A value of the right type that can't be what its name says."""
    check = FORMATS.get(name) or (_port if name.endswith("_port") else None)
    expected = check(str(value)) if check else ""
    return finding(f"{name}: {_short(value)} is not {expected}", f"set it to {expected}") if expected else None


def impossible(
    profile: Any, extra: Any, components: Sequence[Mapping[str, Any]], required: Any = ()
) -> list[dict[str, str]]:
    """Profiles and components that there are not."""
    names = [str(component["name"]) for component in components]
    profiles = list(dict.fromkeys([*(str(component["profile"]) for component in components), "full"]))
    offered = f"profiles: {', '.join(profiles)}; components: {', '.join(sorted(names))}"
    findings = []
    for variable, words in (("onering_profile", _words(profile)), ("onering_components_extra", _words(extra))):
        for word in words:
            if word not in {*names, *profiles}:
                close = nearest(word, {*names, *profiles})
                hint = f"did you mean {close}? There are " if close else "there are "
                findings.append(finding(f"{variable}: there is no profile or component {word}", hint + offered))
    for word in _words(required):
        if word not in names:
            close = nearest(word, names)
            hint = f"did you mean {close}? There are " if close else "there are "
            findings.append(
                finding(f"onering_required: there is no component {word}", f"{hint}{', '.join(sorted(names))}")
            )
    return findings


def _words(value: Any) -> list[str]:
    if isinstance(value, str):
        return [part.strip() for part in value.split(",") if part.strip()]
    if _is_list(value):
        return [word for item in value for word in _words(item)]
    return [] if value is None else [str(value)]
