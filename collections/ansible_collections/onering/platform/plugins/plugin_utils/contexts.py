# Copyright: OneRing contributors
# Apache License 2.0 (see LICENSE)
"""Declared images with what the controller knows of them: their files, and the tag that follows from these."""

from __future__ import annotations

import os
from typing import Any

from ansible import constants as C
from ansible_collections.onering.platform.plugins.module_utils.images import (
    ImageSpecError,
    context_files,
    digest,
    in_order,
    suite_of,
)


def addressed(
    images: list[dict[str, Any]], repository: str, basedir: str, role_path: str | None = None
) -> tuple[list[dict[str, Any]], dict[str, dict[str, str]]]:
    """The declarations, parents first, each with its tag, suite and parents' tags; and each one's files by its name.

    Build contexts are searched in the roles beside `basedir` (the play's folder), beside the role that asks (no path
    leads to a collection's roles), and in the roles path.
    """
    folders = [os.path.join(basedir, "roles"), *([os.path.dirname(role_path)] if role_path else [])]
    specs = in_order(images)
    by_name = {spec["name"]: spec for spec in specs}
    tags: dict[str, str] = {}
    files: dict[str, dict[str, str]] = {}
    wanted = []
    for spec in specs:
        name = spec["name"]
        parents = {arg: tags[parent] for arg, parent in (spec.get("parents") or {}).items()}
        files[name] = {}
        if spec.get("role"):
            context, top = _context(spec["role"], [*folders, *(C.DEFAULT_ROLES_PATH or [])])
            extra = {os.path.join(top, path): inside for path, inside in (spec.get("extra") or {}).items()}
            files[name] = context_files(context, extra)
        built = f"{repository}/{name}:{spec['version']}-{digest(spec, files[name], parents)}"
        tags[name] = spec.get("vendor") or built
        wanted.append(
            {
                "name": name,
                "version": str(spec["version"]),
                "tag": tags[name],
                "suite": suite_of(spec, by_name),
                "packages": spec.get("packages") or [],
                "base": bool(spec.get("suite")),
                "vendor": bool(spec.get("vendor")),
                "probe": spec.get("probe") or {},
                "args": {**parents, **(spec.get("args") or {})},
                "parents": list(parents.values()),
            }
        )
    return wanted, files


def _context(role: str, paths: list[str]) -> tuple[str, str]:
    """Folder of the role's build context, and the folder that `extra` paths start from (the parent of `roles`)."""
    for roles in paths:
        context = os.path.join(roles, role, "files", "image")
        if os.path.isfile(os.path.join(context, "Dockerfile")):
            return context, os.path.dirname(os.path.realpath(roles))
    raise ImageSpecError(f"role {role} has no files/image/Dockerfile in {', '.join(paths)}")
