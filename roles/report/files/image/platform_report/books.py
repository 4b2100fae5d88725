"""The platform's own books (schema ops): runs, receipts, validations, lineage. Each read is bounded."""

from __future__ import annotations

from typing import Any

from platform_report.sources import Sources

RUNS, ATTEMPTS = 40, 20

RUNS_SQL = """
SELECT dataset, run_id, attempt, state, failed_task, cause, notes,
       extract(EPOCH FROM logical_date)::float8 AS logical, extract(EPOCH FROM started_at)::float8 AS started,
       extract(EPOCH FROM silver_published_at)::float8 AS silver, extract(EPOCH FROM gold_published_at)::float8 AS gold,
       extract(EPOCH FROM ended_at)::float8 AS ended
FROM ops.runs ORDER BY started_at DESC LIMIT %(most)s
"""
NEWEST_SQL = """
SELECT DISTINCT ON (dataset) dataset, extract(EPOCH FROM logical_date)::float8 AS logical
FROM ops.runs ORDER BY dataset, started_at DESC
"""
RECEIPTS_SQL = """
WITH newest AS (SELECT DISTINCT ON (dataset) dataset, run_id, attempt FROM ops.runs ORDER BY dataset, started_at DESC)
SELECT dataset, kind, name, measure, source, bronze, silver, quarantined, gold, expected, balanced
FROM ops.run_receipts INNER JOIN newest USING (dataset, run_id, attempt)
ORDER BY dataset, kind DESC, name, measure LIMIT 500
"""
VALIDATIONS_SQL = """
WITH recent AS (
    SELECT dataset, run_id, attempt, validated_at, layer, suite, result,
           dense_rank() OVER (PARTITION BY dataset ORDER BY run_id DESC, attempt DESC) AS age
    FROM ops.validation_results
    WHERE (dataset, run_id) IN (
        SELECT dataset, run_id FROM (
            SELECT dataset, run_id, row_number() OVER (PARTITION BY dataset ORDER BY started_at DESC) AS place
            FROM ops.runs
        ) AS placed WHERE place <= %(most)s
    )
)
SELECT dataset, layer, suite, age, run_id, attempt,
       e.value -> 'expectation_config' ->> 'type' AS expectation,
       ((e.value -> 'expectation_config' -> 'kwargs') - 'batch_id')::text AS parameters,
       (e.value ->> 'success')::boolean AS success,
       coalesce(e.value -> 'result' ->> 'observed_value', e.value -> 'result' ->> 'unexpected_percent') AS found
FROM recent CROSS JOIN jsonb_array_elements(result -> 'results') WITH ORDINALITY AS e (value, place)
WHERE age <= %(most)s
ORDER BY dataset, array_position(ARRAY['bronze', 'silver', 'gold'], layer), suite, e.place, age
"""
LINEAGE_SQL = """
WITH newest AS (
    SELECT DISTINCT ON (dataset) dataset, run_id FROM ops.outbox WHERE kind = 'lineage' ORDER BY dataset, id DESC
)
SELECT dataset, payload FROM ops.outbox INNER JOIN newest USING (dataset, run_id)
WHERE kind = 'lineage' ORDER BY dataset, id
"""
THERE_SQL = """
SELECT coalesce(bool_or(has_table_privilege(pg_class.oid, 'SELECT')), false)
FROM pg_class INNER JOIN pg_namespace ON pg_namespace.oid = relnamespace
WHERE nspname = 'ops' AND relname = 'outbox'
"""
STAMP_SQL = "SELECT coalesce(max(greatest(started_at, ended_at))::text, '') FROM ops.runs"


def _dicts(sources: Sources, statement: str, **parameters: Any) -> list[dict[str, Any]]:
    columns, rows = sources.rows(statement, parameters)
    names = [name for name, _type in columns]
    return [dict(zip(names, row, strict=True)) for row in rows]


def there(sources: Sources) -> bool:
    """Whether the first changelog has made the books, and lets this account read them."""
    return sources.rows(THERE_SQL)[1][0][0] is True


def stamp(sources: Sources) -> str:
    """When the books last changed."""
    return str(sources.rows(STAMP_SQL)[1][0][0])


