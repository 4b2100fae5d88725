"""Types, gaps and notes that are found in columns."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest

Make = Callable[..., Any]


def column(values: Sequence[str], header: str = "v") -> str:
    """A file with a key and one column, semicolons between."""
    return f"id;{header}\n" + "".join(f"{number};{value}\n" for number, value in enumerate(values))


@pytest.mark.parametrize(
    ("values", "of"),
    [
        (["1", "2"], "UInt8"),
        (["1", "30"], "UInt16"),  # ten times as much has room
        (["-1", "5"], "Int8"),
        (["0", "100000"], "UInt32"),
        (["9223372036854775807", "1"], "UInt64"),
        (["18446744073709551615", "1"], "UInt64"),
        (["-9223372036854775808", "1"], "Int64"),
        (["1.5", "2"], "Float64"),
        (["1e3", ".5"], "Float64"),
        (["1.234,56", "7,5"], "Float64"),
        (["1,234.56", "7.5"], "Float64"),
        (["true", "FALSE"], "Bool"),
        (["2025-01-31", "1970-01-01"], "Date"),
        (["31.12.2025", "1.2.2025"], "Date"),
        (["12/31/2025", "1/2/2025"], "Date"),
        (["31/12/25", "01/02/25"], "Date"),
        (["1950-01-31", "2025-01-01"], "Date32"),
        (["2025-01-31 10:00", "2025-01-31 9:05"], "DateTime('UTC')"),
        (["2025-01-31T10:00:00Z", "2025-01-31T10:00:01Z"], "DateTime('UTC')"),
        (["2025-01-31T10:00:00.5+02:00", "2025-01-31T10:00:00Z"], "DateTime('UTC')"),
        (["31.12.2025 10:00:01", "01.02.2025 10:00:00"], "DateTime('UTC')"),
        (["00123", "00124"], "LowCardinality(String)"),
        (["+5", "6"], "LowCardinality(String)"),
        (["a", "b"], "LowCardinality(String)"),
        (["2025-02-30", "2025-01-01"], "LowCardinality(String)"),  # no such day
        (["1", ""], "Nullable(UInt8)"),
        (["2025-01-31", ""], "Nullable(Date)"),
        (["a", ""], "LowCardinality(Nullable(String))"),
        (["", ""], "Nullable(String)"),
    ],
)
def test_type_of_a_column(make: Make, values: list[str], of: str) -> None:
    result = make(column(values))
    assert result.code == 0, result.err
    assert result.columns["v"] == of


@pytest.mark.parametrize(
    ("values", "attributes"),
    [
        (["2025-01-31"], {"format": "%Y-%m-%d"}),
        (["31.12.2025"], {"format": "%e.%c.%Y"}),
        (["31.12.2025 9:30"], {"format": "%e.%c.%Y %k:%i"}),
        (["2025-01-31T10:00:00Z"], {"format": "%Y-%m-%dT%H:%i:%sZ"}),
        (["2025-01-31T10:00:00.5Z"], {}),
        (["1.234,5", "1"], {"decimal": ","}),
        (["1,234.5", "1"], {"decimal": "."}),
        (["1.5", "1"], {}),
    ],
)
def test_how_a_column_is_written_is_kept(make: Make, values: list[str], attributes: dict[str, str]) -> None:
    found = make(column(values)).dataset["streams"]["things"]["columns"]["v"]
    found.pop("type")
    assert found == attributes


@pytest.mark.parametrize(
    ("values", "note"),
    [
        (
            ["1"] * 19 + ["x y", "2"],
            "v: mixed, kept as text: 20 of 21 values are whole numbers; the first that isn't is 'x y' in row 20",
        ),
        (["007", "8"], "v: digits, some with a leading zero: kept as text"),
        (["1", "NA", "2", "NULL"], "v: 'NA' (1), 'NULL' (1) taken as missing"),
        (["", ""], "v: has no values at all: kept as text"),
        (["1" * 21, "5"], f"v: whole numbers up to {'1' * 21} are beyond 64 bits: kept as text"),
        (
            ["9999-12-31", "2025-01-01"],
            "v: dates from 2025-01-01 to 9999-12-31 are beyond those from 1900 to 2299: kept as text",
        ),
        (
            ["1960-01-01 00:00:00"],
            "v: moments from 1960-01-01 to 1960-01-01 are beyond those from 1970 to 2105: kept as text",
        ),
        (["01/02/2025", "03/04/2025"], "v: ambiguous: '01/02/2025' is read as day/month, it could be month/day"),
        (["1,234", "5,678"], "v: ambiguous: '1,234' is read with a decimal comma"),
        (["1.234", "5.678"], "v: ambiguous: '1.234' is read with a decimal point"),
        (["01/02/25", "31/12/24"], "v: years have two digits"),
        (["2025-01-01T00:00:00.25Z"], "v: 1 values have parts of a second, which are cut off"),
        (["2025-01-01 00:00:00"], "v: names no time zone: read as UTC"),
        (["a ", "b"], "v: 1 values have blanks around them, which stay"),
        (["0.12345678901234567", "1"], "v: has numbers of 18 digits; Float64 holds 15"),
    ],
)  # fmt: skip
def test_what_is_doubtful_is_told(make: Make, values: list[str], note: str) -> None:
    out = make(column(values)).out
    assert f"  - {note}" in out.splitlines(), out


def test_words_for_missing_reach_the_connector(make: Make) -> None:
    import json

    result = make(column(["1", "NA", ""], "Betrag €"))
    stream = result.dataset["connection"]["streams"][0]
    read = json.loads(stream["configuration"]["reader_options"])
    assert read["na_values"] == {"id": [""], "Betrag €": ["", "NA"]}
    assert (read["dtype"], read["keep_default_na"]) == ("str", False)
    assert stream["names"] == {"betrag_eur": "Betrag €"}
    assert result.columns["betrag_eur"] == "Nullable(UInt8)"


def test_a_word_for_missing_is_a_word_among_words(make: Make) -> None:
    result = make(column(["NA", "DE", "FR"]))
    assert result.columns["v"] == "LowCardinality(String)"
    assert "taken as missing" not in result.out


def test_late_rows_count_as_early_ones(make: Make) -> None:
    """Types are of all rows, not of a sample."""
    values = [str(number % 7) for number in range(60_000)] + ["word"]
    result = make(column(values))
    assert "60,000 of 60,001 values are whole numbers; the first that isn't is 'word' in row 60,001" in result.out


def test_every_column_is_read_as_text(make: Make) -> None:
    result = make(column(["1.50", "00"]))
    assert set(result.dataset["connection"]["streams"][0]["fields"].values()) == {"string"}


def test_the_table_shows_what_was_found(make: Make) -> None:
    out = make("Kunden Nr;Betrag\n1;5\n2;\n").out
    assert [line.split() for line in out.splitlines() if "kunden_nr ←" in line or line.startswith("  betrag")] == [
        ["kunden_nr", "←", "Kunden", "Nr", "UInt8", "0", "2", "1", "…", "2", "1"],
        ["betrag", "←", "Betrag", "Nullable(UInt8)", "1", "1", "5", "…", "5", "5"],
    ]
