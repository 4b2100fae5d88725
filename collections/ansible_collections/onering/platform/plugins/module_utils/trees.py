# Copyright: OneRing contributors
# Apache License 2.0 (see LICENSE)
"""What a tree of content is, seen alike on the control node, which has it, and on the target, which gets it."""

from __future__ import annotations

import fnmatch
import hashlib
import os
import stat
from collections.abc import Sequence
from typing import Any

BLOCK = 1 << 20


class TreeError(ValueError):
    """A tree that can't be mirrored: says which entry, and why."""


def hash_of(path: str) -> str:
    digest = hashlib.sha256()
    with open(path, "rb") as stream:
        while block := stream.read(BLOCK):
            digest.update(block)
    return digest.hexdigest()


def entry_of(path: str) -> dict[str, Any]:
    """A file or a directory as it is; anything else by the name of its kind."""
    found = os.lstat(path)
    mode = f"{stat.S_IMODE(found.st_mode):04o}"
    if stat.S_ISREG(found.st_mode):
        return {"kind": "file", "mode": mode, "sha256": hash_of(path)}
    if stat.S_ISDIR(found.st_mode):
        return {"kind": "directory", "mode": mode}
    return {"kind": "link" if stat.S_ISLNK(found.st_mode) else "other"}


def tree_of(folder: str) -> dict[str, dict[str, Any]]:
    """Relative path to entry, for everything below `folder`; '.' is the folder itself. Links are not followed."""
    found = {".": entry_of(folder)}
    for here, folders, names in os.walk(folder):
        for name in folders + names:
            path = os.path.join(here, name)
            found[os.path.relpath(path, folder)] = entry_of(path)
    return found


def content_of(folder: str, exclude: Sequence[str]) -> dict[str, dict[str, Any]]:
    """The tree that a mirror of `folder` should be: without names that match `exclude`, links to files as files, modes
    of two kinds. Raises TreeError for what has no place in it."""
    wanted: dict[str, dict[str, Any]] = {".": {"kind": "directory", "mode": "0755"}}

    def refuse(error: OSError) -> None:
        raise TreeError(f"{error.filename}: {error.strerror}")

    for here, folders, names in os.walk(folder, onerror=refuse):
        kept = [name for name in folders if not excluded(name, exclude)]
        folders[:] = kept
        for name in kept + [name for name in names if not excluded(name, exclude)]:
            path = os.path.join(here, name)
            relative = os.path.relpath(path, folder)
            if not relative.isprintable():
                raise TreeError(f"{path!r}: the name isn't plain text; rename it")
            if os.path.isdir(path):
                if os.path.islink(path):
                    raise TreeError(f"{path}: is a link to a directory; put the directory itself there")
                wanted[relative] = {"kind": "directory", "mode": "0755"}
            elif os.path.isfile(path):
                mode = "0755" if os.stat(path).st_mode & stat.S_IXUSR else "0644"
                try:
                    wanted[relative] = {"kind": "file", "mode": mode, "sha256": hash_of(path)}
                except OSError as error:
                    refuse(error)
            else:
                raise TreeError(f"{path}: is neither a file nor a directory, or a link to nothing")
    return wanted


def excluded(name: str, patterns: Sequence[str]) -> bool:
    return any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)
