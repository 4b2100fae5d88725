# Copyright: OneRing contributors
# Apache License 2.0 (see LICENSE)
"""The target's own clients: where apt, pip, npm, Go and Maven fetch from, by which proxies, and which Docker can build.

Shared by what builds images and by the preflight that asks those registries beforehand. Standard library only.
"""

from __future__ import annotations

import glob
import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from urllib.parse import urlsplit
from urllib.request import getproxies_environment, proxy_bypass

CA_BUNDLE = "/etc/ssl/certs/ca-certificates.crt"
PASSED_ON = (
    "PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "UV_DEFAULT_INDEX", "UV_INDEX", "NPM_CONFIG_REGISTRY", "GOPROXY", "GOSUMDB",
    "GONOSUMDB", "GOPRIVATE", "http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY",
)  # fmt: skip
# What a client that is not installed would be set to, and what a login would have.
NPM_FILES = ("~/.npmrc", "/etc/npmrc")
GO_FILES = ("~/.config/go/env",)
LOGIN_FILES = ("/etc/environment",)
SUITES = r"(bookworm|trixie|forky)"


class ClientError(Exception):
    """A client of the target can't do what is needed: what was found, and what to do."""

    def __init__(self, found: str, remedy: str) -> None:
        super().__init__(f"{found}; {remedy}")
        self.found = found
        self.remedy = remedy


def said(*command: str) -> str:
    """What a command prints, or nothing where it is missing or fails."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout if done.returncode == 0 else ""


def written(name: str, paths: Sequence[str]) -> str:
    """The value of a `name=value` line in the first of some settings files that has one, or nothing."""
    for path in paths:
        try:
            with open(os.path.expanduser(path)) as stream:
                found = re.search(rf"^\s*(?:export\s+)?{re.escape(name)}\s*=\s*(.*?)\s*$", stream.read(), re.MULTILINE)
        except (OSError, UnicodeDecodeError):
            continue
        if found and found[1].strip("\"'"):
            return found[1].strip("\"'")
    return ""


def login_environment() -> None:
    """Add what a login would have set: sudo keeps little of it."""
    for name in PASSED_ON:
        value = written(name, LOGIN_FILES)
        if value:
            os.environ.setdefault(name, value)


def docker_client() -> str:
    """A Docker client that can drive BuildKit here. Raises ClientError where there is none."""
    seen = []
    for candidate in dict.fromkeys(["/usr/bin/docker", shutil.which("docker") or ""]):
        if not candidate or not os.path.exists(candidate):
            continue
        version = said(candidate, "version", "--format", "{{.Client.Version}}").strip()
        major = int((re.match(r"\d+", version) or ["0"])[0])
        if 0 < major < 23 or said(candidate, "buildx", "version"):
            return candidate
        seen.append(f"{candidate} {version}")
    if seen:
        raise ClientError(
            f"{', '.join(seen)} lack the buildx plugin, so no image can be built", "install docker-buildx"
        )
    raise ClientError("there is no Docker client that could build images", "install the distribution's docker.io")


def first_mirror(uri: str) -> str:
    """The address itself, or the first one in the list that a mirror+file: address names (empty: none)."""
    if not uri.startswith("mirror+file:"):
        return uri
    try:
        with open(re.sub("^/+", "/", uri.removeprefix("mirror+file:").rstrip("/"))) as stream:
            entries = [line.split()[0] for line in stream if line.strip() and not line.startswith("#")]
    except OSError:
        return ""
    return entries[0].rstrip("/") + "/" if entries else ""


def apt_sources() -> tuple[str, str]:
    """(archive, security archive) that the target's own apt uses. Raises ClientError where it has no Debian archive."""
    targets = ("apt-get", "indextargets", "--format", "$(REPO_URI)|$(RELEASE)|$(COMPONENT)|$(ORIGIN)")
    listed = [line.split("|", 3) for line in said(*targets, "Created-By: Packages").splitlines()]
    known = [(uri, release) for uri, release, component, origin in listed if (component, origin) == ("main", "Debian")]
    # Before the first `apt-get update` apt knows no origin and lists no target: then what it would fetch.
    would_fetch = re.compile(r"'(\S+?/)dists/([^/\s]+)/main/binary-")
    for lines in (lambda: known, lambda: would_fetch.findall(said("apt-get", "--print-uris", "update"))):
        archive = security = ""
        for uri, release in lines():
            if release.endswith("-security"):
                security = security or first_mirror(uri)
            elif re.fullmatch(SUITES, release):
                archive = archive or first_mirror(uri)
        if archive:
            return archive, security
    raise ClientError("the target's apt knows no Debian archive", "add one to its sources (base images are Debian)")


