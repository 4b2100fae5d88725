"""Great Expectations on a layer: Bronze as it came, the candidates for Silver and Gold before anybody reads them."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from psycopg.types.json import Jsonb

from onering import connections, network, postgres, sql
from onering.platform_files import ROOT, read_yaml
from onering.run import Run
from onering.runs import OPS

if TYPE_CHECKING:
    from great_expectations.data_context import AbstractDataContext
    from great_expectations.datasource.fluent import SQLDatasource
    from great_expectations.datasource.fluent.interfaces import Batch

LAYERS = ("bronze", "silver", "gold")
SUITES = ROOT / "quality" / "great_expectations" / "suites"
CLICKHOUSE, POSTGRES = "clickhouse_quality", "postgres_quality"
CLICKHOUSE_NATIVE_PORT = 9000
RESULT_FORMAT = {"result_format": "SUMMARY", "partial_unexpected_count": 5}


class ExpectationFailedError(RuntimeError):
    """A layer isn't as expected: each failed expectation is named."""


class UnreachableError(RuntimeError):
    """The store of a layer can't be asked."""


@dataclass(frozen=True)
class Suite:
    """Expectations about one table of one layer."""

    dataset: str
    layer: str
    asset: str
    expectations: tuple[dict[str, Any], ...]

    @property
    def name(self) -> str:
        return f"{self.dataset}.{self.layer}.{self.asset}"


@dataclass(frozen=True)
class Outcome:
    suite: Suite
    result: dict[str, Any]

    @property
    def success(self) -> bool:
        return bool(self.result["success"])

    @property
    def statistics(self) -> dict[str, int]:
        of = self.result["statistics"]
        return {
            "evaluated": of["evaluated_expectations"],
            "successful": of["successful_expectations"],
            "failed": of["unsuccessful_expectations"],
        }

    @property
    def broken(self) -> bool:
        """Whether the store failed to answer, rather than answered with what isn't expected."""
        return any(exception_message(of.get("exception_info") or {}) for of in self.result["results"])

    @property
    def failures(self) -> list[str]:
        return [describe(self.suite.name, of) for of in self.result["results"] if not of["success"]]


def suites(dataset: str, layer: str, folder: Path = SUITES) -> list[Suite]:
    """The suites of a layer, as the dataset's one file has them: `layer: {table: [expectations]}`."""
    path = folder / f"{dataset}.yml"
    document = read_yaml(path)
    if unknown := sorted(set(document) - set(LAYERS)):
        raise ValueError(f"{path}: {', '.join(unknown)} is no layer; there are: {', '.join(LAYERS)}")
    return [Suite(dataset, layer, table, tuple(of)) for table, of in document.get(layer, {}).items()]


def describe(suite: str, result: dict[str, Any]) -> str:
    """A failed expectation in a line: what was expected, what was found, or what went wrong."""
    config = result["expectation_config"]
    wanted = {name: value for name, value in config["kwargs"].items() if name != "batch_id"}
    found = {
        name: value
        for name, value in result.get("result", {}).items()
        if name in ("observed_value", "unexpected_percent")
    }
    error = exception_message(result.get("exception_info") or {})
    return f"{suite}: {config['type']} {wanted}: {error or f'found {found}'}"


def exception_message(info: dict[str, Any]) -> str | None:
    """Great Expectations keeps one exception, or one a metric."""
    if "raised_exception" in info:
        return info.get("exception_message") if info["raised_exception"] else None
    messages = [
        of.get("exception_message") for of in info.values() if isinstance(of, dict) and of.get("raised_exception")
    ]
    return str(messages[0]) if messages else None


def validate(run: Run, layer: str) -> None:
    """Validate all suites of a layer, write what came out, and fail if anything isn't as expected."""
    outcomes = evaluate(suites(run.dataset, layer), run)
    write(run, outcomes)
    for outcome in outcomes:
        print(
            f"{outcome.suite.name}: {outcome.statistics['successful']} of {outcome.statistics['evaluated']} as expected"
        )
    if failures := [failure for outcome in outcomes for failure in outcome.failures]:
        if any(outcome.broken for outcome in outcomes):
            failures.append(f"asked was {store(layer)}")
        raise ExpectationFailedError("; ".join(failures))


def store(layer: str) -> str:
    """Where a layer's tables are, as people know it."""
    at = connections.get(connection_id(layer))
    return f"{'PostgreSQL' if layer == 'gold' else 'ClickHouse'} at {at.host} ({at.id})"


