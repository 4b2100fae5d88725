"""The content's alert rules, by Prometheus' own checker, which is in the image."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from servers import ROOT, Servers

RULES = ROOT / "platform/observability/prometheus"


def promtool(servers: Servers, folder: Path, *arguments: str) -> tuple[int, str]:
    """Its exit code and what it said."""
    container = servers.engine.containers.create(
        servers.images["metrics"],
        ["promtool", *arguments],
        volumes={str(folder): {"bind": "/rules", "mode": "ro"}},
        labels={"onering.project": "onering-integration"},
        network_mode="none",
        working_dir="/rules",
    )
    try:
        container.start()
        code = container.wait(timeout=60)["StatusCode"]
        return code, container.logs().decode()
    finally:
        container.remove(force=True)


def test_rules_have_no_fault(servers: Servers) -> None:
    code, said = promtool(servers, RULES, "check", "rules", "--lint=all", "--lint-fatal", "alerts.yml")
    assert code == 0, said


def test_each_alert_fires_and_just_below_its_threshold_does_not(servers: Servers) -> None:
    code, said = promtool(servers, RULES, "test", "rules", "alerts_test.yml")
    assert code == 0, said


@pytest.mark.parametrize(
    ("rule", "other"),
    [
        ("up == 0", "up == 2"),
        ("for: 30m", "for: 31m"),
        ("24 * 3600) < 0", "20 * 3600) < 0"),
        ("< 0.05", "<= 0.05"),
        ("14 * 24", "14.1 * 24"),
        ("> 2 * 3600", ">= 2 * 3600"),
        ("> 26 * 3600", ">= 26 * 3600"),
        ("share > 0.05", "share >= 0.05"),
        ("oldest_seconds > 3600", "oldest_seconds >= 3600"),
        ("< 0.02", "< 0.01"),
    ],
)
def test_a_rule_with_another_threshold_is_noticed(servers: Servers, tmp_path: Path, rule: str, other: str) -> None:
    for file in RULES.glob("alerts*.yml"):
        shutil.copy(file, tmp_path)
    text = (tmp_path / "alerts.yml").read_text()
    assert rule in text
    (tmp_path / "alerts.yml").write_text(text.replace(rule, other, 1))
    tmp_path.chmod(0o755)
    code, said = promtool(servers, tmp_path, "test", "rules", "alerts_test.yml")
    assert code != 0
    assert "FAILED" in said
