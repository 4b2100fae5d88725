#!/usr/bin/python
# Copyright: OneRing contributors
# Apache License 2.0 (see LICENSE)
"""Module env_file: secrets in a KEY=VALUE file, made once."""

from __future__ import annotations

DOCUMENTATION = r"""
module: env_file
short_description: Secrets in a KEY=VALUE file, made once
version_added: 0.1.0
author: OneRing contributors (@onering)
description:
  - Reads a file of C(KEY=VALUE) lines and adds a random value for every key that it lacks.
    What stands there is never overwritten.
  - Comments, order and lines of other origin are kept.
    A key with an empty value counts as missing and is filled in its place.
  - The file is written atomically with mode 0600, and tightened to it.
    Written by root, a new file belongs to the owner of its directory.
  - The values come back in RV(values), so set C(no_log) on the task, or O(return_values=false). They never appear in
    the diff.
attributes:
  check_mode:
    description: Returns the values that it would write (another run makes other ones), without writing.
    support: full
  diff_mode:
    description: Shows the names of the keys and the mode before and after, never a value.
    support: full
  idempotent:
    description: A second run with the same options changes nothing.
    support: full
options:
  path:
    description: The file, in a directory that exists.
    type: path
    required: true
  keys:
    description: Keys that must have a value. The same key may be asked for several times, with the same kind.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description: Name of the key, of capitals, digits and underscores.
        type: str
        required: true
      kind:
        description:
          - V(password) is 32 letters and digits, V(hex) is 64 hexadecimal digits.
          - V(fernet) is a Fernet key, 32 bytes in URL-safe Base64.
        type: str
        choices: [password, hex, fernet]
        default: password
  return_values:
    description: Whether to return the values. Without them the task needs no C(no_log), and tells what it changes.
    type: bool
    default: true
extends_documentation_fragment:
  - onering.platform.attributes.python
"""

EXAMPLES = r"""
- name: Make the secrets that are missing
  onering.platform.env_file:
    path: "{{ inventory_dir }}/.env"
    keys:
      - {name: POSTGRES_ADMIN_PASSWORD}
      - {name: AIRFLOW_FERNET_KEY, kind: fernet}
  delegate_to: localhost
  register: secrets
  no_log: true
"""

RETURN = r"""
values:
  description: Every key of the file with its value, those of other origin too.
  returned: success, with O(return_values)
  type: dict
  sample: {POSTGRES_ADMIN_PASSWORD: "…"}
created:
  description: Names of the keys that got (in check mode, would get) a value.
  returned: success
  type: list
  elements: str
  sample: [POSTGRES_ADMIN_PASSWORD]
path:
  description: The file.
  returned: success
  type: str
"""

import base64
import binascii
import contextlib
import fcntl
import os
import re
import secrets
import stat
import string
from collections.abc import Iterator
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.onering.platform.plugins.module_utils.atomic import replaced
from ansible_collections.onering.platform.plugins.module_utils.resource import BackendError, Resource, converge, run

LINE = re.compile(r"^\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=(.*)$")
NAME = re.compile(r"^[A-Z][A-Z0-9_]*$")
ALPHABET = string.ascii_letters + string.digits

SPEC: dict[str, Any] = {
    "path": {"type": "path", "required": True},
    "keys": {
        "no_log": False,
        "type": "list",
        "elements": "dict",
        "default": [],
        "options": {
            "name": {"type": "str", "required": True},
            "kind": {"type": "str", "choices": ["password", "hex", "fernet"], "default": "password"},
        },
    },
    "return_values": {"type": "bool", "default": True},
}


def generate(kind: str) -> str:
    """A random value of a kind."""
    if kind == "hex":
        return secrets.token_hex(32)
    if kind == "fernet":
        return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()
    return "".join(secrets.choice(ALPHABET) for _ in range(32))


def is_fernet(value: str) -> bool:
    try:
        return len(base64.b64decode(value, altchars=b"-_", validate=True)) == 32
    except (binascii.Error, ValueError):
        return False


def unquote(value: str) -> str:
    value = value.strip()
    if len(value) >= 2 and value[0] == value[-1] and value[0] in "'\"":
        return value[1:-1]
    return value


