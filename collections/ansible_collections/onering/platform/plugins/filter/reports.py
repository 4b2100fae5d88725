# Copyright: OneRing contributors
# Apache License 2.0 (see LICENSE)
"""The texts that people read: the summary after `make up`, and what `make status` says."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ansible_collections.onering.platform.plugins.filter.exports import enabled
from ansible_collections.onering.platform.plugins.module_utils.footprint import images_of, needed, size

Row = Sequence[str]


def table(head: Row, rows: Iterable[Row], right: Iterable[int] = ()) -> list[str]:
    """Lines of a table; columns whose numbers are in `right` are aligned to the right."""
    lines = [list(head), *[list(row) for row in rows]]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    to_right = set(right)
    return [
        "  "
        + "  ".join(
            text.rjust(width) if column in to_right else text.ljust(width)
            for column, (text, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    ]


def number(value: Any) -> str:
    """A count with thousands separated; a dash where there is none."""
    if value is None:
        return "-"
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.2f}"


def duration(seconds: Any) -> str:
    """Seconds as `3 min 05 s`, `2 h 10 min` or `4 d 3 h`."""
    total = round(float(seconds or 0))
    if total < 60:
        return f"{total} s"
    if total < 3600:
        return f"{total // 60} min {total % 60:02d} s"
    if total < 86400:
        return f"{total // 3600} h {total % 3600 // 60:02d} min"
    return f"{total // 86400} d {total % 86400 // 3600} h"


def megabytes(count: Any) -> str:
    """Bytes as mebibytes."""
    return f"{int(count or 0) / 2**20:,.0f} MiB"


def short(image: str) -> str:
    """An image's tag without its repository."""
    return image.rpartition("/")[2]


def _receipts(flow: Mapping[str, Any]) -> list[str]:
    receipts = flow.get("receipts") or []
    lines: list[str] = []
    streams = [r for r in receipts if r["kind"] == "stream"]
    if streams:
        lines += ["Receipt: source = Bronze = Silver + quarantined"]
        lines += table(
            ("dataset", "stream", "source", "Bronze", "Silver", "quarantined", ""),
            [
                (
                    r["dataset"], r["name"], number(r["source"]), number(r["bronze"]), number(r["silver"]),
                    number(r["quarantined"]), verdict(r),
                )
                for r in streams
            ],
            right=(2, 3, 4, 5),
        )  # fmt: skip
    marts = [r for r in receipts if r["kind"] == "mart"]
    if marts:
        lines += ["", "Marts: each measure of Gold against Silver"]
        lines += table(
            ("dataset", "mart", "measure", "Gold", "Silver", ""),
            [
                (r["dataset"], r["name"], r["measure"], number(r["gold"]), number(r["silver"]), verdict(r))
                for r in marts
            ],
            right=(3, 4),
        )
    return lines


def verdict(receipt: Mapping[str, Any]) -> str:
    """Whether a line of the receipt balances, in a word."""
    return "balances" if receipt["balanced"] else "DOES NOT BALANCE"


def _checks(flow: Mapping[str, Any]) -> list[str]:
    checks = flow.get("checks") or []
    if not checks:
        return []
    return [
        "",
        "Checks",
        *table(
            ("dataset", "layer", "passed", "failed"),
            [(c["dataset"], c["layer"].capitalize(), number(c["passed"]), number(c["failed"])) for c in checks],
            right=(2, 3),
        ),
    ]


def _runs(flow: Mapping[str, Any]) -> list[str]:
    runs = flow.get("runs") or []
    if not runs:
        return ["Runs: none yet"]
    lines = [
        "Last runs",
        *table(
            ("dataset", "logical date", "attempt", "state", "started (UTC)", "took"),
            [
                (
                    r["dataset"], r["logical_date"], str(r["attempt"]), r["state"], r["started"],
                    duration(r["seconds"]),
                )
                for r in runs
            ],
        ),
    ]  # fmt: skip
    for run in runs:
        if run["state"] == "failed":
            where = f" in {run['failed_task']}" if run["failed_task"] else ""
            lines.append(f"  {run['dataset']} {run['logical_date']} failed{where}: {run['cause']}")
        if run.get("notes"):
            lines.append(f"  {run['dataset']} {run['logical_date']} note: {run['notes']}")
    return lines


