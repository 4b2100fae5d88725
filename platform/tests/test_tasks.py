"""What the tasks of a flow hand to each other."""

from __future__ import annotations

import ast
from pathlib import Path


def test_tasks_pass_runs_and_counts_never_rows(platform: Path) -> None:
    """Regression 9."""
    tree = ast.parse((platform / "orchestration/airflow/dags/datasets.py").read_text())
    returned = {
        node.name: ast.unparse(node.returns)
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef)
        and node.returns is not None
        and any(ast.unparse(decorator).startswith("task") for decorator in node.decorator_list)
    }
    handed_on = {name: kind for name, kind in returned.items() if kind != "None"}
    assert len(returned) > 5
    assert handed_on == {"open_run": "dict[str, Any]", "extract": "dict[str, dict[str, Any]]"}
