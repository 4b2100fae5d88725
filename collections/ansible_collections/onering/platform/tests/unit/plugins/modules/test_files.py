from __future__ import annotations

import os
from pathlib import Path

import pytest
from ansible_collections.onering.platform.plugins.modules import files


def tree(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def dest(tmp_path: Path) -> Path:
    return tmp_path / "a" / "b"


TWO = [{"path": "x.conf", "content": "one\n"}, {"path": "sub/y.conf", "content": "zwei ü", "mode": "0600"}]


def test_check_do_again(run_module, dest: Path) -> None:
    planned = run_module(files, check=True, dest=str(dest), files=TWO)
    assert planned["changed"]
    assert not dest.exists()
    done = run_module(files, dest=str(dest), files=TWO)
    assert done["changed"]
    assert done["diff"] == planned["diff"]
    assert done["changed_paths"] == [".", "sub", "sub/y.conf", "x.conf"]
    assert tree(dest) == {"x.conf": "one\n", "sub/y.conf": "zwei ü"}
    assert (dest / "sub/y.conf").stat().st_mode & 0o777 == 0o600
    assert dest.stat().st_mode & 0o777 == 0o755
    for check in (True, False):
        again = run_module(files, check=check, dest=str(dest), files=TWO)
        assert not again["changed"]
        assert again["changed_paths"] == []


def test_change_names_only_what_differs(run_module, dest: Path) -> None:
    run_module(files, dest=str(dest), files=TWO)
    before = (dest / "x.conf").stat().st_ino
    changed = run_module(files, dest=str(dest), files=[TWO[0], dict(TWO[1], content="drei")])
    assert changed["changed_paths"] == ["sub/y.conf"]
    assert changed["diff"]["after"]["files"]["sub/y.conf"]["content"] == "drei"
    assert (dest / "x.conf").stat().st_ino == before


def test_purge_removes_files_folders_and_links(run_module, dest: Path, tmp_path: Path) -> None:
    run_module(files, dest=str(dest), files=TWO)
    (dest / "old/deep").mkdir(parents=True)
    (dest / "old/deep/z").write_text("z")
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "kept").write_text("kept")
    (dest / "link").symlink_to(outside)
    result = run_module(files, dest=str(dest), files=TWO[:1])
    assert result["changed_paths"] == ["link", "old", "old/deep", "old/deep/z", "sub", "sub/y.conf"]
    assert tree(dest) == {"x.conf": "one\n"}
    assert os.listdir(dest) == ["x.conf"]
    assert (outside / "kept").exists()


def test_without_purge_others_stay(run_module, dest: Path) -> None:
    dest.mkdir(parents=True)
    (dest / "mine").write_text("mine")
    assert run_module(files, dest=str(dest), files=TWO, purge=False)["changed"]
    assert not run_module(files, dest=str(dest), files=TWO, purge=False)["changed"]
    assert tree(dest)["mine"] == "mine"


def test_a_link_in_a_files_place_is_replaced_not_followed(run_module, dest: Path, tmp_path: Path) -> None:
    dest.mkdir(parents=True)
    target = tmp_path / "target"
    target.write_text("untouched")
    (dest / "x.conf").symlink_to(target)
    assert run_module(files, dest=str(dest), files=TWO[:1])["changed"]
    assert target.read_text() == "untouched"
    assert not (dest / "x.conf").is_symlink()


def test_modes_and_owners_are_corrected(run_module, dest: Path) -> None:
    run_module(files, dest=str(dest), files=TWO)
    (dest / "x.conf").chmod(0o666)
    assert run_module(files, dest=str(dest), files=TWO)["changed_paths"] == ["x.conf"]
    assert (dest / "x.conf").stat().st_mode & 0o777 == 0o644


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_numeric_owners(run_module, dest: Path) -> None:
    owned = [dict(TWO[0], owner=1234, group=5678)]
    assert run_module(files, dest=str(dest), files=owned, owner=1000)["changed"]
    assert not run_module(files, dest=str(dest), files=owned, owner=1000)["changed"]
    assert ((dest / "x.conf").stat().st_uid, (dest / "x.conf").stat().st_gid) == (1234, 5678)
    assert dest.stat().st_uid == 1000