def parse(lines: list[str]) -> dict[str, str]:
    """Values by key; the last line of a key counts, as in a shell."""
    values: dict[str, str] = {}
    for line in lines:
        match = LINE.match(line)
        if match:
            values[match.group(1)] = unquote(match.group(2))
    return values


class EnvFile(Resource):
    """The file as {'mode': …, 'keys': […]}; lines and values stay inside this object."""

    def __init__(self, path: str, keys: list[dict[str, str]], return_values: bool) -> None:
        self.return_values = return_values
        self.path = os.path.realpath(path)
        self.directory = os.path.dirname(self.path)
        self.kinds: dict[str, str] = {}
        for key in keys:
            name, kind = key["name"], key["kind"]
            if not NAME.match(name):
                raise BackendError(f"make the secret {name}", "a name is of capitals, digits and underscores")
            if self.kinds.setdefault(name, kind) != kind:
                raise BackendError(
                    f"make the secret {name}",
                    f"it is asked for as {self.kinds[name]} and as {kind}",
                    "One secret has one purpose: give the second one a name of its own.",
                )
        self.lines: list[str] = []
        self.created: list[str] = []

    def read(self) -> dict[str, Any] | None:
        if not os.path.isdir(self.directory):
            raise BackendError(f"read {self.path}", "its directory doesn't exist", "Create the inventory first.")
        try:
            mode = stat.S_IMODE(os.stat(self.path).st_mode)
            with open(self.path, encoding="utf-8") as stream:
                self.lines = stream.read().splitlines()
        except FileNotFoundError:
            return None
        except (OSError, UnicodeDecodeError) as error:
            raise BackendError(f"read {self.path}", str(error)) from error
        return {"mode": f"{mode:04o}", "keys": self.keys()}

    def keys(self) -> list[str]:
        return [name for name, value in parse(self.lines).items() if value]

    def desired(self, current: dict[str, Any] | None) -> dict[str, Any]:
        values = parse(self.lines)
        for name, kind in self.kinds.items():
            if values.get(name):
                if kind == "fernet" and not is_fernet(values[name]):
                    raise BackendError(
                        f"use {name} of {self.path}",
                        "its value isn't a Fernet key",
                        "It must be 32 bytes in URL-safe Base64. Remove the line to have one made.",
                    )
                continue
            self.put(name, generate(kind))
            self.created.append(name)
        return {"mode": "0600", "keys": self.keys()}

    def put(self, name: str, value: str) -> None:
        """Fills the key's last (empty) line, or adds one."""
        for number in reversed(range(len(self.lines))):
            match = LINE.match(self.lines[number])
            if match and match.group(1) == name:
                self.lines[number] = f"{name}={value}"
                return
        self.lines.append(f"{name}={value}")

    def write(self, current: dict[str, Any] | None, desired: dict[str, Any]) -> None:
        owner = os.stat(self.path if current else self.directory)
        with replaced(self.path) as stream:
            stream.write("".join(f"{line}\n" for line in self.lines).encode())
            if os.geteuid() == 0:
                os.chown(stream.name, owner.st_uid, owner.st_gid)
            os.chmod(stream.name, 0o600)

    def returns(self, state: dict[str, Any] | None) -> dict[str, Any]:
        values = {"values": parse(self.lines)} if self.return_values else {}
        return {"path": self.path, "created": self.created, **values}


@contextlib.contextmanager
def locked(directory: str) -> Iterator[None]:
    """Two runs at once must not each make a value of their own."""
    try:
        handle = os.open(directory, os.O_RDONLY)
    except FileNotFoundError:
        yield
        return
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    except OSError as error:
        raise BackendError(f"write the secrets' file in {directory}", str(error)) from error
    finally:
        os.close(handle)


def main() -> None:
    module = AnsibleModule(argument_spec=SPEC, supports_check_mode=True)

    def manage(module: AnsibleModule) -> None:
        resource = EnvFile(module.params["path"], module.params["keys"], module.params["return_values"])
        with locked(resource.directory):
            converge(module, resource)

    run(module, manage)


if __name__ == "__main__":
    main()
