"""Files as clients send them: each works, or is refused with one clear error and nothing written."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest

from ops.dataset import source

ROOT = Path(__file__).resolve().parents[2]
Make = Callable[..., Any]
Refused = Callable[..., str]


def options(result: Any) -> dict[str, Any]:
    return json.loads(result.dataset["connection"]["streams"][0]["configuration"]["reader_options"])


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_separators(make: Make, separator: str) -> None:
    result = make("id,name,n\n1,a b,5\n2,c,6\n".replace(",", separator))
    assert list(result.columns) == ["id", "name", "n"]
    assert options(result)["sep"] == separator
    assert result.dataset["streams"]["things"]["source"].get("separator", ",") == separator


@pytest.mark.parametrize(
    ("encoding", "told"),
    [
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8-sig"),
        ("latin-1", "cp1252"),  # the same but for signs that latin-1 has no use for
        ("cp1252", "cp1252"),
        ("utf-16", "utf-16"),
        ("utf-16-le", "utf-16-le"),
        ("utf-16-be", "utf-16-be"),
    ],
)
def test_encodings(make: Make, encoding: str, told: str) -> None:
    result = make("id,Größe\n1,süß\n2,groß\n".encode(encoding))
    assert list(result.columns) == ["id", "groesse"]
    assert options(result)["encoding"] == told
    assert result.dataset["streams"]["things"]["source"].get("encoding", "utf-8") == told
    assert result.suites["bronze"]
    assert ("does 'Größe' look right?" in result.out) is (told == "cp1252")


def test_an_encoding_can_be_given(make: Make) -> None:
    result = make("id,name\n1,жук\n2,кот\n".encode("cp1251"), "--encoding", "windows-1251")
    assert options(result)["encoding"] == "cp1251"
    assert "жук" in result.out


@pytest.mark.parametrize(
    ("encoding", "told"),
    [("klingon", "Python knows no such encoding"), ("utf-8", "is not utf-8: 0xfc near byte 11. Try another ENCODING=")],
)
def test_a_wrong_encoding_is_named(refused: Refused, encoding: str, told: str) -> None:
    assert told in refused("id,name\n1,m\xfcller\n".encode("latin-1"), "--encoding", encoding)


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_line_endings_and_byte_order_marks(make: Make, ending: str, mark: bytes) -> None:
    result = make(mark + f"id,name{ending}1,a{ending}2,b{ending}".encode())
    assert result.columns == {"id": "UInt8", "name": "LowCardinality(String)"}


def test_quoted_line_breaks_and_quotes(make: Make) -> None:
    result = make('id,text\n1,"two\nlines, and ""more"""\n2,"x;y"\n')
    assert result.out.startswith("2 rows, 2 columns")


def test_rows_without_a_header(refused: Refused) -> None:
    told = refused("1,anna,2025-01-01\n2,bob,2025-01-02\n3,cid,2025-01-03\n")
    assert "has no header, its first line looks like data: 1 | anna | 2025-01-01" in told
    assert "Give 3 names: HEADER=name1,name2,…" in told


def test_a_header_can_be_given(make: Make) -> None:
    result = make("1,anna\n2,bob\n", "--header", "id, first name")
    assert result.out.startswith("2 rows, 2 columns")
    assert list(result.columns) == ["id", "first_name"]
    assert (options(result)["names"], options(result)["index_col"]) == (["id", "first_name"], False)
    assert "columns are told by their place" in result.out
    assert "header" not in options(result)  # or the connector would take numbers for names
    assert result.dataset["streams"]["things"]["source"]["header"] is False


def test_a_header_that_looks_like_data(make: Make, refused: Refused) -> None:
    data = "2023,2024\n1,2.5\n3,4\n"
    refused(data)
    assert list(make(data, "--has-header").columns) == ["c_2023", "c_2024"]


