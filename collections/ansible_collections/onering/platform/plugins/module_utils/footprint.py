# Copyright: OneRing contributors
# Apache License 2.0 (see LICENSE)
"""What components are expected to need on a host, from the footprints that they declare. Plain data, nothing is read.

Filters use it in every task that filters: it imports nothing that takes time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

# Room for first data and logs, besides images.
DATA_MB = 1024


def size(megabytes: float) -> str:
    """Mebibytes as a text."""
    return f"{megabytes / 1024:.1f} GiB"


def images_of(components: Iterable[dict[str, Any]], images: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """The images that these components run from, behind those that they stand on."""
    by_name = {image["name"]: image for image in images}
    found: dict[str, dict[str, Any]] = {}

    def take(name: str) -> None:
        if name in by_name and name not in found:
            for parent in (by_name[name].get("parents") or {}).values():
                take(parent)
            found[name] = by_name[name]

    for component in components:
        for name in component["images"]:
            take(name)
    return list(found.values())


def needed(components: list[dict[str, Any]], images: list[dict[str, Any]], host: dict[str, Any]) -> dict[str, int]:
    """Memory, disk and build time that these components still need on the host: what runs or is built needs no more."""
    missing = [image for image in images_of(components, images) if image["name"] in host["missing"]]
    names = {image["name"] for image in missing}
    building = [component["footprint"] for component in components if names & set(component["images"])]
    building += [image["footprint"] for image in missing if image.get("footprint")]
    seconds = [int(footprint.get("build_seconds", 0)) for footprint in building]
    memory = sum(
        int(component["footprint"].get("memory_mb", 0))
        for component in components
        if not component["services"] or not set(component["services"]) <= set(host["running"])
    )
    # Builds go side by side: measured, half of their sum, but never less than the longest.
    return {
        "memory_mb": memory,
        "disk_mb": sum(int(footprint.get("disk_mb", 0)) for footprint in building) + DATA_MB,
        "build_seconds": max([sum(seconds) // 2, *seconds]) if seconds else 0,
    }
