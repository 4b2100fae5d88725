# Copyright: OneRing contributors
# Apache License 2.0 (see LICENSE)
"""Judges the settings that the play got, on the control node, before the target is asked anything."""

from __future__ import annotations

from typing import Any

from ansible.errors import AnsibleError
from ansible.plugins.action import ActionBase
from ansible_collections.onering.platform.plugins.plugin_utils.settings import (
    SECRET,
    Declared,
    finding,
    impossible,
    malformed,
    unknown,
    wrong,
)


class ActionModule(ActionBase):
    """See the module's documentation."""

    TRANSFERS_FILES = False
    _VALID_ARGS = frozenset({"roles", "facts", "renamed"})

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        result = super().run(tmp, task_vars)
        raw = task_vars or {}
        declared = Declared(self._task.args["roles"])
        renamed = self._task.args.get("renamed") or {}
        names = unknown(raw, declared, self._task.args.get("facts") or [], renamed)
        values = self._values(raw, declared)
        values += self._profile(raw, sound=not values)
        result.update(changed=False, findings=names + values, usable=not values)
        return result

    def _values(self, raw: dict[str, Any], declared: Declared) -> list[dict[str, str]]:
        """Findings over the values of platform-wide settings, and of the roles' where they are not the default."""
        findings = []
        broken: dict[str, list[str]] = {}
        for name in sorted(set(raw) & set(declared.options)):
            option = declared.options[name]
            own = name in declared.platform
            if not own and (name.endswith("_component") or raw[name] == declared.defaults.get(name)):
                continue
            if SECRET.search(name) and isinstance(raw[name], str):
                continue
            try:
                value = self._templar.template(raw[name])
            except AnsibleError as error:
                # A role's setting may lean on what is found out later.
                if own:
                    broken.setdefault(" ".join(error.message.split()), []).append(name)
                continue
            if value is None and not own:
                continue
            bad = wrong(name, option, value) or malformed(name, value)
            if bad:
                findings.append(bad)
        return findings + [
            finding(f"{', '.join(names)} can't be worked out: {why}", "mend what it is made of")
            for why, names in broken.items()
        ]

    def _profile(self, raw: dict[str, Any], sound: bool) -> list[dict[str, str]]:
        """Findings over the chosen components, where the play knows any. An unsound value may hide what there is."""
        if "onering_all_exports" not in raw:
            return []
        try:
            profile = self._templar.template(raw.get("onering_profile", ""))
            extra = self._templar.template(raw.get("onering_components_extra", []))
            required = self._templar.template(raw.get("onering_required", []))
            return impossible(profile, extra, self._templar.template(raw["__preflight_parts"]), required)
        except AnsibleError:
            if sound:
                raise
            return []
