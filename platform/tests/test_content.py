"""What a dataset names must be there: suites, changelogs, connections, SQL; and say the same."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from onering import connector, lineage, quality, sql
from onering.dataset import Dataset, Fact
from onering.platform_files import read_yaml
from onering.run import Run

RUN = Run("flights", "20260101T000000Z")
CREATE = r"CREATE TABLE {table}\s*\((.*?)\n\)"


def changesets(path: Path) -> dict[str, str]:
    """Text of each changeset by its first line, `author:id attributes`."""
    first, *others = path.read_text(encoding="utf-8").split("--changeset ")
    assert first.startswith("--liquibase formatted sql")
    return dict(changeset.split("\n", 1) for changeset in others)


def changelog(platform: Path, dataset: str, dbms: str) -> str:
    """A dataset's SQL for one of the stores."""
    found = changesets(platform / f"versioning/liquibase/datasets/{dataset}.sql")
    return "\n".join(text for line, text in found.items() if line.endswith(f" dbms:{dbms}"))


def columns(ddl: str, table: str) -> dict[str, str]:
    """Column and type of a CREATE TABLE."""
    found = re.search(CREATE.format(table=re.escape(table)), ddl, re.DOTALL)
    assert found, f"no changeset creates {table}"
    lines = (line.strip().rstrip(",") for line in found.group(1).splitlines())
    words = (line.split(" COMMENT ")[0].split(" DEFAULT ")[0].split(" ", 1) for line in lines if line)
    return {name: of for name, of in words if name.islower() or name.startswith("_")}


def test_silver_is_what_the_dataset_says(declared: Dataset, platform: Path) -> None:
    ddl = changelog(platform, declared.name, "clickhouse")
    for stream in declared.streams:
        expected = {column.name: column.type for column in stream.columns} | {
            flag.name: "Bool" for flag in stream.flags
        }
        own = {"_raw_id": "UUID", "_run_id": "LowCardinality(String)", "_loaded_at": "DateTime('UTC')"}
        assert columns(ddl, f"silver.{stream.name}") == expected | own
        assert f"CREATE TABLE staging.{stream.name} AS silver.{stream.name};" in ddl


def test_bronze_views_and_connection_have_the_columns(declared: Dataset, platform: Path) -> None:
    """Regressions 3 and 4."""
    ddl = changelog(platform, declared.name, "clickhouse")
    connection = connector.load(declared.connection)
    fields = {stream.name: list(stream.fields) for stream in connection.streams}
    assert set(fields) == {stream.name for stream in declared.streams}
    for stream in declared.streams:
        assert fields[stream.name] == stream.column_names
        view = ddl.split(f"CREATE VIEW bronze.{stream.name} AS")[1].split("--rollback")[0]
        assert f"filename = '{declared.name}/{stream.name}/*/*.parquet'" in view
        for name in stream.column_names:
            assert re.search(rf"\b{name}\s+Nullable\(", view), f"bronze.{stream.name} lacks {name}"


def test_gold_is_what_the_dataset_says(declared: Dataset, platform: Path) -> None:
    ddl = changelog(platform, declared.name, "postgresql")
    views = changelog(platform, declared.name, "clickhouse")
    for mart in declared.marts:
        assert list(columns(ddl, f"gold.{mart.name}")) == mart.column_names
        assert f"CREATE TABLE staging.{mart.name} (LIKE gold.{mart.name} INCLUDING ALL);" in ddl
        view = views.split(f"CREATE VIEW curated.{mart.name} AS")[1].split("--rollback")[0]
        assert re.findall(r" AS (\w+),?$", view.split("FROM ")[0], re.MULTILINE)[-1] == mart.column_names[-1]


def test_every_changeset_can_be_rolled_back(platform: Path) -> None:
    for path in (platform / "versioning/liquibase").rglob("*.sql"):
        for line, text in changesets(path).items():
            assert "--rollback " in text, f"{path}: {line}"


def test_every_changeset_of_a_dataset_has_one_store(declared: Dataset, platform: Path) -> None:
    """One without would run in both; one of a store that isn't there, in none and without a word."""
    for line in changesets(platform / f"versioning/liquibase/datasets/{declared.name}.sql"):
        assert re.fullmatch(rf"\w+:{declared.name}-[a-z0-9-]+ dbms:(clickhouse|postgresql)", line), line