def test_a_given_header_has_as_many_names(refused: Refused) -> None:
    assert "HEADER has 3 names, the first line has 2 fields" in refused("1,anna\n", "--header", "a,b,c")


def test_duplicate_headers(refused: Refused, make: Make) -> None:
    data = "id,amount,Amount\n1,2,3\n2,3,4\n"
    told = refused(data)
    assert "columns 2 ('amount') and 3 ('Amount') are both amount" in told
    result = make(data, "--header", "id,net,gross", "--has-header")
    assert list(result.columns) == ["id", "net", "gross"]
    assert options(result)["header"] == 0


def test_reserved_names(make: Make) -> None:
    result = make("id,order,user,_run_id,index,no\n1,2,3,4,5,6\n2,3,4,5,6,7\n")
    assert list(result.columns) == ["id", "order_", "user_", "run_id", "index_", "no"]
    assert "    order_ UInt8 COMMENT 'order'," in result.sql
    assert "order_ ← order" in result.out


def test_odd_headers_are_found_again(make: Make) -> None:
    """However a header is written, the connector is asked for that very one."""
    headers = ["id", "a  b", " c", "d\te", "ü\u2028", "#", 'say ""x""', "no: [1]", "x" * 90]
    file = ",".join(f'"{header}"' for header in headers) + "\n" + "1,2,3,4,5,6,7,8,NA\n2,3,4,5,6,7,8,9,1\n"
    result = make(file)
    wanted = [header.replace('""', '"') for header in headers]
    names = result.dataset["connection"]["streams"][0]["names"]
    assert ["id", *names.values()] == wanted
    assert list(options(result)["na_values"]) == wanted


def test_a_header_without_a_name_is_the_connectors(make: Make) -> None:
    result = make("id,,b\n1,2,3\n2,3,4\n")
    assert result.dataset["connection"]["streams"][0]["names"] == {"column_2": "Unnamed: 1"}


def test_a_header_cannot_break_out_of_the_changelog(make: Make) -> None:
    header = 'id,"x\'); DROP TABLE silver.flights; -- ${a} /* \\"'
    result = make(f"{header}\n1,2\n2,3\n")
    (line,) = [line for line in result.sql.splitlines() if "DROP TABLE silver.flights" in line]
    assert line == "    x_drop_table_silver_flights_a UInt8 COMMENT 'x ) DROP TABLE silver.flights - a /',"


@pytest.mark.parametrize(
    ("data", "told"),
    [
        ("", "is empty"),
        ("id,name\n", "has a header and no rows: id | name"),
        ("id,name,x\n1,a,1\n2,b\n3,c,3\n", "line 3 (2,b) has 2 fields where the header has 3"),
        ("id,name,x\n1,a,1\n2,b,2,9\n3,c,3\n", "line 3 (2,b,2,9) has 4 fields where the header has 3"),
        ("a;b\n1;2\n1;2;3\n", "line 3 (1;2;3) has 3 fields where the header has 2"),
        ('id,name\n1,"a\n2,b\n', 'opens a quote (") that nothing closes'),
        ("Sales\nmade 2025\n\nid,name,x\n1,a,3\n2,b,4\n", "the table begins in line 4; remove the 3 lines before it"),
        (b"PK\x03\x04rest", "it is an archive or an Excel workbook: unpack it, or save the sheet as CSV"),
        (b"\x1f\x8brest", "it is compressed: unpack it first"),
        (b"id,name\n" + bytes(range(256)) * 8 + bytes(900), "is no text file: it is full of zero bytes"),
        (b"PAR1 and then nothing of the kind PAR1", "can't be read as Parquet"),
    ],
)
def test_files_that_are_refused(refused: Refused, data: str | bytes, told: str) -> None:
    found = refused(data)
    assert told in found
    assert len(found.splitlines()) == 1


def test_a_file_that_is_not_there(refused: Refused, tmp_path: Path) -> None:
    assert "there is no such file" in refused(tmp_path / "none.csv")


