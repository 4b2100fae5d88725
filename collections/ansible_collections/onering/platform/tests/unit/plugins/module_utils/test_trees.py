from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.onering.platform.plugins.module_utils.trees import TreeError, content_of, tree_of


def test_names_are_left_out_wherever_they_stand(tmp_path: Path) -> None:
    for name in ("a.py", "a.pyc", "sub/__pycache__/b.pyc", "sub/.#lock"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    assert sorted(content_of(str(tmp_path), ["__pycache__", "*.pyc", ".#*"])) == [".", "a.py", "sub"]


def test_modes_are_two_whatever_the_umask_was(tmp_path: Path) -> None:
    for name, mode in (("a", 0o600), ("b", 0o700), ("c", 0o664)):
        (tmp_path / name).touch()
        (tmp_path / name).chmod(mode)
    found = content_of(str(tmp_path), [])
    assert [found[name]["mode"] for name in (".", "a", "b", "c")] == ["0755", "0644", "0755", "0644"]


def test_a_link_to_a_file_is_that_file(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("x")
    (tmp_path / "b").symlink_to("a")
    found = content_of(str(tmp_path), [])
    assert found["a"] == found["b"]
    assert tree_of(str(tmp_path))["b"] == {"kind": "link"}


@pytest.mark.parametrize("target", ["sub", "nowhere"])
def test_other_links_are_refused_by_name(tmp_path: Path, target: str) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "link").symlink_to(target)
    with pytest.raises(TreeError, match=r"/link: is .*link to"):
        content_of(str(tmp_path), [])


def test_a_missing_directory_is_told(tmp_path: Path) -> None:
    with pytest.raises(TreeError, match="nowhere: No such file"):
        content_of(str(tmp_path / "nowhere"), [])