@pytest.mark.parametrize("store", ["clickhouse", "postgres"])
def test_a_dataset_needs_no_line_in_the_root_changelog(platform: Path, store: str) -> None:
    root = platform / f"versioning/liquibase/{store}/changelog.yml"
    assert read_yaml(root)["databaseChangeLog"][-1] == {
        "includeAll": {"path": "datasets", "errorIfMissingOrEmpty": False}
    }


def test_a_dataset_is_three_files_found_by_its_name(declared: Dataset, platform: Path) -> None:
    """With a file of its own for a shared connection, and lines for the summary, where there are any."""
    name = declared.name
    needed = {
        f"datasets/{name}.yml",
        f"quality/great_expectations/suites/{name}.yml",
        f"versioning/liquibase/datasets/{name}.sql",
    }
    found = {path.relative_to(platform).as_posix() for path in platform.rglob(f"{name}.*")}
    assert needed <= found <= needed | {f"ingestion/airbyte/{name}.yml"}


def test_suites_know_the_layers(tmp_path: Path) -> None:
    (tmp_path / "d.yml").write_text("silver: {t: [{type: x}]}\n", encoding="utf-8")
    assert [suite.name for suite in quality.suites("d", "silver", tmp_path)] == ["d.silver.t"]
    assert quality.suites("d", "gold", tmp_path) == []
    (tmp_path / "d.yml").write_text("sliver: {t: []}\n", encoding="utf-8")
    with pytest.raises(ValueError, match="sliver is no layer; there are: bronze, silver, gold"):
        quality.suites("d", "silver", tmp_path)


@pytest.mark.parametrize("layer", ["bronze", "silver", "gold"])
def test_each_table_has_a_suite(declared: Dataset, layer: str) -> None:
    tables = [mart.name for mart in declared.marts] if layer == "gold" else [stream.name for stream in declared.streams]
    found = {suite.asset: suite for suite in quality.suites(declared.name, layer)}
    assert sorted(found) == sorted(tables)
    assert all(suite.expectations for suite in found.values())


def test_suites_name_columns_that_are_there(declared: Dataset) -> None:
    known = {stream.name: {*stream.business_names, "_airbyte_raw_id", "_changes"} for stream in declared.streams}
    known |= {mart.name: set(mart.column_names) for mart in declared.marts}
    for layer in ("bronze", "silver", "gold"):
        for suite in quality.suites(declared.name, layer):
            for of in suite.expectations:
                named = {of[key] for key in ("column", "column_A", "column_B") if key in of} | set(
                    of.get("column_list", ())
                )
                assert named <= known[suite.asset], f"{suite.name}: {of['type']}"


def test_sql_of_the_flow_fills(declared: Dataset) -> None:
    mart, stream = declared.marts[0], declared.streams[-1]
    values = {
        "dataset": declared.name,
        "run_id": RUN.run_id,
        "objects": "a",
        "object": "a",
        "stream": stream,
        "mart": mart,
    }
    fact = declared.facts[0] if declared.facts else Fact("none", stream.name, 0, where="1")
    values |= {"measure": mart.measures[0], "fact": fact, "names": stream.business_names}
    for engine, fill in (("clickhouse", sql.clickhouse), ("postgres", sql.postgres)):
        templates = sorted((sql.ROOT / "analytics" / engine / "flow").glob("*.sql"))
        assert templates
        for template in templates:
            text = fill(template.stem, **values)
            assert text
            assert "{{" not in text
            assert "{%" not in text


def test_publish_names_columns_in_one_order(declared: Dataset) -> None:
    """Regression 6."""
    for mart in declared.marts:
        insert, select = sql.postgres("publish_gold", mart=mart).split("SELECT")
        assert insert.split("(")[1].rstrip(")\n ") == select.split("FROM")[0].strip()


def test_lineage_leads_to_columns_that_are_there(declared: Dataset, platform: Path) -> None:
    silver = changelog(platform, declared.name, "clickhouse")
    gold = changelog(platform, declared.name, "postgresql")
    for mart in declared.marts:
        inputs, result = lineage.gold_edges(mart)
        fields = result["facets"]["columnLineage"]["fields"]
        assert list(fields) == list(columns(gold, result["name"].removeprefix("onering.")))
        for origin in (origin for origins in fields.values() for origin in origins["inputFields"]):
            assert {"namespace": origin["namespace"], "name": origin["name"]} in inputs
            assert origin["field"] in columns(silver, origin["name"])
