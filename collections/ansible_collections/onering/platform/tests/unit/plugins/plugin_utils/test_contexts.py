from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.onering.platform.plugins.module_utils.images import ImageSpecError
from ansible_collections.onering.platform.plugins.plugin_utils.contexts import addressed

BASE = {"name": "base", "version": "13", "suite": "trixie", "packages": ["ca-certificates"], "registries": ["debian"]}
STORE = {
    "name": "store", "version": 1, "role": "store", "parents": {"BASE": "base"},
    "extra": {"lock.txt": "locks/lock.txt"},
}  # fmt: skip


@pytest.fixture
def checkout(tmp_path: Path) -> str:
    (tmp_path / "roles/store/files/image").mkdir(parents=True)
    (tmp_path / "roles/store/files/image/Dockerfile").write_text("ARG BASE\nFROM ${BASE}\n")
    (tmp_path / "lock.txt").write_text("a==1\n")
    return str(tmp_path)


def test_images_get_tags_suites_and_parents(checkout: str) -> None:
    wanted, files = addressed([STORE, BASE], "r", checkout)
    base, store = wanted
    assert base["tag"].startswith("r/base:13-")
    assert store["tag"].startswith("r/store:1-")
    assert (store["suite"], store["parents"], store["args"]) == ("trixie", [base["tag"]], {"BASE": base["tag"]})
    assert (base["base"], store["base"]) == (True, False)
    assert sorted(files["store"]) == ["Dockerfile", "locks/lock.txt"]
    assert files["base"] == {}


def test_what_is_told_of_an_image_is_not_in_its_tag(checkout: str) -> None:
    more = {**STORE, "registries": ["go"], "architectures": ["x86_64"], "footprint": {"disk_mb": 1}}
    assert addressed([BASE, STORE], "r", checkout)[0][1]["tag"] == addressed([BASE, more], "r", checkout)[0][1]["tag"]


def test_a_collections_roles_are_beside_the_one_that_asks(checkout: str, tmp_path: Path) -> None:
    asking = str(tmp_path / "roles/image")
    assert addressed([STORE, BASE], "r", "/elsewhere", asking) == addressed([STORE, BASE], "r", checkout)


def test_a_role_without_a_context_is_named(checkout: str) -> None:
    with pytest.raises(ImageSpecError, match="role gone has no files/image/Dockerfile"):
        addressed([BASE, {**STORE, "role": "gone"}], "r", checkout)


PROBE = {"user": "472:0"}
GRAPHS = {"name": "pictures", "version": "1.2.3", "vendor": "v/graphs:1.2.3", "probe": PROBE}


def test_a_vendors_image_has_its_own_name(checkout: str) -> None:
    ((only,), files) = addressed([GRAPHS], "r", checkout)
    assert (only["tag"], only["vendor"], only["probe"]) == ("v/graphs:1.2.3", True, PROBE)
    assert files == {"pictures": {}}
    assert [image["vendor"] for image in addressed([STORE, BASE], "r", checkout)[0]] == [False, False]


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"vendor": "v/graphs"}, "pictures: v/graphs is not <repository>:1.2.3"),
        ({"vendor": "v/graphs:1.2.4"}, "is not <repository>:1.2.3"),
        ({"vendor": "v/graphs:latest", "version": "latest"}, "is not <repository>:latest"),
        ({"probe": {}}, "pictures: a vendor's image needs a probe"),
    ],
)
def test_a_vendors_image_is_pinned_and_probed(checkout: str, changed: dict, message: str) -> None:
    with pytest.raises(ImageSpecError, match=message):
        addressed([{**GRAPHS, **changed}], "r", checkout)
