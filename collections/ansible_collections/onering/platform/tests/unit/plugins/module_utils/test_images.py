from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.onering.platform.plugins.module_utils.images import (
    ImageSpecError,
    context_files,
    digest,
    in_order,
    suite_of,
)

BASE = {"name": "base", "version": "13", "suite": "trixie", "packages": ["ca-certificates"]}
STORE = {"name": "store", "version": "1", "role": "store", "parents": {"BASE": "base"}}


def context(tmp_path: Path) -> str:
    (tmp_path / "image").mkdir()
    (tmp_path / "image/Dockerfile").write_text("ARG BASE\nFROM ${BASE}\n")
    (tmp_path / "lock.txt").write_text("a==1\n")
    return str(tmp_path / "image")


def test_parents_come_first() -> None:
    assert [spec["name"] for spec in in_order([STORE, BASE])] == ["base", "store"]


@pytest.mark.parametrize(
    ("specs", "says"),
    [
        ([STORE], "store stands on base, which no role declares"),
        ([BASE, BASE], "declared twice: base"),
        (
            [{**STORE, "parents": {"BASE": "other"}}, {"name": "other", "version": "1", "parents": {"X": "store"}}],
            "images need each other: store -> other -> store",
        ),
    ],
)
def test_impossible_declarations_are_named(specs: list[dict], says: str) -> None:
    with pytest.raises(ImageSpecError, match=says):
        in_order(specs)


def test_an_extra_file_joins_the_context(tmp_path: Path) -> None:
    files = context_files(context(tmp_path), {str(tmp_path / "lock.txt"): "locks/lock.txt"})
    assert sorted(files) == ["Dockerfile", "locks/lock.txt"]


def test_an_extra_file_never_replaces_one_of_the_context(tmp_path: Path) -> None:
    with pytest.raises(ImageSpecError, match="would replace Dockerfile"):
        context_files(context(tmp_path), {str(tmp_path / "lock.txt"): "Dockerfile"})


def test_the_same_content_has_the_same_address(tmp_path: Path) -> None:
    files = context_files(context(tmp_path), {})
    assert digest(STORE, files, {"BASE": "x"}) == digest(dict(STORE), dict(files), {"BASE": "x"})


@pytest.mark.parametrize("change", ["content", "mode", "version", "args", "parent", "name of file"])
def test_whatever_goes_in_decides_the_address(tmp_path: Path, change: str) -> None:
    path = Path(context(tmp_path)) / "Dockerfile"
    files, spec, parents = {"Dockerfile": str(path)}, dict(STORE), {"BASE": "onering/base:1"}
    before = digest(spec, files, parents)
    if change == "content":
        path.write_text("FROM scratch\n")
    elif change == "mode":
        path.chmod(0o755)
    elif change == "version":
        spec["version"] = "2"
    elif change == "args":
        spec["args"] = {"A": "1"}
    elif change == "parent":
        parents = {"BASE": "onering/base:2"}
    else:
        files = {"Containerfile": str(path)}
    assert digest(spec, files, parents) != before


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ImageSpecError, match=r"store: can't read .*gone: No such file"):
        digest(STORE, {"gone": str(tmp_path / "gone")}, {})


def test_the_suite_is_the_ancestors() -> None:
    by_name = {"base": BASE, "store": STORE, "alone": {"name": "alone", "version": "1"}}
    assert suite_of(STORE, by_name) == "trixie"
    assert suite_of(by_name["alone"], by_name) == ""
