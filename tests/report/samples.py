"""Dashboards, and datasources that answer what a test gives them."""

from __future__ import annotations

from typing import Any

from platform_report.sources import Frame, Sources

PROMETHEUS = {"type": "prometheus", "uid": "prometheus"}
NOW = 1_800_000_000.0


def panel(kind: str, **more: Any) -> dict[str, Any]:
    """A panel with one query of Prometheus."""
    target = {"refId": "A", "datasource": PROMETHEUS, "expr": "x", "legendFormat": "{{name}}"}
    return {
        "id": 1,
        "type": kind,
        "title": "A question?",
        "gridPos": {"x": 0, "y": 0, "w": 12, "h": 8},
        "targets": [target],
        "fieldConfig": {"defaults": {"unit": "none"}, "overrides": []},
        "options": {},
        **more,
    }


def document(*panels: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A dashboard."""
    return {"uid": "d", "title": "A dashboard", "time": {"from": "now-1h", "to": "now"}, "panels": list(panels), **more}


class Answering(Sources):
    """Every panel is answered with the same frames."""

    def __init__(self, *frames: Frame) -> None:
        super().__init__("http://127.0.0.1:9", {}, now=NOW)
        self.frames = list(frames)

    def run(self, *_: Any) -> list[Frame]:
        return self.frames