def test_a_secret_is_never_shown_and_still_compared(run_module, dest: Path) -> None:
    """Regression 18: neither in the diff nor among the arguments that a verbose run prints."""

    def secret(content: str) -> list[dict[str, str]]:
        return [{"path": "s", "secret": content}, {"path": "open", "content": f"not {content}"}]

    run_module(files, dest=str(dest), files=secret("hunter2"))
    result = run_module(files, dest=str(dest), files=secret("hunter3"))
    assert result["changed_files"] == ["open", "s"]
    assert (dest / "s").read_text() == "hunter3"
    assert "hunter3" not in str(result)
    assert result["diff"]["before"]["files"]["s"]["content"] != result["diff"]["after"]["files"]["s"]["content"]
    assert not run_module(files, dest=str(dest), files=secret("hunter3"))["changed"]


def test_directories_are_named_and_are_no_files(run_module, dest: Path) -> None:
    run_module(files, dest=str(dest), files=TWO)
    (dest / "sub").chmod(0o777)
    result = run_module(files, dest=str(dest), files=TWO)
    assert (result["changed_paths"], result["changed_files"]) == (["sub"], [])


@pytest.mark.parametrize("path", ["/etc/x", "../x", "a/../../x", "a//b", ".", "a/"])
def test_paths_stay_below(run_module, dest: Path, path: str) -> None:
    result = run_module(files, dest=str(dest), files=[{"path": path, "content": ""}])
    assert result["failed"]
    assert "stay below" in result["msg"]


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        ([{"path": "a", "content": ""}, {"path": "a", "content": ""}], "declared twice"),
        ([{"path": "a", "content": ""}, {"path": "a/b", "content": ""}], "a is declared as a file"),
        ([{"path": "a", "content": "", "mode": "rw"}], "octal"),
        ([{"path": "a"}], "one of the following"),
        ([{"path": "a", "content": "", "secret": ""}], "mutually exclusive"),
    ],
)
def test_refusals(run_module, dest: Path, wanted: list, message: str) -> None:
    result = run_module(files, check=True, dest=str(dest), files=wanted)
    assert result["failed"]
    assert message in result["msg"]


def test_top_of_the_file_system_is_refused(run_module) -> None:
    assert run_module(files, check=True, dest="/etc", files=[])["failed"]


def test_within_leaves_the_others_alone(run_module, dest: Path) -> None:
    run_module(files, dest=str(dest), files=[{"path": "a/x", "content": "1"}, {"path": "b/x", "content": "2"}])
    (dest / "top").write_text("kept")
    of_a = [{"path": "a/y", "content": "3"}]
    planned = run_module(files, check=True, dest=str(dest), within=["a"], files=of_a)
    done = run_module(files, dest=str(dest), within=["a"], files=of_a)
    assert done["diff"] == planned["diff"]
    assert done["changed_paths"] == ["a/x", "a/y"]
    assert done["changed_files"] == ["a/y"]
    assert tree(dest) == {"a/y": "3", "b/x": "2", "top": "kept"}
    assert not run_module(files, dest=str(dest), within=["a"], files=of_a)["changed"]
    assert run_module(files, dest=str(dest), within=["a"], files=[])["changed_paths"] == ["a", "a/y"]
    assert tree(dest) == {"b/x": "2", "top": "kept"}


def test_a_file_outside_of_within_is_refused(run_module, dest: Path) -> None:
    result = run_module(files, dest=str(dest), within=["a"], files=[{"path": "b/x", "content": "1"}])
    assert "b/x" in result["msg"]
    assert not dest.exists()
