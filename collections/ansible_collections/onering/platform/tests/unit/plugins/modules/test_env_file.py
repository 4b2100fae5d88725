from __future__ import annotations

import base64
import re
from pathlib import Path

import pytest
from ansible_collections.onering.platform.plugins.modules import env_file

KEYS = [{"name": "DB_PASSWORD"}, {"name": "TOKEN", "kind": "hex"}, {"name": "FERNET_KEY", "kind": "fernet"}]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / ".env"


def test_makes_values_once(run_module, path: Path) -> None:
    planned = run_module(env_file, check=True, path=str(path), keys=KEYS)
    assert planned["changed"]
    assert not path.exists()
    assert set(planned["values"]) == {key["name"] for key in KEYS}
    made = run_module(env_file, path=str(path), keys=KEYS)
    assert made["changed"]
    assert made["created"] == ["DB_PASSWORD", "TOKEN", "FERNET_KEY"]
    assert path.stat().st_mode & 0o777 == 0o600
    assert re.fullmatch(r"[A-Za-z0-9]{32}", made["values"]["DB_PASSWORD"])
    assert re.fullmatch(r"[0-9a-f]{64}", made["values"]["TOKEN"])
    assert len(base64.urlsafe_b64decode(made["values"]["FERNET_KEY"])) == 32
    again = run_module(env_file, path=str(path), keys=KEYS)
    assert not again["changed"]
    assert again["created"] == []
    assert again["values"] == made["values"]


def test_values_never_stand_in_the_diff(run_module, path: Path) -> None:
    """Regression 18."""
    path.write_text("OLD=verysecret\n")
    result = run_module(env_file, path=str(path), keys=KEYS)
    shown = str(result["diff"])
    assert "DB_PASSWORD" in shown
    assert not any(value in shown for value in result["values"].values())
    path.write_text("OLD=verysecret\n")
    told = run_module(env_file, path=str(path), keys=KEYS, return_values=False)
    assert told["created"] == result["created"]
    assert not any(line.split("=", 1)[1] in str(told) for line in path.read_text().splitlines())


def test_lines_of_other_origin_stay(run_module, path: Path) -> None:
    text = "# mine\n\nexport DB_PASSWORD='kept = #1'\nnot a line\nOTHER=\"x y\"\n"
    path.write_text(text)
    path.chmod(0o600)
    result = run_module(env_file, path=str(path), keys=KEYS[:2])
    assert path.read_text() == f"{text}TOKEN={result['values']['TOKEN']}\n"
    assert result["values"]["DB_PASSWORD"] == "kept = #1"
    assert result["values"]["OTHER"] == "x y"
    assert result["created"] == ["TOKEN"]


def test_an_empty_value_is_filled_in_its_place(run_module, path: Path) -> None:
    path.write_text("DB_PASSWORD=\nB=1")
    result = run_module(env_file, path=str(path), keys=KEYS[:1])
    assert path.read_text() == f"DB_PASSWORD={result['values']['DB_PASSWORD']}\nB=1\n"


def test_a_readable_file_is_tightened(run_module, path: Path) -> None:
    path.write_text("DB_PASSWORD=x\n")
    path.chmod(0o644)
    assert run_module(env_file, check=True, path=str(path), keys=KEYS[:1])["changed"]
    assert path.stat().st_mode & 0o777 == 0o644
    result = run_module(env_file, path=str(path), keys=KEYS[:1])
    assert result["changed"]
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.read_text() == "DB_PASSWORD=x\n"


def test_a_link_is_written_through(run_module, path: Path, tmp_path: Path) -> None:
    real = tmp_path / "elsewhere"
    real.write_text("")
    path.symlink_to(real)
    run_module(env_file, path=str(path), keys=KEYS[:1])
    assert path.is_symlink()
    assert real.read_text().startswith("DB_PASSWORD=")


def test_the_same_key_twice_is_one(run_module, path: Path) -> None:
    result = run_module(env_file, path=str(path), keys=[KEYS[0], KEYS[0]])
    assert result["created"] == ["DB_PASSWORD"]
    assert len(path.read_text().splitlines()) == 1


@pytest.mark.parametrize(
    ("text", "keys", "message"),
    [
        ("", [{"name": "A"}, {"name": "A", "kind": "hex"}], "as password and as hex"),
        ("", [{"name": "a-b"}], "capitals"),
        ("F=hunter2\n", [{"name": "F", "kind": "fernet"}], "isn't a Fernet key"),
    ],
)
def test_refusals_do_not_print_values(run_module, path: Path, text: str, keys: list, message: str) -> None:
    path.write_text(text)
    result = run_module(env_file, path=str(path), keys=keys)
    assert result["failed"]
    assert message in result["msg"]
    assert "hunter2" not in str(result)
    assert path.read_text() == text


def test_a_missing_directory_is_named(run_module, tmp_path: Path) -> None:
    result = run_module(env_file, path=str(tmp_path / "no" / ".env"), keys=KEYS)
    assert result["failed"]
    assert "its directory doesn't exist" in result["msg"]
