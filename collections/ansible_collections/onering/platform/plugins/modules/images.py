#!/usr/bin/python
# Copyright: OneRing contributors
# Apache License 2.0 (see LICENSE)

from __future__ import annotations

DOCUMENTATION = r"""
module: images
short_description: Build images from package registries, each once for its content, and pull vendors' images
version_added: 0.1.0
description:
  - Builds the declared images on the target, parents first and independent ones side by side, with BuildKit.
  - A tag is version plus hash of the build context, arguments and parents; an image that is there is not built again.
  - The controller shows the steps while they run. Each image's log stays in O(log_dir); a failure shows its last lines.
  - Package registries and mirrors are those that the target's own clients (apt, pip, npm, Go, Maven) are set to; they
    and the target's certificate authorities are mounted into the build and never become part of an image.
  - Of a client that is not installed there its settings file is read (C(/etc/npmrc), C(~/.config/go/env)), and of the
    variables that a login would have, C(/etc/environment).
  - "An image with C(vendor) is pulled by the engine, by its own settings, and taken when it passes a probe: a
    throw-away container without a network, as confined as a service and with throw-away secrets, gets healthy, has the
    user, paths and version that are declared, and does one operation. Where it can't be had or does not pass, its
    C(state) is V(absent) with the reason in C(why), and all else goes on."
author: [OneRing contributors (@onering)]
requirements:
  - A Docker Engine, and on the target its command line client (with the buildx plugin from version 23 on).
  - debootstrap on the target, for base images.
attributes:
  check_mode:
    support: full
    description: >-
      Tells which images would be built or pulled, and whether the record would be written. Whether a vendor's image
      can be had is not asked.
  diff_mode:
    support: full
    description: Lists the tags that are new, or the record where only that is not as it should be.
  idempotent:
    support: full
    description: An image whose tag is there is left alone.
options:
  images:
    description:
      - With C(role) an image is built from C(roles/<role>/files/image/Dockerfile); with C(suite) it is a Debian root.
      - "Keys: C(name), C(version), C(role), C(parents) (build argument to image name), C(args), C(extra) (project file
        to name in the context), C(suite) and C(packages) (base images)."
      - "With C(vendor) it is the vendor's: C(vendor) is C(<repository>:<version>); C(probe) has C(user), C(memory),
        C(health) (as a service's test), C(version) and C(operation) (commands), and optionally C(env), C(secrets)
        (names of files), C(volumes) and C(paths)."
    type: list
    elements: dict
    required: true
  repository:
    description: What stands before the image's name.
    type: str
    default: onering
  state:
    description: V(gathered) only looks.
    type: str
    choices: [present, gathered]
    default: present
  parallel:
    description: How many images are built side by side.
    type: int
    default: 3
  timeout:
    description: Seconds for all builds together.
    type: int
    default: 2400
  pull_timeout:
    description: Seconds to pull one vendor's image.
    type: int
    default: 600
  required:
    description: Names of images without which nothing is built, and the module fails.
    type: list
    elements: str
    default: []
  log_dir:
    description: Folder on the target for one log per image.
    type: path
    required: true
  record_path:
    description:
      - File on the target that records what this host took (name to source, version, tag, id, and the tags before it).
      - Builds work in a folder beside it, because debootstrap needs devices and executables, which V(/tmp) may forbid.
    type: path
    required: true
  progress_path:
    description: File on the target that gets one line per step; the controller sets it.
    type: path
extends_documentation_fragment:
  - onering.platform.attributes.python
"""

EXAMPLES = r"""
- name: Build a base and what stands on it
  onering.platform.images:
    log_dir: /var/lib/onering/demo/logs
    record_path: /var/lib/onering/demo/images.json
    images:
      - {name: base-13, version: "13", suite: trixie, packages: [ca-certificates]}
      - {name: object-store, version: "1.0", role: minio, parents: {BASE: base-13}}
"""

RETURN = r"""
images:
  description: Image name to what is there.
  returned: success
  type: dict
  contains:
    image: {description: The tag to run., type: str}
    id: {description: The image's identity in this engine; empty where it is absent., type: str}
    version: {description: The declared version., type: str}
    source: {description: "V(build) or V(vendor).", type: str}
    state: {description: "V(built) or V(pulled) in this run, V(cached) from an earlier one, else V(absent).", type: str}
    why: {description: "Of a vendor's image that is absent, the reason; else empty.", type: str}
    seconds: {description: Time that its build or pull took., type: int}
    megabytes: {description: Size., type: int}
refused:
  description: Name of each vendor's image that is absent to the reason.
  returned: success
  type: dict
seconds:
  description: Time that all of it took.
  returned: success
  type: int
recorded:
  description: Whether the record on the target says the same.
  returned: success
  type: bool
"""