def _containers(containers: Sequence[Mapping[str, Any]], images: Mapping[str, Any]) -> list[str]:
    versions = {image["image"]: image for image in images.values()}
    services = [c for c in containers if c["kind"] == "service"]
    lines = [
        "Containers",
        *table(
            ("name", "state", "up", "working set", "image", ""),
            [
                (
                    c["name"], c["health"] or c["state"], duration(c["uptime_seconds"]),
                    megabytes(c["working_set_bytes"]), short(c["image"]), versions.get(c["image"], {}).get("state", ""),
                )
                for c in services
            ],
            right=(2, 3),
        ),
    ]  # fmt: skip
    total = sum(c["working_set_bytes"] for c in services)
    lines.append(f"  together {megabytes(total)}")
    return lines


def _images(images: Mapping[str, Any]) -> list[str]:
    return [
        "Images",
        *table(
            ("image", "", "took", "size"),
            [
                (
                    short(i["image"]),
                    i["state"],
                    duration(i["seconds"]) if i["seconds"] else "-",
                    f"{i['megabytes']:,} MB",
                )
                for i in images.values()
            ],
            right=(2, 3),
        ),
    ]


def image_states(images: Mapping[str, Any]) -> str:
    """One line an image: built in this run, or cached."""
    return "\n".join(_images(images)[1:])


def summary(data: Mapping[str, Any]) -> str:
    """What a person reads at the end of `make up`. Holds no secrets: logins name the file and key that has them."""
    flow = data.get("flow") or {}
    datasets = {run["dataset"] for run in flow.get("runs") or []}
    lines = ["", f"== OneRing: project {data['project']} ==", ""]
    lines += _receipts(flow) + _checks(flow)
    if data.get("highlights"):
        lines += ["", "Gold says", *[f"  {line}" for line in data["highlights"]]]
    lines += ["", *_runs({"runs": (flow.get("runs") or [])[: max(3, len(datasets))]})]
    lines += ["", *_containers(data["containers"], data["images"]), "", *_images(data["images"])]
    if data.get("links"):
        lines += [
            "",
            f"Links (passwords are in {data['secrets_file']})",
            *table(
                ("what", "where", "login", "password"),
                [
                    (link["title"], link["url"], link.get("login", "-"), link.get("secret", "-"))
                    for link in data["links"]
                ],
            ),
        ]
    if data.get("phases"):
        lines += [
            "",
            "Times",
            *table(("phase", "took"), [(p["name"], duration(p["seconds"])) for p in data["phases"]], right=(1,)),
        ]
    if data.get("left_out"):
        lines += ["", "Left out", *[f"  {part['title']}: {part['why']}" for part in data["left_out"]]]
    return "\n".join(lines)


def status(data: Mapping[str, Any]) -> str:
    """What `make status` says: containers, and the last runs with the causes of those that failed."""
    if not data["containers"]:
        return f"Project {data['project']} has no containers; `make up` brings it up."
    lines = [f"== OneRing: project {data['project']} ==", "", *_containers(data["containers"], data["images"])]
    return "\n".join([*lines, "", *_runs(data.get("flow") or {})])


def wrapped(head: Row, rows: Iterable[Row], widths: Mapping[int, int]) -> list[str]:
    """A table whose columns of `widths` are broken into lines of about that width."""
    broken: list[Row] = []
    for row in rows:
        cells = [_lines(cell, widths[n]) if n in widths else [cell] for n, cell in enumerate(row)]
        broken += [
            tuple(cell[line] if line < len(cell) else "" for cell in cells) for line in range(max(map(len, cells)))
        ]
    return table(head, broken)


def part_of(still: int, whole: int) -> str:
    """What is still needed; and of how much, where some of it is there already."""
    return size(whole) if still == whole else f"{size(still)} of {size(whole)}"


