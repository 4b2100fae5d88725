# Copyright: OneRing contributors
# Apache License 2.0 (see LICENSE)
"""Content addresses of images: what goes into an image decides its tag, so an unchanged image is never built twice.

Shared by the controller (which sees the contexts) and the target (which builds).
"""

from __future__ import annotations

import hashlib
import json
import os

# Raised when the way images are built changes in a manner that the contexts don't show.
BUILDER = "1"

# What changes that a vendor's image can't be had.
VENDOR_REMEDY = "let the engine reach the image's registry (proxy and mirrors in /etc/docker), or docker load the image"


class ImageSpecError(ValueError):
    """A declaration of an image that can't be built: says which, and why."""


def in_order(specs: list[dict]) -> list[dict]:
    """The same declarations, parents first. Raises ImageSpecError for an unknown parent, a double name or a cycle."""
    by_name = {spec["name"]: spec for spec in specs}
    if len(by_name) != len(specs):
        names = [spec["name"] for spec in specs]
        raise ImageSpecError(f"declared twice: {', '.join(sorted({n for n in names if names.count(n) > 1}))}")
    done: dict[str, dict] = {}

    def visit(name: str, path: tuple[str, ...]) -> None:
        if name in done:
            return
        if name in path:
            raise ImageSpecError(f"images need each other: {' -> '.join([*path, name])}")
        if name not in by_name:
            raise ImageSpecError(f"{path[-1]} stands on {name}, which no role declares")
        for parent in (by_name[name].get("parents") or {}).values():
            visit(parent, (*path, name))
        if by_name[name].get("vendor"):
            check_vendor(by_name[name])
        done[name] = by_name[name]

    for spec in specs:
        visit(spec["name"], ())
    return list(done.values())


def check_vendor(spec: dict) -> None:
    """A vendor's image is named by repository and version, and by nothing that floats."""
    if not str(spec["vendor"]).endswith(f":{spec['version']}") or not str(spec["version"])[:1].isdigit():
        raise ImageSpecError(f"{spec['name']}: {spec['vendor']} is not <repository>:{spec['version']}")
    if not spec.get("probe"):
        raise ImageSpecError(f"{spec['name']}: a vendor's image needs a probe, by which it is accepted")


def context_files(context: str, extra: dict[str, str]) -> dict[str, str]:
    """Name in the build context → path on the controller, for every file below `context` plus the `extra` ones."""
    files: dict[str, str] = {}
    for folder, folders, names in os.walk(context):
        folders[:] = sorted(f for f in folders if f != "__pycache__")
        for name in sorted(names):
            path = os.path.join(folder, name)
            files[os.path.relpath(path, context)] = path
    for path, name in extra.items():
        if name in files:
            raise ImageSpecError(f"{path} would replace {name} of the context {context}")
        files[name] = path
    return files


def digest(spec: dict, files: dict[str, str], parents: dict[str, str]) -> str:
    """First 12 hex digits of the SHA-256 over everything that decides the image's content."""
    content = {}
    for name, path in sorted(files.items()):
        try:
            with open(path, "rb") as stream:
                content[name] = [hashlib.sha256(stream.read()).hexdigest(), os.access(path, os.X_OK)]
        except OSError as error:
            raise ImageSpecError(f"{spec['name']}: can't read {path}: {error.strerror}") from error
    whole = {
        "builder": BUILDER,
        "name": spec["name"],
        "version": spec["version"],
        "suite": spec.get("suite"),
        "packages": spec.get("packages"),
        "args": spec.get("args") or {},
        "parents": parents,
        "content": content,
    }
    return hashlib.sha256(json.dumps(whole, sort_keys=True).encode()).hexdigest()[:12]


def suite_of(spec: dict, by_name: dict[str, dict]) -> str:
    """The Debian suite that an image stands on: its own, or its first ancestor's that has one."""
    if spec.get("suite"):
        return spec["suite"]
    for parent in (spec.get("parents") or {}).values():
        found = suite_of(by_name[parent], by_name)
        if found:
            return found
    return ""
