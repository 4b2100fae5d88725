"""Kinds of values: how a text looks that is a number, a date, …; the same words for Python and for DuckDB."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from ops.dataset.source import text

# Words for a missing value. In a column of text they stay what they are.
MISSING = ("NA", "N/A", "n/a", "#N/A", "NULL", "null", "None", "NaN", "nan", "\\N", "-", "?")
FIGURES = re.compile("[0-9]")
WHOLE = "-?(0|[1-9][0-9]{0,37})"  # a leading zero makes it text: 00123 is no number


@dataclass(frozen=True)
class Kind:
    """`pattern` is what a value looks like, `valid` an SQL condition besides, `value` the SQL of what it stands for."""

    name: str  # bool, whole, number, date, moment
    pattern: str
    value: str
    valid: str = ""
    format: str = ""  # ClickHouse's words for a date's form
    decimal: str = ""  # the mark between a number's parts; the other one groups its digits
    two_digit_year: bool = False

    @property
    def matcher(self) -> re.Pattern[str]:
        return _compiled(self.pattern)

    def matches(self, column: str) -> str:
        """The SQL condition that a column's value is of this kind."""
        looks = f"regexp_full_match({column}, {text(self.pattern)})"
        return f"({looks} AND {self.valid.format(c=column)})" if self.valid else looks

    def read(self, column: str) -> str:
        return self.value.format(c=column)


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


DAY, MONTH, YEAR, SHORT = "[0-9]{1,2}", "[0-9]{1,2}", "[0-9]{4}", "[0-9]{2}"
# Form, pattern, DuckDB's and ClickHouse's format. ClickHouse's %e and %c take one digit or two.
DATES = (
    ("[0-9]{4}-[0-9]{2}-[0-9]{2}", "%Y-%m-%d", "%Y-%m-%d"),
    (rf"{DAY}\.{MONTH}\.{YEAR}", "%d.%m.%Y", "%e.%c.%Y"),
    (f"{DAY}/{MONTH}/{YEAR}", "%d/%m/%Y", "%e/%c/%Y"),
    (f"{MONTH}/{DAY}/{YEAR}", "%m/%d/%Y", "%c/%e/%Y"),
    (f"{DAY}-{MONTH}-{YEAR}", "%d-%m-%Y", "%e-%c-%Y"),
    (f"{YEAR}/{MONTH}/{DAY}", "%Y/%m/%d", "%Y/%c/%e"),
    (rf"{DAY}\.{MONTH}\.{SHORT}", "%d.%m.%y", "%e.%c.%y"),
    (f"{DAY}/{MONTH}/{SHORT}", "%d/%m/%y", "%e/%c/%y"),
    (f"{MONTH}/{DAY}/{SHORT}", "%m/%d/%y", "%c/%e/%y"),
)
TIMES = (
    (" [0-9]{1,2}:[0-9]{2}", " %H:%M", " %k:%i"),
    (" [0-9]{1,2}:[0-9]{2}:[0-9]{2}", " %H:%M:%S", " %k:%i:%s"),
    ("T[0-9]{2}:[0-9]{2}:[0-9]{2}", "T%H:%M:%S", "T%H:%i:%s"),
    ("T[0-9]{2}:[0-9]{2}:[0-9]{2}Z", "T%H:%M:%SZ", "T%H:%i:%sZ"),
)


def _parsed(name: str, pattern: str, duck: str, house: str) -> Kind:
    parse = f"try_strptime({{c}}, '{duck}')"
    return Kind(name, pattern, parse, valid=f"{parse} IS NOT NULL", format=house, two_digit_year="%y" in house)


KINDS = (
    Kind("bool", "(?i:true|false)", "lower({c}) = 'true'"),
    Kind("whole", WHOLE, "TRY_CAST({c} AS HUGEINT)", valid="TRY_CAST({c} AS HUGEINT) IS NOT NULL"),
    Kind(
        "number",
        r"-?(0|[1-9][0-9]*)?(\.[0-9]+)?([eE][-+]?[0-9]{1,3})?",
        "TRY_CAST({c} AS DOUBLE)",
        valid="isfinite(TRY_CAST({c} AS DOUBLE))",
    ),
    Kind(
        "number",
        r"-?(0|[1-9][0-9]*|[1-9][0-9]{0,2}(\.[0-9]{3})+)(,[0-9]+)?",
        "TRY_CAST(replace(replace({c}, '.', ''), ',', '.') AS DOUBLE)",
        decimal=",",
    ),
    Kind(
        "number",
        r"-?(0|[1-9][0-9]*|[1-9][0-9]{0,2}(,[0-9]{3})+)(\.[0-9]+)?",
        "TRY_CAST(replace({c}, ',', '') AS DOUBLE)",
        decimal=".",
    ),
    *(_parsed("date", *date) for date in DATES),
    *(
        _parsed("moment", *(day + time for day, time in zip(date, time_of_day, strict=True)))
        for date in DATES
        for time_of_day in TIMES
        if date is DATES[0] or not time_of_day[1].startswith("T")
    ),
    # With parts of a second or a time zone: as ISO 8601 has it.
    Kind(
        "moment",
        r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,9})?)?(Z|[-+][0-9]{2}(:?[0-9]{2})?)?",
        "TRY_CAST({c} AS TIMESTAMPTZ)::TIMESTAMP",
        valid="TRY_CAST({c} AS TIMESTAMPTZ) IS NOT NULL",
    ),
)


def plausible(values: list[str]) -> list[Kind]:
    """The kinds that at least half of a sample looks like. All of them when there is no sample."""
    values = [value for value in values if value not in MISSING]
    if not values:
        return list(KINDS)
    half = len(values) / 2
    if sum(1 for value in values if FIGURES.search(value)) < half:
        return [kind for kind in KINDS if kind.name == "bool"]
    return [kind for kind in KINDS if sum(1 for value in values if kind.matcher.fullmatch(value)) >= half]
