"""Put a dataset's files in their places: all, or none."""

from __future__ import annotations

import difflib
import os
import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from ops.dataset.errors import RefusedError
from ops.dataset.names import RESERVED

NAME = re.compile(r"[a-z][a-z0-9_]{0,47}")


def check_name(name: str, content: Path) -> None:
    """The name is one of a table in both stores, and nobody else's."""
    if not NAME.fullmatch(name) or name in RESERVED:
        raise RefusedError(
            f"NAME={name}: a dataset's name is a table's: small letters, digits and _, a letter first, "
            "at most 48 of them, no reserved word"
        )
    for path in sorted((content / "datasets").glob("*.yml")):
        if path.stem == name:
            continue
        other = read(path)
        taken = {*other.get("streams", {}), *other.get("marts", {})}
        if clash := sorted({name, f"{name}_summary"} & taken):
            raise RefusedError(f"NAME={name}: the dataset {path.stem} has a table {clash[0]} already; choose another")


def read(path: Path) -> dict[str, Any]:
    """A dataset's file, by YAML's fast reader where there is one."""
    reader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return yaml.load(path.read_text(encoding="utf-8"), Loader=reader) or {}  # noqa: S506  safe, both of them


def existing(files: Mapping[str, str], content: Path) -> list[Path]:
    return [content / path for path in files if (content / path).exists()]


def difference(files: Mapping[str, str], content: Path) -> dict[str, list[str]]:
    """What would change, by file."""
    found = {}
    for path, text in files.items():
        there = content / path
        before = there.read_text(encoding="utf-8") if there.exists() else ""
        if before != text:
            lines = difflib.unified_diff(before.splitlines(), text.splitlines(), path, path, n=1, lineterm="")
            found[path] = list(lines)
    return found


def write(files: Mapping[str, str], content: Path, sample: Path, data: Path) -> None:
    """The copy of the data first, the dataset's own file last: it is what makes the DAG."""
    order = sorted(files, key=lambda path: path.startswith("datasets/"))
    targets = [sample, *(content / path for path in order)]
    before = {target: target.read_bytes() if target.exists() else None for target in targets[1:]}
    fresh = [target.with_name(f".{target.name}.new") for target in targets]
    done: list[Path] = []
    made = sample.parent
    was_there = made.exists()
    try:
        made.mkdir(parents=True, exist_ok=True, mode=0o755)
        shutil.copyfile(data, fresh[0])
        for path, new in zip(order, fresh[1:], strict=True):
            new.parent.mkdir(parents=True, exist_ok=True)
            new.write_text(files[path], encoding="utf-8")
        for new, target in zip(fresh, targets, strict=True):
            new.chmod(0o644)  # the containers' users read them
            os.replace(new, target)
            done.append(target)
    except OSError as error:
        for target in done[1:]:
            kept = before[target]
            target.write_bytes(kept) if kept is not None else target.unlink()
        if not was_there:
            shutil.rmtree(made, ignore_errors=True)
        raise RefusedError(f"nothing was written: {error}") from error
    finally:
        for new in fresh:
            new.unlink(missing_ok=True)
