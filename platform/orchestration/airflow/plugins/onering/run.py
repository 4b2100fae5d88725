"""What a run is called, everywhere."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any


@dataclass(frozen=True)
class Run:
    """One logical date of one dataset; a forced repeat is another attempt. Small enough to pass between tasks."""

    dataset: str
    run_id: str
    attempt: int = 1

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    @property
    def manifest_key(self) -> str:
        return f"{self.dataset}/_manifests/{self.run_id}.json"

    def prefix(self, stream: str) -> str:
        """Where the objects of a stream or mart lie, in every bucket."""
        return f"{self.dataset}/{stream}/{self.run_id}/"


def run_id_of(logical_date: datetime) -> str:
    """20260101T000000Z: sorts as the dates do and needs no escaping in an object's key."""
    return logical_date.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")


def logical_date_of(run_id: str) -> datetime:
    return datetime.strptime(run_id, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