import datetime
import json
import os
import re
import shlex
import shutil
import subprocess
import tempfile
import threading
import time
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.onering.platform.plugins.module_utils import clients
from ansible_collections.onering.platform.plugins.module_utils.vendor_images import Refused, Vendor

CA_IN_BUILD = "/run/build/ca.crt"
CA_VARIABLES = ("PIP_CERT", "SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
TAIL = 25
QUIET = 30  # seconds without a word before a running build is named again


class BuildError(Exception):
    """An image could not be had: which, why, and where its whole log is."""


class Settings:
    """Files with the target's own client settings, mounted into builds as secrets, never part of an image."""

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self.archive, self.security = clients.apt_sources()
        conf = [*clients.apt_conf([self.archive, self.security]), f'Acquire::https::CAInfo "{CA_IN_BUILD}";']
        self._write("apt_conf", "\n".join(conf) + "\n")
        env = {**clients.environment(), **dict.fromkeys(CA_VARIABLES, CA_IN_BUILD)}
        self._write("env", "".join(f"export {k}={shlex.quote(v)}\n" for k, v in env.items()))
        maven = clients.maven_settings()
        if maven:
            shutil.copy(maven, os.path.join(folder, "maven"))
        else:
            self._write("maven", "<settings/>\n")
        if os.path.exists(clients.CA_BUNDLE):
            shutil.copy(clients.CA_BUNDLE, os.path.join(folder, "ca"))
        else:
            self._write("ca", "")

    def _write(self, name: str, text: str) -> None:
        path = os.path.join(self.folder, name)
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as stream:
            stream.write(text)

    def flags(self, suite: str) -> list[str]:
        """Secret mounts for one build on a suite."""
        if suite:
            lines = [f"deb {self.archive} {suite} main", f"deb {self.archive} {suite}-updates main"]
            if self.security:
                lines.append(f"deb {self.security} {suite}-security main")
            self._write(f"apt_sources.{suite}", "\n".join(lines) + "\n")
        flags = []
        for name in ("env", "ca", "apt_conf", "maven"):
            flags += ["--secret", f"id={name},src={os.path.join(self.folder, name)}"]
        if suite:
            flags += ["--secret", f"id=apt_sources,src={os.path.join(self.folder, 'apt_sources.' + suite)}"]
        return flags


class Builder:
    """Builds images side by side; one line of progress per step."""

    def __init__(self, params: dict[str, Any]) -> None:
        self.docker = clients.docker_client()
        self.params = params
        self.deadline = time.monotonic() + params["timeout"]
        self.started = time.monotonic()
        self.lock = threading.Lock()
        self.processes: dict[str, subprocess.Popen[str]] = {}
        self.steps: dict[str, tuple[str, float]] = {}
        self.told = self.started
        self.stopped = False

    def look(self, tag: str) -> dict[str, Any] | None:
        done = subprocess.run(
            [self.docker, "image", "inspect", "--format", "{{.Id}} {{.Size}}", tag],
            capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip
        if done.returncode == 0:
            identity, size = done.stdout.split()
            return {"id": identity, "megabytes": round(int(size) / 1e6)}
        if "No such image" in done.stderr:
            return None
        raise BuildError(f"asking the engine for {tag}: {done.stderr.strip()}")

    def tell(self, name: str, text: str) -> None:
        self.told = time.monotonic()
        if not self.params.get("progress_path"):
            return
        text = re.sub(r"--mount=\S+\s+", "", text)
        line = f"[{time.monotonic() - self.started:4.0f} s] {name}: {text}"
        with self.lock, open(self.params["progress_path"], "a") as stream:
            stream.write(line[:140] + "\n")

    def step(self, name: str, text: str) -> None:
        """A build came to its next step."""
        self.steps[name] = (text, time.monotonic())
        self.tell(name, text)

    def tell_running(self, names: list[str]) -> None:
        """A compiler may be silent for minutes: say what runs, and since when."""
        for name in names:
            text, since = self.steps.get(name, ("starting", self.started))
            self.tell(name, f"still running, {time.monotonic() - since:.0f} s in this step: {text[:60]}")

    def run(self, image: dict[str, Any], command: list[str], log: Any) -> None:
        """Run one command of an image's build, its output into the log, its steps into the progress."""
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
            env={**os.environ, "DOCKER_BUILDKIT": "1", "BUILDKIT_PROGRESS": "plain"},
        )  # fmt: skip
        with self.lock:
            if self.stopped:
                process.terminate()
            self.processes[image["name"]] = process
        timer = threading.Timer(max(1.0, self.deadline - time.monotonic()), process.terminate)
        timer.start()
        tail: list[str] = []
        try:
            for line in process.stdout or ():
                log.write(line)
                log.flush()
                if line.strip():
                    tail = [*tail[-TAIL:], line.rstrip()]
                step = re.match(r"#\d+ (\[.*)", line) or re.match(
                    r"I: ((?:Installing|Unpacking|Configuring) (?:core|required|the base).*)", line
                )
                if step and "[internal]" not in line and "CACHED" not in line:
                    self.step(image["name"], step[1])
            code = process.wait()
        finally:
            timer.cancel()
        if code != 0:
            late = "" if time.monotonic() < self.deadline else f" (stopped after {self.params['timeout']} s)"
            raise BuildError(
                f"{image['name']}: the build ended with code {code}{late}. Its last lines:\n  "
                + "\n  ".join(tail)
                + f"\nThe whole log is {log.name} on the target. Mend the cause and run again; finished images stay."
            )

    def build(self, image: dict[str, Any], settings: Settings) -> int:
        """Build one image; returns the seconds it took."""
        begun = time.monotonic()
        self.step(image["name"], f"building {image['tag']}")
        labels = ["--label", f"onering.image={image['name']}", "--label", f"onering.version={image['version']}"]
        beside = os.path.dirname(os.path.abspath(self.params["record_path"]))
        os.makedirs(beside, exist_ok=True)
        with (
            tempfile.TemporaryDirectory(prefix="onering-build-", dir=beside) as work,
            open(os.path.join(self.params["log_dir"], f"image-{image['name']}.log"), "w") as log,
        ):
            if image["base"]:
                root = os.path.join(work, "root")
                command = [
                    "debootstrap",
                    "--variant=minbase",
                    f"--include={','.join(image['packages'])}",
                    image["suite"],
                    root,
                ]
                self.run(image, [*command, settings.archive], log)
                self.strip(root)
                self.step(image["name"], "packing")
                with open(os.path.join(work, "Dockerfile"), "w") as stream:
                    stream.write('FROM scratch\nADD root.tar /\nENV LANG=C.UTF-8\nCMD ["/bin/bash"]\n')
                subprocess.run(
                    ["tar", "--numeric-owner", "-C", root, "-cf", os.path.join(work, "root.tar"), "."], check=True
                )
                shutil.rmtree(root)
            else:
                subprocess.run(["tar", "-C", work, "-xf", image["context"]], check=True)
            arguments = [flag for k, v in image["args"].items() for flag in ("--build-arg", f"{k}={v}")]
            self.run(
                image,
                [
                    self.docker,
                    "build",
                    "--tag",
                    image["tag"],
                    *labels,
                    *arguments,
                    *settings.flags(image["suite"]),
                    work,
                ],
                log,
            )
        seconds = round(time.monotonic() - begun)
        self.tell(image["name"], f"built in {seconds} s")
        return seconds

    @staticmethod
    def strip(root: str) -> None:
        """Leave no archive address, list or downloaded package in a base image."""
        with open(os.path.join(root, "etc/apt/sources.list"), "w"):
            pass
        for folder in ("var/lib/apt/lists", "var/cache/apt/archives"):
            for name in os.listdir(os.path.join(root, folder)):
                path = os.path.join(root, folder, name)
                if os.path.isfile(path):
                    os.unlink(path)

    def take(self, image: dict[str, Any], there: bool, required: bool) -> tuple[int, str]:
        """Take one vendor's image: the seconds that it took, and why it can't be used, or nothing."""
        begun = time.monotonic()
        folder = os.path.dirname(os.path.abspath(self.params["record_path"]))
        os.makedirs(folder, exist_ok=True)
        self.step(image["name"], f"{'trying' if there else 'pulling'} {image['tag']}")
        try:
            Vendor(self.docker, folder, self.params["pull_timeout"]).obtain(image, there)
        except Refused as refused:
            if required:
                raise BuildError(
                    f"{image['name']}: {image['tag']} can't be had, and is required: {refused}. Nothing was built."
                ) from refused
            self.tell(image["name"], f"can't be had: {refused}")
            return round(time.monotonic() - begun), str(refused)
        return round(time.monotonic() - begun), ""

    def stop(self) -> None:
        with self.lock:
            self.stopped = True
            for process in self.processes.values():
                if process.poll() is None:
                    process.terminate()

    def all(self, images: list[dict[str, Any]], there: set[str]) -> dict[str, int]:
        """Build what is not `there` (tags), parents first. Returns name → seconds; raises the first BuildError."""
        ready = set(there)
        waiting = [image for image in images if image["tag"] not in there]
        took: dict[str, int] = {}
        with (
            tempfile.TemporaryDirectory(prefix="onering-settings-") as folder,
            ThreadPoolExecutor(self.params["parallel"]) as pool,
        ):
            settings = Settings(folder)
            running: dict[Future[int], dict[str, Any]] = {}
            try:
                while waiting or running:
                    for image in [i for i in waiting if set(i["parents"]) <= ready]:
                        waiting.remove(image)
                        running[pool.submit(self.build, image, settings)] = image
                    done, _pending = wait(running, timeout=QUIET, return_when=FIRST_COMPLETED)
                    if not done and time.monotonic() - self.told >= QUIET:
                        self.tell_running([image["name"] for image in running.values()])
                    for future in done:
                        image = running.pop(future)
                        took[image["name"]] = future.result()
                        ready.add(image["tag"])
            except BaseException:
                self.stop()
                raise
        return took


def read_record(path: str) -> dict[str, Any]:
    try:
        with open(path) as stream:
            return json.load(stream)
    except (OSError, ValueError):
        return {}


def write_record(path: str, images: dict[str, dict[str, Any]], before: dict[str, Any]) -> None:
    now = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    record = {name: {"earlier": [], **kept} for name, kept in before.items()}
    for name, image in images.items():
        kept = record.get(name, {})
        if not says(kept, image):
            tags = [*kept["earlier"], kept["tag"]] if kept else []
            earlier = [tag for tag in dict.fromkeys(tags) if tag != image["image"]]
            record[name] = {**entry(image), "taken": now, "earlier": earlier}
    temporary = path + ".new"
    with open(temporary, "w") as stream:
        json.dump(record, stream, indent=2, sort_keys=True)
    os.replace(temporary, path)


def entry(image: dict[str, Any]) -> dict[str, Any]:
    return {"source": image["source"], "version": image["version"], "tag": image["image"], "id": image["id"]}


def accepted(record: dict[str, Any], image: dict[str, Any], seen: dict[str, Any] | None) -> bool:
    """Whether a vendor's image that is there is the one that was tried and recorded."""
    kept = record.get(image["name"], {})
    return bool(seen) and (kept.get("tag"), kept.get("id")) == (image["tag"], (seen or {})["id"])


def says(kept: dict[str, Any], image: dict[str, Any]) -> bool:
    """Whether a record's entry is of this image; when it was taken and what came before do not count."""
    return {k: v for k, v in kept.items() if k not in ("taken", "earlier")} == entry(image)


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "images": {"type": "list", "elements": "dict", "required": True},
            "repository": {"type": "str", "default": "onering"},
            "state": {"type": "str", "choices": ["present", "gathered"], "default": "present"},
            "parallel": {"type": "int", "default": 3},
            "timeout": {"type": "int", "default": 2400},
            "pull_timeout": {"type": "int", "default": 600},
            "required": {"type": "list", "elements": "str", "default": []},
            "log_dir": {"type": "path", "required": True},
            "record_path": {"type": "path", "required": True},
            "progress_path": {"type": "path"},
        },
        supports_check_mode=True,
    )
    params = module.params
    images = params["images"]
    vendors = [image for image in images if image.get("vendor")]
    clients.login_environment()
    record = read_record(params["record_path"])
    took: dict[str, int] = {}
    refused = {image["name"]: "it was not taken on this host yet" for image in vendors}
    try:
        builder = Builder(params)
        found = {image["tag"]: builder.look(image["tag"]) for image in images}
        # One that is there but not recorded was not tried yet.
        taken = {image["name"] for image in vendors if accepted(record, image, found[image["tag"]])}
        if params["state"] == "present" and not module.check_mode:
            os.makedirs(params["log_dir"], mode=0o700, exist_ok=True)
            for image in [image for image in vendors if image["name"] not in taken]:
                there = bool(found[image["tag"]])
                seconds, refused[image["name"]] = builder.take(image, there, image["name"] in params["required"])
                if not refused[image["name"]] and not there:
                    took[image["name"]] = seconds
            built = [image for image in images if not image.get("vendor")]
            took |= builder.all(built, {tag for tag, seen in found.items() if seen})
            found = {image["tag"]: builder.look(image["tag"]) for image in images}
    except (BuildError, clients.ClientError, Refused) as error:
        module.fail_json(msg=str(error))
    result = {}
    for image in images:
        vendor = bool(image.get("vendor"))
        why = refused[image["name"]] if vendor and image["name"] not in taken else ""
        seen = found[image["tag"]] if not why else None
        made = image["name"] in took
        state = "absent" if not seen else "cached" if not made else "pulled" if vendor else "built"
        result[image["name"]] = {
            "image": image["tag"], "version": image["version"], "source": "vendor" if vendor else "build",
            "state": state, "seconds": took.get(image["name"], 0), "why": why, **(seen or {"id": "", "megabytes": 0}),
        }  # fmt: skip
    had = {name: image for name, image in result.items() if not image["why"]}
    same = all(says(record.get(name, {}), image) for name, image in had.items())
    records = params["state"] == "present" and not module.check_mode and not same
    if records:
        write_record(params["record_path"], had, record)
    module.exit_json(
        changed=bool(took) or records,
        images=result,
        refused={name: image["why"] for name, image in result.items() if image["why"]},
        recorded=same or records,
    )


if __name__ == "__main__":
    main()
