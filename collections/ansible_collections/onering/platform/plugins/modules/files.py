#!/usr/bin/python
# Copyright: OneRing contributors
# Apache License 2.0 (see LICENSE)
"""Module files: a directory of small files, exactly as declared, in one call."""

from __future__ import annotations

DOCUMENTATION = r"""
module: files
short_description: A directory of small files, exactly as declared
version_added: 0.1.0
author: OneRing contributors (@onering)
description:
  - Makes a directory hold exactly the given small files, with their modes and owners,
    in one call instead of one task per file.
  - Every file is written beside its place and moved there.
    A reader sees the old or the new content and nothing between.
  - Directories on the way to a file get the mode and owner of O(dest).
  - A file's O(files[].secret) is masked wherever it would be shown, so that the task needs no C(no_log) and what
    differs is still named. In a loop, loop over names, because the loop's item is shown as it is.
attributes:
  check_mode:
    description: Can run in check mode and tell what it would change, without changing anything.
    support: full
  diff_mode:
    description: Shows contents, modes and owners before and after. Of a secret it shows whether it differs.
    support: full
  idempotent:
    description: A second run with the same options changes nothing.
    support: full
options:
  dest:
    description: Absolute path of the directory. It and its parents are created.
    type: path
    required: true
  files:
    description: The files.
    type: list
    elements: dict
    default: []
    suboptions:
      path:
        description: Path relative to O(dest).
        type: str
        required: true
      content:
        description: The whole content, written as UTF-8, as is.
        type: str
      secret:
        description: The whole content of a file that is never shown. Instead of O(files[].content).
        type: str
      mode:
        description: Mode of the file, in octal digits.
        type: str
        default: "0644"
      owner:
        description: Numeric owner. Not touched when unset.
        type: int
      group:
        description: Numeric group. Not touched when unset.
        type: int
  purge:
    description: Remove everything below O(dest) that isn't declared.
    type: bool
    default: true
  within:
    description:
      - Directories in O(dest) that this call is about, by name. What else is there is neither looked at nor removed;
        one of these without a file is removed.
      - Everything in O(dest), unless it is given.
    type: list
    elements: str
  mode:
    description: Mode of the directories, in octal digits.
    type: str
    default: "0755"
  owner:
    description: Numeric owner of the directories. Not touched when unset.
    type: int
  group:
    description: Numeric group of the directories. Not touched when unset.
    type: int
extends_documentation_fragment:
  - onering.platform.attributes.python
"""

EXAMPLES = r"""
- name: Write the configuration of a service
  onering.platform.files:
    dest: /var/lib/onering/demo/minio
    files:
      - path: policies/ingest.json
        content: "{}"
      - path: motd
        content: "Hello\n"
        mode: "0444"
        owner: 0
        group: 0
      - path: password
        secret: "{{ demo_password }}"
        mode: "0400"
"""

RETURN = r"""
changed_paths:
  description:
    - Paths relative to RV(dest) that were (in check mode, would be) written, corrected or removed.
    - V(.) is the directory itself.
  returned: success
  type: list
  elements: str
  sample: [motd]
changed_files:
  description: Those of RV(changed_paths) that are declared files.
  returned: success
  type: list
  elements: str
  sample: [motd]
dest:
  description: The directory.
  returned: success
  type: str
"""

import os
import posixpath
import stat
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.onering.platform.plugins.module_utils.atomic import replaced
from ansible_collections.onering.platform.plugins.module_utils.resource import BackendError, Resource, converge, run

HIDDEN = "(not shown)"
HIDDEN_NEW = "(not shown, differs)"

