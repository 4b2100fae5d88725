from __future__ import annotations

import os
import tarfile
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.onering.platform.plugins.module_utils.trees import content_of
from ansible_collections.onering.platform.plugins.modules import mirror


@pytest.fixture
def src(tmp_path: Path) -> Path:
    src = tmp_path / "src"
    (src / "dags/old").mkdir(parents=True)
    (src / "empty").mkdir()
    (src / "dags/a.py").write_text("a = 1\n")
    (src / "dags/old/b.py").write_text("b = 1\n")
    (src / "data.bin").write_bytes(bytes(range(256)))
    (src / "run").write_text("#!/bin/sh\n")
    (src / "run").chmod(0o700)
    return src


@pytest.fixture
def dest(tmp_path: Path) -> Path:
    return tmp_path / "var" / "platform"


@pytest.fixture
def call(run_module: Any, src: Path, dest: Path, tmp_path: Path) -> Any:
    def call(check: bool = False, sent: tuple[str, ...] | None = None) -> dict[str, Any]:
        """As the controller would: look first, send what is wanted (or `sent`), then write."""
        options: dict[str, Any] = {"src": str(src), "dest": str(dest), "entries": content_of(str(src), [])}
        looked = run_module(mirror, check=True, **options)
        if check or looked["failed"] or not looked["changed"]:
            return looked
        options["archive"] = str(tmp_path / "sent.tar")
        with tarfile.open(options["archive"], "w", dereference=True) as tar:
            for path in looked["wanted_paths"] if sent is None else sent:
                tar.add(src / path, path)
        done = run_module(mirror, **options)
        if not done["failed"]:
            assert (done["changed_paths"], done["diff"]) == (looked["changed_paths"], looked["diff"])
        return done

    return call


def same(src: Path, dest: Path) -> bool:
    def tree(folder: Path) -> dict[str, bytes | None]:
        return {str(p.relative_to(folder)): p.read_bytes() if p.is_file() else None for p in folder.rglob("*")}

    return tree(src) == tree(dest)


def test_check_do_again(call: Any, src: Path, dest: Path) -> None:
    assert call(check=True)["changed"]
    assert not dest.parent.exists()
    done = call()
    assert done["wanted_paths"] == ["dags/a.py", "dags/old/b.py", "data.bin", "run"]
    assert same(src, dest)
    assert [(dest / name).stat().st_mode & 0o777 for name in (".", "dags", "run", "data.bin")] == [
        0o755, 0o755, 0o755, 0o644,
    ]  # fmt: skip
    for check in (True, False):
        again = call(check=check)
        assert not again["changed"]
        assert again["changed_paths"] == []


def test_only_what_differs_is_sent_and_what_is_gone_is_removed(call: Any, src: Path, dest: Path) -> None:
    call()
    inode = (dest / "run").stat().st_ino
    (src / "dags/a.py").write_text("a = 2\n")
    (src / "dags/old/b.py").unlink()
    (src / "dags/old").rmdir()
    (src / "data.bin").chmod(0o755)
    changed = call()
    assert changed["changed_paths"] == ["dags/a.py", "dags/old", "dags/old/b.py", "data.bin"]
    assert changed["wanted_paths"] == ["dags/a.py"]
    assert same(src, dest)
    assert (dest / "data.bin").stat().st_mode & 0o777 == 0o755
    assert (dest / "run").stat().st_ino == inode


def test_drift_on_the_host_is_healed(call: Any, src: Path, dest: Path, tmp_path: Path) -> None:
    call()
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "kept").write_text("kept")
    (dest / "dags/a.py").write_text("by hand")
    (dest / "more/deep").mkdir(parents=True)
    (dest / "link").symlink_to(outside)
    (dest / "run").unlink()
    (dest / "run").symlink_to(outside / "kept")
    (dest / "empty").rmdir()
    (dest / "empty").write_text("a file now")
    (dest / "data.bin").unlink()
    (dest / "data.bin").mkdir()
    (dest / "dags").chmod(0o700)
    assert call(check=True)["changed_paths"] == [
        "dags", "dags/a.py", "data.bin", "empty", "link", "more", "more/deep", "run",
    ]  # fmt: skip
    assert call()["changed"]
    assert same(src, dest)
    assert not (dest / "run").is_symlink()
    assert (outside / "kept").read_text() == "kept"
    assert not call()["changed"]


def test_content_that_changed_on_its_way_is_refused(call: Any, src: Path, dest: Path, run_module: Any) -> None:
    entries = content_of(str(src), [])
    entries["dags/a.py"]["sha256"] = "0" * 64
    archive = dest.parent.parent / "sent.tar"
    with tarfile.open(archive, "w") as tar:
        tar.add(src, ".")
        for path in ("dags/a.py", "dags/old/b.py", "data.bin", "run"):
            tar.add(src / path, path)
    result = run_module(mirror, src=str(src), dest=str(dest), entries=entries, archive=str(archive))
    assert result["failed"]
    assert "dags/a.py: it changed while it was sent" in result["msg"]
    assert [path.name for path in (dest / "dags").iterdir() if path.is_file()] == []


def test_what_was_not_sent_is_told(call: Any) -> None:
    assert "data.bin: it is not in what the controller sent" in call(sent=("dags/a.py", "dags/old/b.py", "run"))["msg"]


@pytest.mark.parametrize("place", ["/", "/srv", "relative"])
def test_places_that_would_be_emptied_by_mistake(run_module: Any, src: Path, place: str) -> None:
    result = run_module(mirror, src=str(src), dest=place, entries={})
    assert result["failed"]


def test_without_a_controller_it_says_so(run_module: Any, src: Path, dest: Path) -> None:
    assert "Call it as a task" in run_module(mirror, src=str(src), dest=str(dest))["msg"]


def test_a_file_in_its_place_is_told(call: Any, dest: Path) -> None:
    dest.parent.mkdir(parents=True)
    dest.write_text("")
    assert "isn't a directory" in call()["msg"]
    assert os.path.isfile(dest)
