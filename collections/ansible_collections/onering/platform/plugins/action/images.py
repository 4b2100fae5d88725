# Copyright: OneRing contributors
# Apache License 2.0 (see LICENSE)
"""Controller's half of onering.platform.images: addresses contexts, sends what is missing, follows builds and pulls."""

from __future__ import annotations

import os
import secrets
import tarfile
import tempfile
import time
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible_collections.onering.platform.plugins.module_utils.images import ImageSpecError
from ansible_collections.onering.platform.plugins.plugin_utils.contexts import addressed
from ansible_collections.onering.platform.plugins.plugin_utils.progress import run_with_progress

MODULE = "onering.platform.images"


class ActionModule(ActionBase):
    """See the module's documentation; the arguments are the same."""

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        super().run(tmp, task_vars)
        begun = time.monotonic()
        result = self._obtain(task_vars or {})
        result["seconds"] = round(time.monotonic() - begun)
        return result

    def _obtain(self, task_vars: dict[str, Any]) -> dict[str, Any]:
        """What the module returns, after building what is missing."""
        args = dict(self._task.args)
        try:
            wanted, files = addressed(
                args.get("images") or [],
                args.get("repository") or "onering",
                self._loader.get_basedir(),
                task_vars.get("role_path"),
            )
        except ImageSpecError as error:
            raise AnsibleActionFail(f"images: {error}") from error
        args["images"] = wanted
        looked = self._execute_module(
            module_name=MODULE, module_args={**args, "state": "gathered"}, task_vars=task_vars
        )
        if looked.get("failed"):
            return looked
        missing = [image for image in wanted if looked["images"][image["name"]]["state"] == "absent"]
        recorded = looked["recorded"]
        if args.get("state") == "gathered" or self._task.check_mode or (not missing and recorded):
            looked["changed"] = (bool(missing) or not recorded) and args.get("state") != "gathered"
            if looked["changed"] and self._task.diff:
                new = [image["tag"] for image in missing] or [str(args.get("record_path"))]
                looked["diff"] = {"before": "", "after": "".join(f"{line}\n" for line in new)}
            return looked
        if not missing:
            return self._execute_module(
                module_name=MODULE, module_args={**args, "state": "present"}, task_vars=task_vars
            )
        remote = self._make_tmp_path()
        try:
            for image in missing:
                self._send(image, files[image["name"]], remote)
            progress = self._connection._shell.join_path(args["log_dir"], f"progress-{secrets.token_hex(4)}")
            return run_with_progress(
                self,
                MODULE,
                {**args, "state": "present", "progress_path": progress},
                task_vars,
                progress,
                int(args.get("timeout") or 2400) + int(args.get("pull_timeout") or 600) + 300,
            )
        finally:
            self._remove_tmp_path(remote, force=True)

    def _send(self, image: dict[str, Any], files: dict[str, str], remote: str) -> None:
        """Pack the context with fixed owner and times (same content, same cache) and copy it to the target."""
        if image["base"] or image["vendor"]:
            return
        with tempfile.NamedTemporaryFile(suffix=".tar") as packed:
            with tarfile.open(packed.name, "w") as tar:
                for name, path in sorted(files.items()):
                    info = tar.gettarinfo(path, name)
                    info.mtime, info.uid, info.gid, info.uname, info.gname = 0, 0, 0, "root", "root"
                    info.mode = 0o755 if os.access(path, os.X_OK) else 0o644
                    with open(path, "rb") as stream:
                        tar.addfile(info, stream)
            image["context"] = self._connection._shell.join_path(remote, f"{image['name']}.tar")
            self._transfer_file(packed.name, image["context"])