FILE_SPEC: dict[str, Any] = {
    "path": {"type": "str", "required": True},
    "content": {"type": "str"},
    "secret": {"type": "str", "no_log": True},
    "mode": {"type": "str", "default": "0644"},
    "owner": {"type": "int"},
    "group": {"type": "int"},
}
SPEC: dict[str, Any] = {
    "dest": {"type": "path", "required": True},
    "files": {
        "type": "list",
        "elements": "dict",
        "default": [],
        "options": FILE_SPEC,
        "required_one_of": [["content", "secret"]],
        "mutually_exclusive": [["content", "secret"]],
    },
    "purge": {"type": "bool", "default": True},
    "within": {"type": "list", "elements": "str"},
    "mode": {"type": "str", "default": "0755"},
    "owner": {"type": "int"},
    "group": {"type": "int"},
}


def octal(mode: str, of: str) -> str:
    """The mode as four octal digits."""
    try:
        number = int(mode, 8)
    except ValueError:
        number = -1
    if not 0 <= number <= 0o7777:
        raise BackendError(f"mode of {of}", f"'{mode}' isn't octal digits", 'Write it as a string such as "0644".')
    return f"{number:04o}"


def parents(path: str) -> list[str]:
    """Directories above a relative path, topmost first; '.' is the first."""
    parts = path.split("/")[:-1]
    return ["."] + ["/".join(parts[: n + 1]) for n in range(len(parts))]


