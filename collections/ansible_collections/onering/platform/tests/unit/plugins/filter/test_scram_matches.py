from __future__ import annotations

import pytest
from ansible_collections.onering.platform.plugins.filter.scram_matches import FilterModule, scram_matches

# Made by PostgreSQL 17.
VERIFIER = (
    "SCRAM-SHA-256$4096:R1vzE2SjNLvyGQn0mtcO4A=="
    "$TLk8M97YdudjH64TuIxs+BJl/cTLldrhujn4GD9MCLE=:OnvXE62NXtj4kCU0sdlra5/WbINAdtdN5NQ9oo+xtEw="
)


def test_the_password_of_the_verifier_matches() -> None:
    assert scram_matches("af-1", VERIFIER)


@pytest.mark.parametrize(
    ("password", "verifier"),
    [
        ("af-2", VERIFIER),
        ("", VERIFIER),
        ("áf-1", VERIFIER),
        ("af-1", ""),
        ("af-1", None),
        ("af-1", "md5c3fcd3d76192e4007dfb496cca67e13b"),
        ("af-1", VERIFIER.replace("R1vzE2SjNLvyGQn0mtcO4A==", "%")),
        ("af-1", VERIFIER.replace("$4096", "$0")),
    ],
)
def test_anything_else_does_not(password: str, verifier: str | None) -> None:
    assert not scram_matches(password, verifier)


def test_the_filter_has_its_name() -> None:
    assert FilterModule().filters() == {"scram_matches": scram_matches}