def _lines(text: str, width: int) -> list[str]:
    """A text in lines; addresses and paths stay whole."""
    return textwrap.wrap(text, width, break_long_words=False, break_on_hyphens=False) or [""]


def _fit(data: Mapping[str, Any]) -> list[str]:
    """Which profiles fit the host, and what each still needs of it."""
    judged, parts = data["judged"], data["parts"]
    host = judged["host"]
    by_name = {part["name"]: part for part in parts}
    sets = {profile: enabled(parts, profile) for profile in dict.fromkeys(part["profile"] for part in parts)}
    if len(sets) > 1:
        sets["full"] = enabled(parts, "full")
    chosen = list(data["chosen"])
    if chosen not in sets.values():
        sets = {"chosen": chosen, **sets}
    rows = []
    for profile, names in sets.items():
        components = [by_name[name] for name in names]
        need = needed(components, judged["images"], host)
        whole = needed(components, judged["images"], {"missing": [i["name"] for i in judged["images"]], "running": []})
        short = [
            what
            for what, has, wants in (
                ("memory", host["memory_mb"], need["memory_mb"]),
                ("disk", host["store"]["free_mb"], need["disk_mb"]),
            )
            if has < wants
        ]
        fits = f"no: too little {' and '.join(short)}" if short else "yes"
        rows.append(
            (
                profile,
                str(len(names)),
                part_of(need["memory_mb"], whole["memory_mb"]),
                part_of(need["disk_mb"], whole["disk_mb"]),
                f"{-(-need['build_seconds'] // 60)} min" if need["build_seconds"] else "-",
                fits + (", chosen" if names == chosen and profile != "chosen" else ""),
            )
        )
    has = f"{host['cpus']} CPUs, {size(host['memory_mb'])} of memory available"
    return [
        f"What still has to fit: {has}, {size(host['store']['free_mb'])} free at {host['store']['path']}",
        *table(("profile", "components", "memory", "disk", "build", "fits"), rows, right=(1, 2, 3, 4)),
    ]


def _would(data: Mapping[str, Any]) -> list[str]:
    """For check mode: what is not there yet and would be made, which the roles can't tell without an engine."""
    judged, project = data["judged"], data["project"]
    host = judged["host"]
    parts = [part for part in data["parts"] if part["name"] in data["chosen"]]
    images = [i["name"] for i in images_of(parts, judged["images"]) if i["name"] in host["missing"]]
    services = [f"{project}-{name}" for part in parts for name in part["services"] if name not in host["running"]]
    return [f"  would be {done}: {', '.join(names)}" for done, names in (("built", images), ("run", services)) if names]


def preflight(data: Mapping[str, Any]) -> str:
    """What a person reads before anything changes: one table of findings with their remedies, and what fits."""
    findings, judged = list(data["findings"]), data["judged"]
    errors = [entry for entry in findings if entry["level"] == "error"]
    checks = 1 + len(judged.get("checks") or [])
    failed = len({entry["check"] for entry in errors})
    lines = []
    if errors:
        lines += [f"Preflight of {data['host']}: {failed} of {checks} checks failed; nothing was changed", ""]
    elif judged:
        passed = checks - len({entry["check"] for entry in findings})
        lines += [f"Preflight of {data['host']}: {'all ' if passed == checks else ''}{passed} checks passed"]
    if findings:
        rows = [(e["check"], e["level"], e["found"], e["remedy"]) for e in findings]
        lines += wrapped(("check", "", "found", "remedy"), rows, {2: 56, 3: 46})
    if errors and not judged and not data["usable"]:
        lines += ["", "The host was not asked: mend the settings first."]
    if errors and judged:
        lines += [""]
    if judged:
        lines += [f"  {note}" for note in judged["notes"]]
        lines += _would(data) if data["check"] and not errors else []
        lines += _fit(data)
    return "\n".join(lines)


class FilterModule:
    """Ansible's entry point."""

    def filters(self) -> dict[str, Any]:
        return {"summary": summary, "status": status, "image_states": image_states, "preflight": preflight}