class Directory(Resource):
    """What is below one directory, as {'directories': {path: attributes}, 'files': {path: attributes and content}}."""

    def __init__(self, params: dict[str, Any]) -> None:
        self.dest: str = params["dest"]
        if not os.path.isabs(self.dest) or os.path.normpath(self.dest).count("/") < 2:
            raise BackendError(
                f"write files below {self.dest}",
                "the directory must be absolute and not at the top of the file system",
                "Give the files a directory of their own.",
            )
        self.purge: bool = params["purge"]
        self.within: list[str] | None = params["within"]
        self.directory = self.attributes(params, self.dest)
        self.files: dict[str, dict[str, Any]] = {}
        for item in params["files"]:
            path = item["path"]
            if path != posixpath.normpath(path) or path.startswith(("/", "../")) or path in (".", ".."):
                raise BackendError(f"write {path}", f"the path must be relative and stay below {self.dest}")
            if path in self.files:
                raise BackendError(f"write {path}", "it is declared twice")
            if self.within is not None and path.partition("/")[0] not in self.within:
                raise BackendError(f"write {path}", f"it is in none of the directories {', '.join(self.within)}")
            secret = item["secret"] is not None
            content = item["secret"] if secret else item["content"]
            self.files[path] = dict(self.attributes(item, path), content=content, secret=secret)
        for path in self.files:
            for parent in parents(path):
                if parent in self.files:
                    raise BackendError(f"write {path}", f"{parent} is declared as a file")
        self.changed_paths: list[str] = []

    @staticmethod
    def attributes(item: dict[str, Any], name: str) -> dict[str, Any]:
        wanted: dict[str, Any] = {"mode": octal(item["mode"], name)}
        wanted.update({key: item[key] for key in ("owner", "group") if item.get(key) is not None})
        return wanted

    def where(self, path: str) -> str:
        return os.path.join(self.dest, path) if path != "." else self.dest

    @staticmethod
    def stat_of(path: str) -> dict[str, Any]:
        found = os.lstat(path)
        return {"mode": f"{stat.S_IMODE(found.st_mode):04o}", "owner": found.st_uid, "group": found.st_gid}

    def read(self) -> dict[str, Any] | None:
        if not os.path.lexists(self.dest):
            return None
        if os.path.islink(self.dest) or not os.path.isdir(self.dest):
            raise BackendError(f"write files below {self.dest}", "it is there and isn't a directory", "Move it away.")
        state: dict[str, Any] = {"directories": {".": self.stat_of(self.dest)}, "files": {}}
        for folder, folders, names in os.walk(self.dest):
            here = os.path.relpath(folder, self.dest)
            if here == "." and self.within is not None:
                folders[:] = [name for name in folders if name in self.within]
                names = []
            for name in sorted(folders + names):
                path = name if here == "." else f"{here}/{name}"
                full = os.path.join(folder, name)
                if os.path.isdir(full) and not os.path.islink(full):
                    state["directories"][path] = self.stat_of(full)
                elif self.purge or path in self.files:
                    state["files"][path] = self.found(path, full)
        return state

    def found(self, path: str, full: str) -> dict[str, Any]:
        """An existing entry; content only where it may be shown, a marker that compares elsewhere."""
        entry = self.stat_of(full)
        wanted = self.files.get(path)
        if not stat.S_ISREG(os.lstat(full).st_mode):
            entry["content"] = "(not a regular file)"
        elif wanted is None:
            entry["content"] = HIDDEN
        else:
            with open(full, "rb") as stream:
                content = stream.read()
            if wanted["secret"]:
                same = content == wanted["content"].encode()
                entry["content"] = HIDDEN if same else HIDDEN_NEW
            else:
                entry["content"] = content.decode("utf-8", errors="backslashreplace")
        return entry

    def desired(self, current: dict[str, Any] | None) -> dict[str, Any]:
        before = current or {"directories": {}, "files": {}}
        state: dict[str, Any] = {"directories": {}, "files": {}}
        if not self.purge:
            state["directories"].update(before["directories"])
            state["files"].update(before["files"])
        for path in [".", *(parent for name in sorted(self.files) for parent in parents(name))]:
            state["directories"][path] = dict(before["directories"].get(path, {}), **self.directory)
        for path, wanted in self.files.items():
            entry = dict(before["files"].get(path, {}), **wanted)
            if entry.pop("secret"):
                entry["content"] = HIDDEN
            state["files"][path] = entry
        changed = {
            path
            for kind in ("directories", "files")
            for path in {*before[kind], *state[kind]}
            if before[kind].get(path) != state[kind].get(path)
        }
        self.changed_paths = sorted(changed)
        return state

    def write(self, current: dict[str, Any] | None, desired: dict[str, Any]) -> None:
        before = current or {"directories": {}, "files": {}}
        for path in sorted({*before["files"]} - {*desired["files"]}):
            os.unlink(self.where(path))
        for path in sorted({*before["directories"]} - {*desired["directories"]}, reverse=True):
            os.rmdir(self.where(path))
        if current is None:
            os.makedirs(os.path.dirname(self.dest), exist_ok=True)
        for path, entry in sorted(desired["directories"].items()):
            if path not in before["directories"]:
                os.mkdir(self.where(path), 0o700)
            if before["directories"].get(path) != entry:
                self.dress(self.where(path), entry)
        for path in sorted(self.files):
            if before["files"].get(path) != desired["files"][path]:
                self.write_file(path, desired["files"][path])

    def write_file(self, path: str, entry: dict[str, Any]) -> None:
        full = self.where(path)
        if os.path.isdir(full) and not os.path.islink(full):
            raise BackendError(f"write {full}", "it is there and is a directory", "Remove it, or set purge.")
        with replaced(full) as stream:
            stream.write(self.files[path]["content"].encode())
            self.dress(stream.name, entry)

    @staticmethod
    def dress(path: str, entry: dict[str, Any]) -> None:
        os.chown(path, entry.get("owner", -1), entry.get("group", -1))
        os.chmod(path, int(entry["mode"], 8))

    def returns(self, state: dict[str, Any] | None) -> dict[str, Any]:
        files = [path for path in self.changed_paths if path in self.files]
        return {"dest": self.dest, "changed_paths": self.changed_paths, "changed_files": files}


def main() -> None:
    module = AnsibleModule(argument_spec=SPEC, supports_check_mode=True)

    def manage(module: AnsibleModule) -> None:
        try:
            converge(module, Directory(module.params))
        except OSError as error:
            raise BackendError(f"write files below {module.params['dest']}", str(error)) from error

    run(module, manage)


if __name__ == "__main__":
    main()
