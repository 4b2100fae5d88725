"""The files that are written: sound, the same again, all or none."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ops.dataset.__main__ import main

ROOT = Path(__file__).resolve().parents[2]
Make = Callable[..., Any]
INVOICES = "Nr.;Kunde;Datum;Betrag;Bezahlt;Notiz\n" + "".join(
    f"{n};Kunde {n % 5};{n % 28 + 1}.{n % 12 + 1}.2025;{n},5{n % 10};{str(n % 3 > 0).lower()};{'' if n % 4 else 'x'}\n"
    for n in range(1, 201)
)
FILES = [
    "datasets/things.yml",
    "quality/great_expectations/suites/things.yml",
    "storage/medallion/samples/things/rows.csv",
    "versioning/liquibase/datasets/things.sql",
]


def test_files_pass_the_contents_own_tests(tmp_path: Path) -> None:
    """Schema, agreement of the three files, SQL of the flow, lineage; for several shapes of data."""
    content = tmp_path / "content"
    shipped = [f"{path.stem}.*" for path in (ROOT / "platform/datasets").glob("*.yml")]
    shutil.copytree(ROOT / "platform", content, ignore=shutil.ignore_patterns("__pycache__", "samples", *shipped))
    shapes = {
        "invoices": INVOICES,
        "flat": "a,b\n1,x\n2,y\n",
        "odd": "id,no,month,records,at,order\n"
        + "".join(f"{n},y,m{n % 3},r{n % 2},2025-01-{n:02d} 10:00,{n}\n" for n in range(1, 30)),
        "wide": ",".join(f"c{n}" for n in range(100)) + "\n" + "".join(",".join(str(r) * 100) + "\n" for r in range(3)),
    }
    for name, data in shapes.items():
        file = tmp_path / f"{name}.csv"
        file.write_text(data, encoding="utf-8")
        assert main(["--name", name, "--from", str(file), "--content", str(content)]) == 0
    folders = ("datasets", "quality/great_expectations/suites")
    yaml_files = [str(content / folder / f"{name}.yml") for name in shapes for folder in folders]
    for command in (
        ["pytest", "-q", "-c", "tests/pytest.ini", "tests/test_content.py"],
        ["yamllint", "--strict", "-c", str(ROOT / ".yamllint"), *yaml_files],
    ):
        done = subprocess.run(
            [sys.executable, "-m", *command], cwd=content, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]
    for path in (content / "versioning/liquibase/datasets").glob("*.sql"):
        assert max(map(len, path.read_text(encoding="utf-8").splitlines())) <= 140, path


def test_the_copy_is_the_clients_file(make: Make) -> None:
    result = make(INVOICES.encode("cp1252"))
    copied = result.content / "storage/medallion/samples/things/rows.csv"
    assert copied.read_bytes() == INVOICES.encode("cp1252")
    assert copied.stat().st_mode & 0o777 == 0o644
    ignored = subprocess.run(
        ["git", "check-ignore", "platform/storage/medallion/samples/things/rows.csv"], cwd=ROOT, check=False
    )
    assert ignored.returncode == 0


def test_the_same_file_gives_the_same_bytes(make: Make) -> None:
    first = make(INVOICES)
    before = {path: first.read(path) for path in FILES}
    again = make(INVOICES, "--force")
    assert again.code == 0
    assert "Nothing changes but the copy of the data" in again.out
    assert {path: again.read(path) for path in FILES} == before


def test_a_dry_run_writes_nothing(make: Make) -> None:
    result = make(INVOICES, "--dry")
    assert result.code == 0
    assert "Would write" in result.out
    assert result.written == ["datasets/flights.yml", "datasets/schema.json"]


def test_an_existing_dataset_is_kept(make: Make) -> None:
    before = make(INVOICES).read(FILES[0])
    refused = make("id,name\n1,a\n2,b\n")
    assert refused.code == 1
    assert "FORCE=1 writes it anew" in refused.err
    assert refused.read(FILES[0]) == before


def test_force_says_what_changes(make: Make) -> None:
    make(INVOICES)
    forced = make(INVOICES.replace(";Notiz", ";Remark"), "--force")
    assert forced.code == 0
    assert "      notiz: {type: LowCardinality(Nullable(String))}" in forced.out.replace("  -", "   ")
    assert "Liquibase refuses them by their checksum:" in forced.out
    assert "remark" in forced.columns


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("planes", "the dataset flights has a table planes already"),
        ("Sales", "a dataset's name is a table's"),
        ("9lives", "a dataset's name is a table's"),
        ("order", "no reserved word"),
        ("x" * 49, "at most 48"),
    ],
)
def test_names_that_are_refused(refused: Callable[..., str], name: str, told: str) -> None:
    assert told in refused(INVOICES, name=name)


def test_a_marts_name_is_taken_too(make: Make, content: Path) -> None:
    (content / "datasets/others.yml").write_text("name: others\nstreams: {}\nmarts: {things_summary: {}}\n")
    assert "the dataset others has a table things_summary already" in make(INVOICES).err


def test_all_or_none(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """The disk fills up while the last file is put in its place."""
    replace, done = os.replace, []

    def full(old: Path, new: Path) -> None:
        done.append(new)
        if len(done) == 4:
            raise OSError(28, "No space left on device")
        replace(old, new)

    monkeypatch.setattr(os, "replace", full)
    result = make(INVOICES)
    assert result.code == 1
    assert "nothing was written: [Errno 28] No space left on device" in result.err
    assert len(done) == 4
    assert result.written == ["datasets/flights.yml", "datasets/schema.json"]


def test_a_mart_by_month_and_category(make: Make) -> None:
    result = make(INVOICES)
    mart = result.dataset["marts"]["things_summary"]
    assert mart["key"] == ["month", "kunde"]
    assert list(mart["columns"]) == ["month", "kunde", "records", "betrag_sum", "betrag_mean"]
    assert mart["measures"]["betrag_sum"] == {
        "gold": "sum(betrag_sum)",
        "silver": "toString(ifNull(sum(toDecimal128(toString(betrag), 2)), 0))",
        "stream": "things",
    }
    assert "betrag_sum numeric(38, 2) NOT NULL," in result.sql


@pytest.mark.parametrize(
    ("data", "key"),
    [
        ("id,kind\n" + "".join(f"{n},k{n % 3}\n" for n in range(30)), ["kind"]),
        ("id,day\n" + "".join(f"{n},2025-01-{n + 1:02d}\n" for n in range(30)), ["month"]),
        ("id,n\n" + "".join(f"{n},{n % 4}\n" for n in range(30)), ["scope"]),
    ],
)
def test_a_mart_of_what_there_is(make: Make, data: str, key: list[str]) -> None:
    assert make(data).dataset["marts"]["things_summary"]["key"] == key


def test_only_exact_sums_are_measures(make: Make) -> None:
    result = make("id,price,ratio\n" + "".join(f"{n},{n}.25,0.{n + 1:017d}\n" for n in range(30)))
    mart = result.dataset["marts"]["things_summary"]
    assert list(mart["measures"]) == ["records", "price_sum"]
    assert "ratio_mean" in mart["columns"]
    assert "ratio_sum" not in mart["columns"]


def test_bounds_are_marked_for_review(make: Make) -> None:
    suites = make(INVOICES).suites
    said = {(of["type"], of.get("column")): of for of in suites["silver"]["things"]}
    amount = said["expect_column_values_to_be_between", "betrag"]
    assert (amount["min_value"], amount["max_value"], amount["notes"]) == (1.51, 200.5, "review: as seen")
    assert said["expect_column_values_to_be_in_set", "kunde"]["value_set"] == [f"Kunde {n}" for n in range(5)]
    rows = suites["bronze"]["things"][0]
    assert (rows["min_value"], rows["max_value"]) == (100, 400)