def connection_id(layer: str) -> str:
    return POSTGRES if layer == "gold" else CLICKHOUSE


def evaluate(of_layer: Iterable[Suite], run: Run) -> list[Outcome]:
    import great_expectations as gx  # seconds, unless preloaded
    from great_expectations.datasource.fluent.interfaces import TestConnectionError

    logging.getLogger("great_expectations").setLevel(logging.ERROR)
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    datasources: dict[str, SQLDatasource] = {}
    outcomes = []
    for suite in of_layer:
        try:
            if suite.layer not in datasources:
                datasources[suite.layer] = datasource(context, suite.layer)
            batch = batch_of(datasources[suite.layer], suite, run)
        except TestConnectionError as error:
            raise UnreachableError(f"{store(suite.layer)} can't be asked: {error}. {network.REMEDY}") from error
        built = gx.ExpectationSuite(suite.name, expectations=[expectation(of) for of in suite.expectations])
        result = batch.validate(built, result_format=RESULT_FORMAT)
        outcomes.append(Outcome(suite, result.to_json_dict()))
        if outcomes[-1].broken:
            break  # the next suites would wait for the same store
    return outcomes


def expectation(spec: dict[str, Any]) -> Any:
    from great_expectations.expectations.expectation_configuration import ExpectationConfiguration

    of = dict(spec)
    own = {name: of.pop(name) for name in ("type", "description", "notes", "meta") if name in of}
    return ExpectationConfiguration(kwargs=of, **own).to_domain_obj()


def batch_of(source: SQLDatasource, suite: Suite, run: Run) -> Batch:
    """Bronze of this run, or the candidate: always a table. Of a query all rows would be read to know its columns."""
    from great_expectations.core.partitioners import PartitionerColumnValue

    if suite.layer == "bronze":
        asset = source.add_table_asset(suite.name, table_name=suite.asset, schema_name="bronze")
        one_run = PartitionerColumnValue(column_name="_run_id")
        definition = asset.add_batch_definition("run", partitioner=one_run, validate_partitioner=False)
        return definition.get_batch({"_run_id": run.run_id})
    asset = source.add_table_asset(suite.name, table_name=suite.asset, schema_name="staging")
    return asset.add_batch_definition_whole_table("candidate").get_batch()


def datasource(context: AbstractDataContext, layer: str) -> SQLDatasource:
    """A source whose address stands in a variable: Great Expectations writes what it is given into its files."""
    at = connections.get(connection_id(layer))
    variable = f"ONERING_{at.id.upper()}"
    if layer == "gold":
        deadlines = urlencode(network.LIBPQ)
        os.environ[variable] = (
            f"postgresql+psycopg2://{at.login}:{at.password}@{at.host}:{at.port}/{at.schema}?{deadlines}"
        )
    else:
        port = at.extra.get("native_port", CLICKHOUSE_NATIVE_PORT)
        probes = f"{network.IDLE},{network.INTERVAL},{network.PROBES}"
        deadlines = urlencode(
            {
                "connect_timeout": network.CONNECT,
                "send_receive_timeout": 2 * network.DEAD_AFTER,  # a query at work tells its progress all the time
                "tcp_keepalive": probes,
            }
        )
        os.environ[variable] = f"clickhouse+native://{at.login}:{at.password}@{at.host}:{port}/staging?{deadlines}"
    return context.data_sources.add_sql(at.id, connection_string=f"${{{variable}}}", create_temp_table=False)


def write(run: Run, outcomes: Iterable[Outcome]) -> None:
    """Results and what others have to hear of them, in one transaction."""
    result_statement, outbox_statement = sql.postgres("write_validation"), sql.postgres("write_outbox")
    with postgres.transaction(OPS) as connection:
        for outcome in outcomes:
            suite = outcome.suite
            summary = {"layer": suite.layer, "suite": suite.name, "success": outcome.success, **outcome.statistics}
            values = run.as_dict() | summary
            connection.execute(result_statement, values | {"result": Jsonb(outcome.result)})
            key = f"validation/{run.dataset}/{run.run_id}/{run.attempt}/{suite.name}"
            payload = Jsonb(values | {"table": suite.asset, "failures": outcome.failures})
            connection.execute(outbox_statement, run.as_dict() | {"kind": "validation", "key": key, "payload": payload})
