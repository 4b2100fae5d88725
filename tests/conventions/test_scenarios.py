"""What every Molecule scenario holds: the shared sequence, and drift of every kind of object that its role declares."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
ROLES = {path.parent.parent.name for path in ROOT.glob("roles/*/tasks/main.yml")}
COMPONENTS = {name for name in ROLES if f"{name}_component:" in (ROOT / f"roles/{name}/defaults/main.yml").read_text()}
SCENARIOS = {path.parent.name for path in ROOT.glob("molecule/*/molecule.yml")}
# Of what a component exports, what the engine or a store has to be brought to.
BACKENDS = ("minio", "postgres", "clickhouse", "airflow")
OBJECTS = ("services", "connections")
ADDRESSES = {"airflow.url"}
READ_ONLY = {"preflight", "summary"}
ELSEWHERE = {
    # Without its own book-keeping Liquibase can't be asked for anything else; the clickhouse scenario drops a database.
    ("liquibase", "clickhouse.databases"),
    # The airflow scenario has such an account of its own.
    ("report", "airflow.accounts"),
    # Where its image can't be had there is none of them; the service and postgres scenarios change such objects.
    ("grafana", "services"),
    ("grafana", "postgres.accounts"),
    ("grafana", "postgres.databases"),
}


def load(path: Path) -> Any:
    return yaml.safe_load(path.read_text()) if path.exists() else None


def drifts(scenario: str) -> list[dict[str, Any]]:
    tasks = load(ROOT / f"molecule/{scenario}/tasks/drift.yml") or []
    return [task["vars"] for task in tasks if "drift_names" in task.get("vars", {})]


def kinds(scenario: str) -> set[str]:
    found: set[str] = set()
    for drift in drifts(scenario):
        found |= {drift["drift_kind"]} if isinstance(drift["drift_kind"], str) else set(drift["drift_kind"])
    return found


def exported(role: str) -> set[str]:
    component = load(ROOT / f"roles/{role}/defaults/main.yml")[f"{role}_component"]
    paths = {f"{backend}.{kind}" for backend in BACKENDS for kind in component.get(backend, {})}
    return paths - ADDRESSES | {kind for kind in OBJECTS if component.get(kind)}


def test_every_role_has_a_scenario() -> None:
    assert set() == ROLES - SCENARIOS


@pytest.mark.parametrize("scenario", sorted(SCENARIOS & ROLES))
def test_a_role_is_tested_by_the_shared_sequence(scenario: str) -> None:
    own = load(ROOT / f"molecule/{scenario}/molecule.yml") or {}
    assert set(own) <= {"provisioner"}
    assert set(own.get("provisioner", {})) <= {"inventory"}


@pytest.mark.parametrize("scenario", sorted(SCENARIOS))
def test_a_host_of_its_own_says_whose_scenario_it_is(scenario: str) -> None:
    """The shared plays look for the tasks of `scenario_names`; the shared inventory gives them to its own host only."""
    own = load(ROOT / f"molecule/{scenario}/molecule.yml") or {}
    for host in own.get("platforms", []):
        assert own["provisioner"]["inventory"]["host_vars"][host["name"]]["scenario_names"] == [scenario]


@pytest.mark.parametrize("role", sorted(ROLES - COMPONENTS - READ_ONLY))
def test_a_role_that_provisions_has_drift(role: str) -> None:
    assert drifts(role)


@pytest.mark.parametrize("component", sorted(COMPONENTS))
def test_every_kind_of_object_that_a_component_declares_has_drift(component: str) -> None:
    """Regression 14: an object that was changed is noticed and brought back, whatever its kind."""
    missing = {(component, kind) for kind in exported(component) - kinds(component)}
    assert missing - ELSEWHERE == set()


@pytest.mark.parametrize("scenario", sorted(SCENARIOS))
def test_a_drift_says_how_it_is_named(scenario: str) -> None:
    for drift in drifts(scenario):
        assert drift["drift_kind"]
        assert drift["drift_names"]
        assert not any("{{" in name for name in drift["drift_names"]), "read as it is, without templating"
