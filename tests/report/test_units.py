"""Numbers as people read them."""

from __future__ import annotations

from typing import Any

import pytest
from platform_report import units


@pytest.mark.parametrize(
    ("value", "unit", "decimals", "text"),
    [
        (None, "s", None, units.NOTHING),
        (float("nan"), "s", None, units.NOTHING),
        (0, "bytes", None, "0 B"),
        (1536, "bytes", None, "1.50 KiB"),
        (2**30, "bytes", None, "1 GiB"),
        (1_500_000, "decbytes", 1, "1.5 MB"),
        (0.9876, "percentunit", 1, "98.8 %"),
        (42, "percent", None, "42 %"),
        (0.0005, "s", None, "500 µs"),
        (0.25, "s", None, "250 ms"),
        (0, "s", None, "0 s"),
        (90, "s", None, "1.50 min"),
        (7200, "s", None, "2 h"),
        (200_000, "dtdurations", None, "2.31 d"),
        (1500, "ms", None, "1.50 s"),
        (336776, "none", None, "336,776"),
        (336776, "short", None, "337 K"),
        (-2048, "bytes", None, "-2 KiB"),
        (1234567, "currencyUSD", None, "$1.23 M"),
        (1, "bool_yes_no", None, "Yes"),
        (0, "bool_yes_no", None, "No"),
        (0, "dateTimeAsIso", None, "1970-01-01 00:00"),
        ("as it is", "bytes", None, "as it is"),
    ],
)
def test_text(value: Any, unit: str, decimals: int | None, text: str) -> None:
    assert units.text(value, unit, decimals) == text