def test_five_hundred_columns(make: Make) -> None:
    header = ",".join(["id", *(f"Feld {number}" for number in range(1, 500))])
    rows = "".join(
        f"{row}," + ",".join(str((row * number) % 97 / 4) for number in range(1, 500)) + "\n" for row in range(100)
    )
    begun = time.monotonic()
    result = make(f"{header}\n{rows}")
    print(f"500 columns: {time.monotonic() - begun:.1f} s")
    assert result.code == 0
    assert len(result.columns) == 500
    assert "suites: they speak of 60 of the 500 columns" in result.out


def test_parquet_comes_as_lossless_csv(make: Make, tmp_path: Path) -> None:
    file = tmp_path / "things.parquet"
    duckdb.sql(
        f"""COPY (SELECT i::BIGINT AS "Id", CASE WHEN i <> 1 THEN 9007199254740993 + i END AS big, '00' || i AS zip,
            (i * 1.25)::DECIMAL(12, 2) AS price, DATE '2025-01-01' + i::INT AS day, i % 2 = 0 AS odd,
            TIMESTAMPTZ '2025-01-01 10:00:00+02' AS at, 'a,"b"\n' AS text, [i] AS list FROM range(3) t(i))
            TO '{file}' (FORMAT parquet)"""
    )
    result = make(file)
    assert result.code == 0, result.err
    assert result.columns == {
        "id": "UInt8", "big": "Nullable(UInt64)", "zip": "LowCardinality(String)", "price": "Float64", "day": "Date",
        "odd": "Bool", "at": "DateTime('UTC')", "text": "LowCardinality(String)", "list": "LowCardinality(String)",
    }  # fmt: skip
    lines = result.read("storage/medallion/samples/things/rows.csv").splitlines()
    assert lines[1].startswith("0,9007199254740993,000,0.00,2025-01-01,true,2025-01-01 08:00:00,")
    assert "kept as text: list (BIGINT[])" in result.out


def test_a_parquet_file_says_itself_how_it_is_written(refused: Refused, tmp_path: Path) -> None:
    file = tmp_path / "x.parquet"
    duckdb.sql(f"COPY (SELECT 1 AS a) TO '{file}' (FORMAT parquet)")
    assert "ENCODING, SEPARATOR and HEADER don't apply" in refused(file, "--separator", ";")


PEAK = """
import re, sys
from ops.dataset import source
from ops.dataset.__main__ import main
source.MEMORY = "64MiB"
code = main(sys.argv[1:])
print("peak", int(re.search(r"VmHWM:\\s+(\\d+)", open("/proc/self/status").read())[1]) // 1024)
sys.exit(code)
"""


def test_memory_is_bounded(tmp_path: Path, content: Path) -> None:
    """With 64 MB for DuckDB the process takes hardly more for 50 MB than for 5: what is beyond goes to disk. With
    the 512 MB that it is given otherwise it would take 160 more."""
    peaks = []
    for rows in (100_000, 1_000_000):
        file = tmp_path / f"{rows}.csv"
        duckdb.sql(
            f"COPY (SELECT i AS id, md5(i::VARCHAR) AS code, i % 1000 AS n, 'word ' || i % 7 AS kind "
            f"FROM range({rows}) t(i)) TO '{file}' (HEADER)"
        )
        options = ["--name", "things", "--from", str(file), "--content", str(content), "--dry"]
        command = [sys.executable, "-c", PEAK, *options]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        assert f"{rows:,} rows" in done.stdout
        peaks.append(int(done.stdout.rpartition("peak ")[2]))
    assert file.stat().st_size > 50_000_000
    assert peaks[1] - peaks[0] < 100, f"MB at the most: {peaks}"


def test_a_disk_too_small_is_told_first(refused: Refused, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source.shutil, "disk_usage", lambda _: type("Usage", (), {"free": 10}))
    assert "Set TMPDIR to a larger disk" in refused("id,name\n1,a\n2,b\n")
