# Copyright: OneRing contributors
# SPDX-License-Identifier: Apache-2.0
"""How a declaration is compared with an entity of OpenMetadata, and the JSON Patch between the two.

A declaration holds only what its author speaks about, in the vendor's names. Owners, domains, data products, tags and
terms stand in it by name; the server answers them as references and labels. What isn't declared is not looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from ansible_collections.onering.platform.plugins.module_utils.openmetadata import fqn
from ansible_collections.onering.platform.plugins.module_utils.resource import BackendError

Raw = dict[str, Any]
Reference = Callable[[str, str], Raw]  # of a kind and a fully qualified name
REFERENCES = {"domains": "domain", "dataProducts": "dataProduct"}
LABELS = {"tags": "Classification", "terms": "Glossary"}


def owner(reference: Raw) -> str:
    return f"{reference['type']}:{reference['name']}"


def _account(name: str) -> tuple[str, str]:
    kind, _, short = name.partition(":")
    return kind, fqn("", short)


def shown(found: Raw, wanted: Raw) -> Raw:
    """Of an answer, what the declaration speaks about, in its shape."""
    return {key: _shown(key, found, like) for key, like in wanted.items()}


def _shown(key: str, found: Raw, like: Any) -> Any:
    value = found.get("tags" if key in LABELS else key)
    if key in LABELS:
        return sorted(name for name, ours in _labels(value, key) if ours or name in like)
    if key == "owners":
        return sorted(owner(each) for each in value or [] if not each.get("inherited"))
    if key in REFERENCES:
        return sorted(each["fullyQualifiedName"] for each in value or [] if not each.get("inherited"))
    if isinstance(like, dict):
        return shown(value, like) if isinstance(value, dict) else None
    if _is_named(like):
        known = {item["name"]: item for item in like}
        return [shown(item, known.get(item["name"], {"name": ""})) for item in value or []]
    if isinstance(like, str):
        return value.get("fullyQualifiedName") if isinstance(value, dict) else value or ""
    return value


def _labels(found: list[Raw] | None, key: str) -> Iterable[tuple[str, bool]]:
    """Tags or terms, and whether somebody set them: others come by inheritance, propagation or a classifier."""
    for label in found or []:
        if label["source"] == LABELS[key]:
            yield label["tagFQN"], label.get("labelType", "Manual") == "Manual"


def _is_named(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(item, dict) and "name" in item for item in value)


def applied(found: Raw, wanted: Raw, reference: Reference) -> Raw:
    """The answer with the declaration put in: everything else in it stays."""
    result = dict(found)
    for key, value in wanted.items():
        if _shown(key, found, value) == value:
            continue
        if key in LABELS:
            there = dict(_labels(result.get("tags"), key))
            gone = {name for name, ours in there.items() if ours and name not in value}
            kept = [
                each for each in result.get("tags") or [] if each["source"] != LABELS[key] or each["tagFQN"] not in gone
            ]
            result["tags"] = kept + [_label(name, key) for name in value if name not in there]
        elif key == "owners":
            result[key] = [reference(*_account(name)) for name in value]
        elif key in REFERENCES:
            result[key] = [reference(REFERENCES[key], name) for name in value]
        elif isinstance(value, dict):
            result[key] = applied(found.get(key) or {}, value, reference)
        elif _is_named(value):
            known = {item["name"]: item for item in found.get(key) or []}
            result[key] = [applied(known.get(item["name"], {}), item, reference) for item in value]
        elif value is None or value == "":
            result.pop(key, None)
        elif isinstance(found.get(key), dict):
            raise BackendError(f"change {key} to {value}", "it is decided when the entity is made", "Make another one")
        else:
            result[key] = value
    return result


def _label(name: str, key: str) -> Raw:
    return {"tagFQN": name, "source": LABELS[key], "labelType": "Manual", "state": "Confirmed"}


def patch(before: Any, after: Any, path: str = "") -> Iterable[Raw]:
    """JSON Patch from one document to the other; lists of the same named items are gone into, others replaced."""
    if isinstance(before, dict) and isinstance(after, dict):
        for key in sorted(before.keys() - after.keys()):
            yield {"op": "remove", "path": f"{path}/{_pointer(key)}"}
        for key, value in after.items():
            if key not in before:
                yield {"op": "add", "path": f"{path}/{_pointer(key)}", "value": value}
            else:
                yield from patch(before[key], value, f"{path}/{_pointer(key)}")
    elif _is_named(before) and _is_named(after) and [i["name"] for i in before] == [i["name"] for i in after]:
        for index, (old, new) in enumerate(zip(before, after, strict=True)):
            yield from patch(old, new, f"{path}/{index}")
    elif before != after:
        yield {"op": "replace", "path": path, "value": after}


def _pointer(key: str) -> str:
    return key.replace("~", "~0").replace("/", "~1")
