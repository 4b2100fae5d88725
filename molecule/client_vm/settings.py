"""Write, below a folder, what the test's machine is given as settings of its package clients: those of this machine.

usage: settings.py FOLDER SUITE. They come from where the `images` module takes them: both reach the same registries.
"""

from __future__ import annotations

import re
import shlex
import shutil
import sys
import tempfile
from pathlib import Path

from ansible_collections.onering.platform.plugins.modules.images import CA_VARIABLES, Settings

AUTHORITIES = "usr/local/share/ca-certificates"


def write(folder: Path, suite: str) -> None:
    with tempfile.TemporaryDirectory() as name:
        found = Path(name)
        Settings(name).flags(suite)
        lines = [shlex.split(line)[1].split("=", 1) for line in (found / "env").read_text().splitlines()]
        env = {key: value for key, value in lines if key not in CA_VARIABLES}
        files = {
            "etc/apt/sources.list": (found / f"apt_sources.{suite}").read_text(),
            "etc/apt/apt.conf.d/90client": re.sub(r".*CAInfo.*\n", "", (found / "apt_conf").read_text()),
            "root/.m2/settings.xml": (found / "maven").read_text(),
        }
    for key, path, line in (
        ("PIP_INDEX_URL", "etc/pip.conf", "[global]\nindex-url = {}\n"),
        ("NPM_CONFIG_REGISTRY", "etc/npmrc", "registry={}\n"),
        ("GOPROXY", "root/.config/go/env", "GOPROXY={}\n"),
    ):
        if key in env:
            files[path] = line.format(env.pop(key))
    env.pop("UV_DEFAULT_INDEX", None)
    files["etc/environment"] = "".join(f"{key}={value}\n" for key, value in env.items())
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    shutil.copytree(Path("/") / AUTHORITIES, folder / AUTHORITIES, dirs_exist_ok=True)


if __name__ == "__main__":
    write(Path(sys.argv[1]), sys.argv[2])
