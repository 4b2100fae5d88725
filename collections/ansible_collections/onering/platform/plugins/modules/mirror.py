#!/usr/bin/python
# Copyright: OneRing contributors
# Apache License 2.0 (see LICENSE)
"""Module mirror: a directory of the control node, the same on the target."""

from __future__ import annotations

DOCUMENTATION = r"""
module: mirror
short_description: A directory of the control node, the same on the target
version_added: 0.1.0
author: OneRing contributors (@onering)
description:
  - Makes a directory of the target hold exactly what a directory of the control node holds.
    What is not there is removed.
  - Files are compared by their content's hash. What differs goes over in one archive, whatever the number of files;
    nothing is sent where nothing differs. Neither side needs rsync.
  - Every file is written beside its place and moved there.
    A reader sees the old or the new content and nothing between.
  - Files get mode 0644, or 0755 where their owner may execute them, and directories 0755.
  - A link to a file is mirrored as that file. A link to a directory, or to nothing, is an error.
attributes:
  check_mode:
    description: Can run in check mode and tell what it would change, without changing anything.
    support: full
  diff_mode:
    description: Shows the paths that differ, with their modes and hashes.
    support: full
  idempotent:
    description: A second run changes nothing.
    support: full
options:
  src:
    description: The directory on the control node.
    type: path
    required: true
  dest:
    description: Absolute path of the directory on the target. It and its parents are created.
    type: path
    required: true
  exclude:
    description: Names of files and directories that are left out, with wildcards as the shell has them.
    type: list
    elements: str
    default: [__pycache__, "*.pyc", .pytest_cache, ".#*", "*~", "*.swp"]
  entries:
    description: What the directory on the control node holds. The controller sets it.
    type: dict
  archive:
    description: File on the target with the contents that differ. The controller sets it.
    type: path
extends_documentation_fragment:
  - onering.platform.attributes.python
"""

EXAMPLES = r"""
- name: Bring the content to the host
  onering.platform.mirror:
    src: platform
    dest: /var/lib/onering/demo/platform
"""

RETURN = r"""
changed_paths:
  description:
    - Paths relative to RV(dest) that were (in check mode, would be) written, corrected or removed.
    - V(.) is the directory itself.
  returned: success
  type: list
  elements: str
  sample: [orchestration/airflow/dags/datasets.py]
wanted_paths:
  description: Those of them whose content is (in check mode, would be) sent.
  returned: success
  type: list
  elements: str
  sample: [orchestration/airflow/dags/datasets.py]
dest:
  description: The directory on the target.
  returned: success
  type: str
"""

import os
import tarfile
from typing import IO, Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.onering.platform.plugins.module_utils.atomic import replaced
from ansible_collections.onering.platform.plugins.module_utils.resource import BackendError, Resource, converge, run
from ansible_collections.onering.platform.plugins.module_utils.trees import BLOCK, hash_of, tree_of

SPEC: dict[str, Any] = {
    "src": {"type": "path", "required": True},
    "dest": {"type": "path", "required": True},
    "exclude": {
        "type": "list",
        "elements": "str",
        "default": ["__pycache__", "*.pyc", ".pytest_cache", ".#*", "*~", "*.swp"],
    },
    "entries": {"type": "dict"},
    "archive": {"type": "path"},
}


class Mirror(Resource):
    """A directory, as relative path to entry."""

    def __init__(self, params: dict[str, Any]) -> None:
        self.dest: str = params["dest"]
        if not os.path.isabs(self.dest) or os.path.normpath(self.dest).count("/") < 2:
            raise BackendError(
                f"mirror to {self.dest}",
                "the directory must be absolute and not at the top of the file system",
                "Give the content a directory of its own.",
            )
        if params["entries"] is None:
            raise BackendError(f"mirror to {self.dest}", "the controller sent no entries", "Call it as a task.")
        self.entries: dict[str, dict[str, Any]] = params["entries"]
        self.archive: str | None = params["archive"]
        self.changed_paths: list[str] = []
        self.wanted_paths: list[str] = []

    def where(self, path: str) -> str:
        return os.path.normpath(os.path.join(self.dest, path))

    def read(self) -> dict[str, Any] | None:
        if not os.path.lexists(self.dest):
            return None
        if os.path.islink(self.dest) or not os.path.isdir(self.dest):
            raise BackendError(f"mirror to {self.dest}", "it is there and isn't a directory", "Move it away.")
        return tree_of(self.dest)

    def desired(self, current: dict[str, Any] | None) -> dict[str, Any]:
        before = current or {}
        differ = sorted(
            path for path in {*before, *self.entries} if before.get(path) != self.entries.get(path)
        )  # fmt: skip
        self.changed_paths = differ
        self.wanted_paths = [
            path
            for path in differ
            if self.entries.get(path, {}).get("kind") == "file"
            and before.get(path, {}).get("sha256") != self.entries[path]["sha256"]
        ]
        return self.entries

    def write(self, current: dict[str, Any] | None, desired: dict[str, Any]) -> None:
        before = current or {}
        gone = [path for path in before if before[path]["kind"] != desired.get(path, {}).get("kind")]
        for path in sorted(gone, reverse=True):
            (os.rmdir if before[path]["kind"] == "directory" else os.unlink)(self.where(path))
        for path in sorted(desired):
            if desired[path]["kind"] == "directory":
                os.makedirs(self.where(path), exist_ok=True)
        if self.wanted_paths:
            self.unpack(desired)
        for path in self.changed_paths:
            if path in desired:
                os.chmod(self.where(path), int(desired[path]["mode"], 8))

    def unpack(self, desired: dict[str, Any]) -> None:
        if not self.archive:
            raise BackendError(f"write {self.wanted_paths[0]}", "the controller sent no content", "Call it as a task.")
        wanted = set(self.wanted_paths)
        with tarfile.open(self.archive) as archive:
            for member in archive:
                stream = archive.extractfile(member) if member.name in wanted else None
                if stream is not None:
                    wanted.discard(member.name)
                    self.write_file(member.name, stream, desired[member.name])
        if wanted:
            raise BackendError(f"write {min(wanted)}", "it is not in what the controller sent")

    def write_file(self, path: str, stream: IO[bytes], entry: dict[str, Any]) -> None:
        full = self.where(path)
        with replaced(full) as target:
            while block := stream.read(BLOCK):
                target.write(block)
            target.flush()
            if hash_of(target.name) != entry["sha256"]:
                raise BackendError(f"write {path}", "it changed while it was sent", "Run again.")
            os.chmod(target.name, int(entry["mode"], 8))

    def returns(self, state: dict[str, Any] | None) -> dict[str, Any]:
        return {"dest": self.dest, "changed_paths": self.changed_paths, "wanted_paths": self.wanted_paths}


def main() -> None:
    module = AnsibleModule(argument_spec=SPEC, supports_check_mode=True)

    def manage(module: AnsibleModule) -> None:
        try:
            converge(module, Mirror(module.params))
        except OSError as error:
            raise BackendError(f"mirror to {module.params['dest']}", str(error)) from error

    run(module, manage)


if __name__ == "__main__":
    main()
