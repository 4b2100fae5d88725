"""Print, as JSON, what is on this machine: packages, running services, the engine's objects, files of no package."""

from __future__ import annotations

import json
import os
import stat
import subprocess
from pathlib import Path

# What changes by itself, what only package managers write, and the folders that Ansible works in.
LEFT_OUT = (
    "/var/log", "/var/cache", "/var/lib/apt", "/var/lib/dpkg", "/var/lib/systemd", "/var/lib/sudo",
    "/var/lib/docker", "/root/.ansible", "/root/.ansible_async", "/home/consultant/.ansible",
)  # fmt: skip
OWNED = "of a package:"


def said(*command: str) -> list[str]:
    """Sorted lines of a command's output; none where it isn't there."""
    try:
        return sorted(subprocess.run(command, capture_output=True, text=True, check=True).stdout.split("\n")[:-1])
    except FileNotFoundError:
        return []


def files() -> dict[str, str]:
    """Path to what would show a change: files of no package, and all of /etc."""
    owned: set[str] = set()
    for listing in Path("/var/lib/dpkg/info").glob("*.list"):
        owned.update(listing.read_text().splitlines())
    # A merged /usr: packages name /lib/x, the file is /usr/lib/x.
    owned |= {f"/usr{path}" for path in owned}
    device = os.stat("/").st_dev
    found = {}
    for folder, folders, names in os.walk("/"):
        folders[:] = [
            name
            for name in folders
            if os.path.join(folder, name) not in LEFT_OUT
            and not name.startswith(("__pycache__", "systemd-private-"))
            and os.lstat(os.path.join(folder, name)).st_dev == device
        ]
        for name in folders + names:
            path = os.path.join(folder, name)
            seen = os.lstat(path)
            if path in owned and not path.startswith("/etc/"):
                continue
            if stat.S_ISLNK(seen.st_mode) and os.readlink(path).startswith("/etc/alternatives/"):
                continue
            shown = [OWNED] * (path in owned) + [stat.filemode(seen.st_mode), seen.st_uid]
            if stat.S_ISREG(seen.st_mode):
                shown += [seen.st_size, seen.st_mtime_ns]
            found[path] = " ".join(map(str, shown))
    return found


print(
    json.dumps(
        {
            "packages": said("dpkg-query", "--show", "--showformat=${Package} ${db:Status-Status}\n"),
            "manual": said("apt-mark", "showmanual"),
            "services": said("systemctl", "list-units", "--type=service", "--state=running", "--no-legend", "--plain"),
            "engine": {
                "containers": said("docker", "ps", "--all", "--format", "{{.Names}}"),
                "volumes": said("docker", "volume", "ls", "--format", "{{.Name}}"),
                "images": said("docker", "image", "ls", "--all", "--format", "{{.Repository}}:{{.Tag}}"),
                "networks": said("docker", "network", "ls", "--format", "{{.Name}}"),
            },
            "files": files(),
        }
    )
)
