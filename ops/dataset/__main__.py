"""Make a dataset out of a file that nobody has seen.

usage: make dataset NAME=invoices FROM=file.csv [KEY=a,b] [ENCODING=…] [SEPARATOR=…] [HEADER=a,b,…] [HAS_HEADER=1]
       [TITLE=…] [DRY=1] [FORCE=1]
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from ops.dataset import keys, names, plan, profile, render, report, source, write
from ops.dataset.errors import RefusedError

ROOT = Path(__file__).resolve().parents[2]
TAB = {"\\t": "\t", "tab": "\t"}


def arguments(given: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make dataset", description="Make a dataset out of a CSV or Parquet file.")
    parser.add_argument("--name", default="")
    parser.add_argument("--from", dest="file", default="")
    parser.add_argument("--content", type=Path, default=ROOT / "platform", help="the content folder")
    for name in ("key", "header"):
        parser.add_argument(f"--{name}", default="", help="names, separated by commas")
    for name in ("encoding", "separator", "title"):
        parser.add_argument(f"--{name}", default="")
    for name in ("has-header", "dry", "force"):
        parser.add_argument(f"--{name}", action="store_true")
    return parser.parse_args(given)


def listed(value: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in value.split(",") if part.strip())


def run(options: argparse.Namespace, folder: Path) -> None:
    if not options.name or not options.file:
        raise RefusedError("usage: make dataset NAME=invoices FROM=file.csv")
    write.check_name(options.name, options.content)
    there = options.content / "datasets" / f"{options.name}.yml"
    if there.exists() and not (options.force or options.dry):
        raise RefusedError(
            f"the dataset {options.name} is there: {there}. FORCE=1 writes it anew, DRY=1 shows what would change. "
            f"To load newer rows of the same form, copy them over {sample(options)}"
        )
    separator = TAB.get(options.separator, options.separator) or None
    wish = source.Wish(options.encoding or None, separator, listed(options.header), options.has_header)
    begun = time.monotonic()
    table = source.load(Path(options.file).expanduser(), wish, folder)
    columns = profile.profile(table, names.folded(table.headers))
    key = keys.find(table, columns, listed(options.key))
    title = options.title or options.name.replace("_", " ").capitalize()
    made = plan.make(options.name, title, columns, key)
    files = render.render(made, table.dialect, Path(options.file).name)
    print("\n".join(report.found(made, table, time.monotonic() - begun)))
    changes = write.difference(files, options.content)
    again = bool(write.existing(files, options.content))
    if not options.dry:
        write.write(files, options.content, sample(options), table.file)
    print("\n" + "\n".join(told(options, files, changes, again)))


def sample(options: argparse.Namespace) -> Path:
    return Path(options.content / render.SAMPLE.format(name=options.name))


def told(options: argparse.Namespace, files: dict[str, str], changes: dict[str, list[str]], again: bool) -> list[str]:
    """What was written, or would be, and what comes next."""
    content: Path = options.content
    lines = ["Would write" if options.dry else "Written"]
    lines += [f"  {content / path}" for path in files]
    lines.append(f"  {sample(options)} (a copy of the data, ignored by git)")
    if again:
        lines += ["", "Changes" if changes else "Nothing changes but the copy of the data"]
        lines += [f"  {line}" for of in changes.values() for line in of]
        if any(path.endswith(".sql") for path in changes):
            lines += [
                "",
                "The changelog has changed. Where its changesets ran before, Liquibase refuses them by their checksum:",
                "keep the old file there and add changesets that alter the tables, or choose another NAME,",
                "or begin again (make down PURGE=1).",
            ]
    following = "Without DRY=1 this is written." if options.dry else "Next: review what is named above, then `make up`."
    return [*lines, "", following]


def main(given: Sequence[str] | None = None) -> int:
    options = arguments(given)
    try:
        with tempfile.TemporaryDirectory(prefix="onering-dataset-") as folder:
            run(options, Path(folder))
    except RefusedError as refused:
        print(f"make dataset: {refused}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
