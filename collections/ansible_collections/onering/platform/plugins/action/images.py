# Copyright: OneRing contributors
# Apache License 2.0 (see LICENSE)
"""Controller's half of onering.platform.images: addresses contexts, sends what is missing, follows the builds."""

from __future__ import annotations

import os
import secrets
import tarfile
import tempfile
import time
from typing import Any

from ansible import constants as C
from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible_collections.onering.platform.plugins.module_utils.images import (
    ImageSpecError,
    context_files,
    digest,
    in_order,
    suite_of,
)
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
            wanted = self._addressed(args)
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
            looked["changed"] = bool(missing) and args.get("state") != "gathered"
            if missing and self._task.diff:
                looked["diff"] = {"before": "", "after": "".join(f"{image['tag']}\n" for image in missing)}
            return looked
        if not missing:
            return self._execute_module(
                module_name=MODULE, module_args={**args, "state": "present"}, task_vars=task_vars
            )
        remote = self._make_tmp_path()
        try:
            for image in missing:
                self._send(image, remote)
            progress = self._connection._shell.join_path(args["log_dir"], f"progress-{secrets.token_hex(4)}")
            return run_with_progress(
                self,
                MODULE,
                {**args, "state": "present", "progress_path": progress},
                task_vars,
                progress,
                int(args.get("timeout") or 2400) + 60,
            )
        finally:
            self._remove_tmp_path(remote, force=True)

    def _addressed(self, args: dict[str, Any]) -> list[dict[str, Any]]:
        """The declarations, parents first, each with its files, tag, suite and parents' tags."""
        specs = in_order(args.get("images") or [])
        by_name = {spec["name"]: spec for spec in specs}
        tags: dict[str, str] = {}
        wanted = []
        for spec in specs:
            parents = {arg: tags[name] for arg, name in (spec.get("parents") or {}).items()}
            files: dict[str, str] = {}
            if spec.get("role"):
                context, top = self._context(spec["role"])
                extra = {os.path.join(top, path): name for path, name in (spec.get("extra") or {}).items()}
                files = context_files(context, extra)
            hashed = digest(spec, files, parents)
            tags[spec["name"]] = f"{args.get('repository') or 'onering'}/{spec['name']}:{spec['version']}-{hashed}"
            self._files = getattr(self, "_files", {})
            self._files[spec["name"]] = files
            wanted.append(
                {
                    "name": spec["name"],
                    "version": str(spec["version"]),
                    "tag": tags[spec["name"]],
                    "suite": suite_of(spec, by_name),
                    "packages": spec.get("packages") or [],
                    "base": bool(spec.get("suite")),
                    "args": {**parents, **(spec.get("args") or {})},
                    "parents": list(parents.values()),
                }
            )
        return wanted

    def _context(self, role: str) -> tuple[str, str]:
        """Folder of the role's build context, and the folder that `extra` paths start from (the parent of `roles`)."""
        paths = [os.path.join(self._loader.get_basedir(), "roles"), *(C.DEFAULT_ROLES_PATH or [])]
        for roles in paths:
            context = os.path.join(roles, role, "files", "image")
            if os.path.isfile(os.path.join(context, "Dockerfile")):
                return context, os.path.dirname(os.path.realpath(roles))
        raise ImageSpecError(f"role {role} has no files/image/Dockerfile in {', '.join(paths)}")

    def _send(self, image: dict[str, Any], remote: str) -> None:
        """Pack the context with fixed owner and times (same content, same cache) and copy it to the target."""
        if image["base"]:
            return
        with tempfile.NamedTemporaryFile(suffix=".tar") as packed:
            with tarfile.open(packed.name, "w") as tar:
                for name, path in sorted(self._files[image["name"]].items()):
                    info = tar.gettarinfo(path, name)
                    info.mtime, info.uid, info.gid, info.uname, info.gname = 0, 0, 0, "root", "root"
                    info.mode = 0o755 if os.access(path, os.X_OK) else 0o644
                    with open(path, "rb") as stream:
                        tar.addfile(info, stream)
            image["context"] = self._connection._shell.join_path(remote, f"{image['name']}.tar")
            self._transfer_file(packed.name, image["context"])
