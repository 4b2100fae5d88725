"""The shipped inventories, and what happens where one host of several can't be had."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
INVENTORIES = sorted((ROOT / "inventories").glob("*/hosts.yml"))


def hosts_of(inventory: Path) -> dict[str, dict[str, Any]]:
    return yaml.safe_load(inventory.read_text())["onering"]["hosts"]


def play(*inventories: Path) -> subprocess.CompletedProcess[str]:
    """`site.yml` in check mode."""
    arguments = [argument for inventory in inventories for argument in ("-i", str(inventory))]
    return subprocess.run(
        ["ansible-playbook", *arguments, "site.yml", "--check"],
        capture_output=True, text=True, check=False, cwd=ROOT, timeout=120,
        env={**os.environ, "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"), "ANSIBLE_NOCOLOR": "1"},
    )  # fmt: skip


@pytest.mark.parametrize("inventory", INVENTORIES, ids=lambda path: path.parent.name)
def test_an_inventory_sets_its_own_hosts_and_never_all(inventory: Path) -> None:
    assert list(yaml.safe_load(inventory.read_text())) == ["onering"]


def test_settings_of_an_inventory_are_known() -> None:
    known = {name for path in ROOT.glob("group_vars/all/*.yml") for name in yaml.safe_load(path.read_text())}
    for inventory in INVENTORIES:
        for variables in hosts_of(inventory).values():
            assert {name for name in variables if not name.startswith("ansible_")} <= known, inventory


@pytest.mark.parametrize(
    ("inventory", "asks"),
    [("inventories/client_vm", True), ("with a password", False)],
)
def test_sudos_password_is_asked_where_it_must(tmp_path: Path, inventory: str, asks: bool) -> None:
    folder = ROOT / inventory
    if not asks:
        folder = tmp_path
        text = (ROOT / "inventories/client_vm/hosts.yml").read_text()
        (folder / "hosts.yml").write_text(
            text.replace("# ansible_become_password: !vault |", "ansible_become_password: x")
        )
    said = subprocess.run([ROOT / "ops/scripts/become", folder], capture_output=True, text=True, check=True).stdout
    assert said.strip() == ("--ask-become-pass" if asks else "")


SECOND = {"onering": {"hosts": {"second": {"ansible_host": "second.example"}}}}
REFUSED = {"onering": {"hosts": {"first": {"ansible_connection": "local", "engine_start_timeout": "soon"}}}}


@pytest.mark.parametrize("why", ["unreachable", "failed"])
def test_the_first_host_that_fails_ends_the_play_and_is_named(tmp_path: Path, why: str) -> None:
    """Regression 15. The first host is the shipped inventory, unedited, or one whose settings are refused."""
    (tmp_path / "first.yml").write_text(yaml.safe_dump(REFUSED))
    (tmp_path / "second.yml").write_text(yaml.safe_dump(SECOND))
    first = ROOT / "inventories/client_vm" if why == "unreachable" else tmp_path / "first.yml"
    name = "client-vm" if why == "unreachable" else "first"
    done = play(first, tmp_path / "second.yml")
    assert done.returncode != 0
    assert re.search(rf"^fatal: \[{name}\]: {'UNREACHABLE' if why == 'unreachable' else 'FAILED'}!", done.stdout, re.M)
    if why == "unreachable":
        assert "vm.example" in done.stdout, "the message names what is to be edited"
    assert "second" not in done.stdout


def test_a_faulty_dataset_file_stops_no_play(tmp_path: Path) -> None:
    folder = tmp_path / "datasets"
    folder.mkdir()
    (folder / "broken.yml").write_text("name: [")
    (folder / "empty.yml").write_text("")
    (folder / "passing.yml").write_text("name: passing\ntransient: true\n")
    (folder / "staying.yml").write_text("name: staying\ntransient: false\n")
    message = "{{ onering_datasets | join(',') }};{{ onering_canaries | join(',') }}"
    asked = ["-m", "ansible.builtin.debug", "-a", f"msg={message}"]
    done = subprocess.run(
        ["ansible", "-i", "tests/platform/inventory", "localhost", *asked, "-e", f"onering_content_dir={tmp_path}",
         "--playbook-dir", "."],
        capture_output=True, text=True, check=False, cwd=ROOT, timeout=120,
        env={**os.environ, "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"), "ANSIBLE_NOCOLOR": "1"},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "broken,empty,staying;passing" in done.stdout
