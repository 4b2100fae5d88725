# Copyright: OneRing contributors
# Apache License 2.0 (see LICENSE)
"""Controller's half of onering.platform.mirror: says what there is, and sends what differs."""

from __future__ import annotations

import os
import tarfile
import tempfile
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible_collections.onering.platform.plugins.module_utils.trees import TreeError, content_of
from ansible_collections.onering.platform.plugins.modules.mirror import SPEC

MODULE = "onering.platform.mirror"


class ActionModule(ActionBase):
    """See the module's documentation; the arguments are the same."""

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        super().run(tmp, task_vars)
        options = {name: spec for name, spec in SPEC.items() if name not in ("entries", "archive")}
        _checked, args = self.validate_argument_spec(argument_spec=options)
        src = os.path.abspath(os.path.join(self._loader.get_basedir(), args["src"]))
        try:
            args["entries"] = content_of(src, args["exclude"])
        except TreeError as error:
            raise AnsibleActionFail(f"mirror: {error}") from error
        # What differs is known there; only that is sent.
        asked, self._task.check_mode = self._task.check_mode, True
        try:
            looked = self._execute_module(module_name=MODULE, module_args=args, task_vars=task_vars)
        finally:
            self._task.check_mode = asked
        if asked or looked.get("failed") or not looked.get("changed"):
            return looked
        remote = self._make_tmp_path()
        try:
            if looked["wanted_paths"]:
                args["archive"] = self._send(src, looked["wanted_paths"], remote)
            return self._execute_module(module_name=MODULE, module_args=args, task_vars=task_vars)
        finally:
            self._remove_tmp_path(remote, force=True)

    def _send(self, src: str, paths: list[str], remote: str) -> str:
        """Pack the files and copy them to the target; returns where they are there."""
        with tempfile.NamedTemporaryFile(suffix=".tar") as packed:
            with tarfile.open(packed.name, "w", dereference=True) as tar:
                for path in paths:
                    tar.add(os.path.join(src, path), path, recursive=False)
            there = self._connection._shell.join_path(remote, "content.tar")
            self._transfer_file(packed.name, there)
            return there