def newest(sources: Sources) -> list[dict[str, Any]]:
    """Of each dataset the newest run."""
    return _dicts(sources, NEWEST_SQL)


def runs(sources: Sources) -> list[dict[str, Any]]:
    """The newest runs with the moments at which Silver and Gold were published (seconds since 1970)."""
    return _dicts(sources, RUNS_SQL, most=RUNS)


def receipts(sources: Sources) -> list[dict[str, Any]]:
    """The receipt of each dataset's newest run."""
    return [
        {
            key: float(value)
            if key in ("source", "bronze", "silver", "quarantined", "gold", "expected") and value is not None
            else value
            for key, value in row.items()
        }
        for row in _dicts(sources, RECEIPTS_SQL)
    ]


def flows(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Counts on the edges, dataset by dataset: rows of all streams, and the number of marts."""
    found: dict[str, dict[str, Any]] = {}
    for row in rows:
        flow = found.setdefault(
            row["dataset"],
            {
                "dataset": row["dataset"],
                "source": 0,
                "bronze": 0,
                "silver": 0,
                "quarantined": 0,
                "streams": 0,
                "marts": 0,
                "balanced": True,
                "agree": True,
            },
        )
        flow["balanced"] = flow["balanced"] and row["balanced"]
        flow["agree"] = flow["agree"] and (row["kind"] != "mart" or row["balanced"])
        if row["kind"] == "stream":
            flow["streams"] += 1
            for layer in ("source", "bronze", "silver", "quarantined"):
                flow[layer] += int(row[layer] or 0)
    for name, flow in found.items():
        flow["marts"] = len({row["name"] for row in rows if row["dataset"] == name and row["kind"] == "mart"})
    return list(found.values())


def validations(sources: Sources) -> list[dict[str, Any]]:
    """Suites with each expectation's outcomes, the newest attempt first."""
    suites: dict[tuple[str, str], dict[str, Any]] = {}
    for row in _dicts(sources, VALIDATIONS_SQL, most=ATTEMPTS):
        suite = suites.setdefault(
            (row["dataset"], row["suite"]),
            {"dataset": row["dataset"], "layer": row["layer"], "suite": row["suite"], "lines": {}},
        )
        line = suite["lines"].setdefault((row["expectation"], row["parameters"]), [])
        line.append(
            {"success": row["success"], "found": row["found"], "run": f"{row['run_id']} attempt {row['attempt']}"}
        )
    return [
        {
            **suite,
            "lines": [{"expectation": e, "parameters": p, "outcomes": of} for (e, p), of in suite["lines"].items()],
        }
        for suite in suites.values()
    ]


def lineage(sources: Sources) -> list[dict[str, Any]]:
    """Tables by layer, and the columns each column comes from, as the newest lineage events say."""
    found: dict[str, dict[str, Any]] = {}
    for dataset, payload in sources.rows(LINEAGE_SQL)[1]:
        of = found.setdefault(dataset, {"dataset": dataset, "tables": {}, "edges": []})
        for output in payload["outputs"]:
            name = table_name(output)
            columns = of["tables"].setdefault(name, {})
            for column, fields in output["facets"]["columnLineage"]["fields"].items():
                columns[column] = True
                for origin in fields["inputFields"]:
                    above = table_name(origin)
                    of["tables"].setdefault(above, {})[origin["field"]] = True
                    of["edges"].append([f"{above}|{origin['field']}", f"{name}|{column}"])
    return [
        {
            "dataset": of["dataset"],
            "edges": of["edges"],
            "layers": [
                {
                    "layer": layer,
                    "tables": [
                        {"table": table, "columns": list(columns)}
                        for table, columns in of["tables"].items()
                        if layer_of(table) == layer
                    ],
                }
                for layer in ("Source", "Bronze", "Silver", "Gold")
            ],
        }
        for of in found.values()
    ]


def table_name(reference: dict[str, Any]) -> str:
    """A table's name with its layer."""
    name = str(reference["name"])
    if reference["namespace"].startswith("airbyte://"):
        return f"source.{name.rpartition('/')[2]}"
    if reference["namespace"].startswith("s3://"):
        return f"bronze.{name.rpartition('/')[2]}"
    return name.removeprefix("onering.")


def layer_of(table: str) -> str:
    return table.partition(".")[0].capitalize()
