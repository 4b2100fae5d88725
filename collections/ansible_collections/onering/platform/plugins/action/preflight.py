# Copyright: OneRing contributors
# Apache License 2.0 (see LICENSE)
"""Controller's half of onering.platform.preflight: gives each image its tag, and tells the control node's time."""

from __future__ import annotations

import time
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible_collections.onering.platform.plugins.module_utils.images import ImageSpecError
from ansible_collections.onering.platform.plugins.plugin_utils.contexts import addressed

# What the target need not know of an image.
INNER = ("role", "extra", "args", "packages", "probe")


class ActionModule(ActionBase):
    """See the module's documentation; the arguments are the same."""

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        super().run(tmp, task_vars)
        args = dict(self._task.args)
        images = {image["name"]: dict(image) for image in args.get("images") or []}
        try:
            known, _files = addressed(list(images.values()), "onering", self._loader.get_basedir())
        except ImageSpecError as error:
            raise AnsibleActionFail(f"preflight: {error}") from error
        args["images"] = [
            {
                **{key: value for key, value in images[image["name"]].items() if key not in INNER},
                "tag": image["tag"],
                "suite": image["suite"],
            }
            for image in known
        ]
        args["now"] = time.time()
        return self._execute_module(module_name="onering.platform.preflight", module_args=args, task_vars=task_vars)
