# Copyright: OneRing contributors
# SPDX-License-Identifier: Apache-2.0
"""The one place where the collection's modules decide changed, check mode and diff.

A module describes one object as a small `Resource` and calls `converge`, or `many` for a list of them, inside `run`.
`read()` and `desired()` speak the same normalised shape: the object differs exactly when the two dicts differ. Secrets
never stand in these dicts, because they become the diff.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule

    State = dict[str, Any]


class BackendError(Exception):
    """What was asked, what answered, and what to do about it. `run` turns it into the module's failure."""

    def __init__(self, asked: str, answered: str, remedy: str = "") -> None:
        self.asked = asked
        self.answered = answered
        self.remedy = remedy
        self.facts: dict[str, Any] = {}
        parts = [f"{asked.rstrip('.: ')}: {answered.strip().rstrip('.')}."]
        if remedy:
            parts.append(f"{remedy.strip().rstrip('.')}.")
        super().__init__(" ".join(parts))


class Resource:
    """One object of a backend. `name` tells it from the others in `many`."""

    name: str = ""

    def read(self) -> State | None:
        """The object as it is, or None. Never changes anything."""
        raise NotImplementedError

    def desired(self, current: State | None) -> State | None:
        """The object as it should be, or None for absent. Keys left unset by the user keep their current value.

        A change that must not be made is refused here with a BackendError: so check mode refuses it too.
        """
        raise NotImplementedError

    def write(self, current: State | None, desired: State) -> None:
        """Create the object, or change what differs between the two."""
        raise NotImplementedError

    def delete(self, current: State) -> None:
        """Remove the object."""
        raise NotImplementedError

    def returns(self, state: State | None) -> dict[str, Any]:
        """More of the module's result, from the state that is now (in check mode: that would be)."""
        return {}


@dataclass
class _Step:
    """What one resource needs: decided once, for check mode and the real run alike."""

    resource: Resource
    before: State | None
    after: State | None

    @property
    def changed(self) -> bool:
        return self.before != self.after

    def apply(self) -> None:
        if self.after is None:
            if self.before is not None:
                self.resource.delete(self.before)
        elif self.changed:
            self.resource.write(self.before, self.after)


def _plan(module: AnsibleModule, resource: Resource) -> _Step:
    before = resource.read()
    gathered = module.params.get("state") == "gathered"
    return _Step(resource, before, before if gathered else resource.desired(before))


def converge(module: AnsibleModule, resource: Resource) -> None:
    """Bring one resource to its desired state and exit: changed, diff, and what the resource returns."""
    step = _plan(module, resource)
    if not module.check_mode:
        step.apply()
    module.exit_json(
        changed=step.changed,
        diff={"before": step.before or {}, "after": step.after or {}},
        **resource.returns(step.after),
    )


def many(module: AnsibleModule, resources: Sequence[Resource], **returns: Any) -> None:
    """The same for several named resources in one call.

    All are read and compared before the first is written, so a refused change leaves everything as it was. Exits with
    one diff (of what changes, by name) and `results`, one entry a resource. A failure on the way names those already
    written.
    """
    _refuse_twice([resource.name for resource in resources])
    steps = [_plan(module, resource) for resource in resources]
    changes = [step for step in steps if step.changed]
    if not module.check_mode:
        _apply_all(changes)
    module.exit_json(
        changed=bool(changes),
        diff={
            "before": {step.resource.name: step.before for step in changes if step.before is not None},
            "after": {step.resource.name: step.after for step in changes if step.after is not None},
        },
        results=[
            {"name": step.resource.name, "changed": step.changed, **step.resource.returns(step.after)} for step in steps
        ],
        **returns,
    )


def _refuse_twice(names: Sequence[str]) -> None:
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise BackendError(f"change {', '.join(twice)}", "declared more than once in this call", "Declare each once")


def _apply_all(steps: Sequence[_Step]) -> None:
    done: list[str] = []
    for step in steps:
        try:
            step.apply()
        except BackendError as error:
            done += error.facts.pop("done", [])  # what was written together with the one that failed
            error.facts.update(changed=bool(done), done=done, failed_on=step.resource.name)
            raise
        done.append(step.resource.name)


def run(module: AnsibleModule, function: Callable[[AnsibleModule], None]) -> None:
    """Call the module's body; a BackendError becomes the module's one failure."""
    try:
        function(module)
    except BackendError as error:
        module.fail_json(msg=str(error), **error.facts)
