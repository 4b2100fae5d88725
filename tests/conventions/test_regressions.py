"""Ways such platforms fail. Whatever can come back here is held by a test that says `Regression <number>`."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
NUMBERS = range(1, 21)
NOT_YET: dict[int, str] = {}
# Where tests are: their own folders, and what roles check from outside.
PLACES = (
    "tests/**/*.py",
    "platform/tests/**/*.py",
    "collections/ansible_collections/onering/platform/tests/unit/**/*.py",
    "molecule/**/*.yml",
)
INSTALLS = re.compile(r"\b(?:pip3? install|uv (?:pip|sync|add)|apt(?:-get)? |npm (?:i|install|ci)\b|go install)")


def test_every_regression_is_held_by_a_test_that_names_it() -> None:
    named: dict[int, list[str]] = {}
    for path in (path for place in PLACES for path in ROOT.glob(place) if path != Path(__file__)):
        for numbers in re.findall(r"Regressions? ((?:\d+(?:, | and )?)+)", path.read_text()):
            for number in re.findall(r"\d+", numbers):
                named.setdefault(int(number), []).append(str(path.relative_to(ROOT)))
    named.setdefault(2, []).append(str(Path(__file__).relative_to(ROOT)))
    assert [number for number in NUMBERS if number not in named and number not in NOT_YET] == []
    assert [number for number in named if number not in NUMBERS] == []
    assert [number for number in NOT_YET if number in named] == [], "held by a test by now: take it off the list"


def test_nothing_is_installed_when_a_container_starts() -> None:
    """Regression 2: what a job installs, the processes beside it don't have. Packages are in the image or nowhere."""
    for path in ROOT.glob("roles/*/vars/main.yml"):
        services = [
            value for name, value in yaml.safe_load(path.read_text()).items() if name.endswith(("_services", "_jobs"))
        ]
        assert not INSTALLS.search(str(services)), path
    for path in [*ROOT.glob("roles/*/files/image/*"), *ROOT.glob("roles/*/vars/*.yml")]:
        if path.is_file():
            assert "_PIP_ADDITIONAL_REQUIREMENTS" not in path.read_text(), path
    for path in ROOT.glob("roles/*/files/image/*entrypoint*"):
        assert not INSTALLS.search(path.read_text()), path