def apt_proxies(conf: list[str], addresses: list[str]) -> list[str]:
    """The environment's proxies as lines of apt's configuration, where that has none of its own."""
    lines = []
    for scheme, proxy in getproxies_environment().items():
        if scheme not in ("http", "https") or any(line.startswith(f"Acquire::{scheme}::Proxy ") for line in conf):
            continue
        lines.append(f'Acquire::{scheme}::Proxy "{proxy}";')
        for host in dict.fromkeys(urlsplit(address).hostname or "" for address in addresses):
            if host and proxy_bypass(host):
                lines.append(f'Acquire::{scheme}::Proxy::{host} "DIRECT";')
    return lines


def apt_conf(addresses: list[str]) -> list[str]:
    """Lines of apt's configuration that decide how these addresses are reached."""
    conf = [
        line
        for line in said("apt-config", "dump").splitlines()
        if re.match(r"Acquire::(https?::Proxy|Check-|https::(Verify|Timeout)|Retries|Max-ValidTime)", line)
    ]
    return conf + apt_proxies(conf, addresses)


def pip_index() -> str:
    """The index that pip's configuration files name, if any."""
    for path in (
        os.path.expanduser("~/.config/pip/pip.conf"),
        os.path.expanduser("~/.pip/pip.conf"),
        "/etc/pip.conf",
    ):
        try:
            with open(path) as stream:
                found = re.search(r"^\s*index-url\s*=\s*(\S+)", stream.read(), re.MULTILINE)
        except OSError:
            continue
        if found:
            return found[1]
    return ""


def pip_default() -> str:
    """The index that pip itself falls back on, in its own words; nothing where there is no pip."""
    wheels = sorted(glob.glob("/usr/share/python-wheels/pip-*.whl"))
    for pip in (("-m", "pip"), *((f"{wheel}/pip",) for wheel in wheels[-1:])):
        found = re.search(r"\(default\s+(https?://[^\s)]+)\)", said("/usr/bin/python3", *pip, "install", "--help"))
        if found:
            return found[1]
    return ""


def environment() -> dict[str, str]:
    """Indexes and proxies that pip, uv, npm and Go are set to, by the variables that these clients read."""
    env = {name: os.environ[name] for name in PASSED_ON if os.environ.get(name)}
    index = pip_index()
    if index:
        env.setdefault("PIP_INDEX_URL", index)
    if env.get("PIP_INDEX_URL"):
        env.setdefault("UV_DEFAULT_INDEX", env["PIP_INDEX_URL"])
    registry = said("npm", "config", "get", "registry").strip() or written("registry", NPM_FILES)
    if registry.startswith("http"):
        env.setdefault("NPM_CONFIG_REGISTRY", registry)
    goproxy = said("go", "env", "GOPROXY").strip() or written("GOPROXY", GO_FILES)
    if goproxy:
        env.setdefault("GOPROXY", goproxy)
    return env


def maven_settings() -> str:
    """Maven's settings file, if there is one."""
    paths = (os.path.expanduser("~/.m2/settings.xml"), "/etc/maven/settings.xml")
    return next((path for path in paths if os.path.exists(path)), "")
