"""Units by Grafana's ids, and how a number in them reads. The page's script does the same by the same table."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

# A unit: `factor` (what a value is multiplied by first), `steps` (from which size on, divisor, suffix) and `prefix`; or
# a `kind` of its own.
UNITS: dict[str, dict[str, Any]] = {
    "none": {"steps": [[0, 1, ""]]},
    "string": {"steps": [[0, 1, ""]]},
    "short": {"steps": [[0, 1, ""], [1e3, 1e3, " K"], [1e6, 1e6, " M"], [1e9, 1e9, " B"]]},
    "percent": {"steps": [[0, 1, " %"]]},
    "percentunit": {"factor": 100, "steps": [[0, 1, " %"]]},
    "bytes": {
        "steps": [
            [0, 1, " B"],
            [2**10, 2**10, " KiB"],
            [2**20, 2**20, " MiB"],
            [2**30, 2**30, " GiB"],
            [2**40, 2**40, " TiB"],
        ]
    },
    "decbytes": {"steps": [[0, 1, " B"], [1e3, 1e3, " kB"], [1e6, 1e6, " MB"], [1e9, 1e9, " GB"], [1e12, 1e12, " TB"]]},
    "s": {
        "steps": [
            [0, 1e-6, " µs"],
            [1e-3, 1e-3, " ms"],
            [1, 1, " s"],
            [60, 60, " min"],
            [3600, 3600, " h"],
            [86400, 86400, " d"],
        ]
    },
    "ms": {"factor": 1e-3, "same_as": "s"},
    "dtdurations": {"same_as": "s"},
    "dateTimeAsIso": {"kind": "time"},
    "bool_yes_no": {"kind": "yes"},
    "reqps": {"steps": [[0, 1, " req/s"], [1e3, 1e3, " K req/s"]]},
    "cps": {"steps": [[0, 1, " /s"], [1e3, 1e3, " K/s"]]},
    "ops": {"steps": [[0, 1, " ops/s"], [1e3, 1e3, " K ops/s"]]},
    "currencyUSD": {"prefix": "$", "steps": [[0, 1, ""], [1e3, 1e3, " K"], [1e6, 1e6, " M"], [1e9, 1e9, " B"]]},
}
for _unit in UNITS.values():
    if "same_as" in _unit:
        _unit["steps"] = UNITS[_unit.pop("same_as")]["steps"]

NOTHING = "–"  # noqa: RUF001


def text(value: Any, unit: str = "none", decimals: int | None = None) -> str:
    """A value as people read it; `decimals` None: as many as make three digits, at most two."""
    if value is None:
        return NOTHING
    if isinstance(value, (bool, str)):
        return str(value)
    of = UNITS[unit]
    if of.get("kind") == "yes":
        return "Yes" if value else "No"
    if of.get("kind") == "time":
        return datetime.fromtimestamp(float(value) / 1000, UTC).strftime("%Y-%m-%d %H:%M")
    number = float(value) * of.get("factor", 1)
    if number != number:
        return NOTHING
    _from, divisor, suffix = next((s for s in reversed(of["steps"]) if abs(number) >= s[0]), of["steps"][0])
    if number == 0:
        divisor, suffix = next(([s[1], s[2]] for s in of["steps"] if s[1] == 1), [divisor, suffix])
    scaled = number / divisor
    if decimals is None:
        decimals = 0 if float(scaled).is_integer() or abs(scaled) >= 100 else 1 if abs(scaled) >= 10 else 2
    return f"{of.get('prefix', '')}{scaled:,.{decimals}f}{suffix}"
