# Copyright: OneRing contributors
# Apache License 2.0 (see LICENSE)
"""What a host must be before anything changes on it: readings are gathered, then judged, and each finding has a remedy.

Runs with the system's own Python, standard library only, and only reads. Judges take readings as plain dicts.
"""

from __future__ import annotations

import base64
import errno
import http.client
import ipaddress
import json
import os
import platform
import re
import shutil
import socket
import ssl
import sys
import threading
import time
import urllib.error
import urllib.request
import xml.etree.ElementTree as ElementTree
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote, urlsplit, urlunsplit

from ansible_collections.onering.platform.plugins.module_utils import clients
from ansible_collections.onering.platform.plugins.module_utils.footprint import images_of, needed, size
from ansible_collections.onering.platform.plugins.module_utils.images import VENDOR_REMEDY

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

    Reading = dict[str, Any]
    Plan = dict[str, Any]

SYSTEMS = {"debian": ("12", "13"), "ubuntu": ("22.04", "24.04", "26.04")}
SYSTEMS_TEXT = "Debian 12 or 13, or Ubuntu 22.04, 24.04 or 26.04 LTS"
PYTHON = (3, 11)
API = (1, 41)
SKEW = 60
YEARS = (2025, 2100)
TIMEOUT = 5.0
PULL_TIMEOUT = 10.0
WILDCARDS = ("0.0.0.0", "::")  # noqa: S104

# What every registry of a kind has, so that a mirror with a wrong path is noticed.
PROBES = {
    "pypi": "pip/",
    "npm": "npm",
    "maven": "org/apache/maven/plugins/maven-dependency-plugin/3.8.1/maven-dependency-plugin-3.8.1.pom",
    "go": "golang.org/x/sys/@v/list",
}
REGISTRIES = {
    "debian": ("the Debian archive", "apt's sources and proxy in /etc/apt"),
    "pypi": ("PyPI", "PIP_INDEX_URL, or index-url in /etc/pip.conf"),
    "npm": ("npm's registry", "NPM_CONFIG_REGISTRY, or registry in ~/.npmrc"),
    "maven": ("Maven's repository", "a mirror in ~/.m2/settings.xml"),
    "go": ("the Go proxy", "GOPROXY"),
}


def finding(check: str, found: str, remedy: str) -> dict[str, str]:
    return {"check": check, "found": found, "remedy": remedy}


# --- readings --------------------------------------------------------------------------------------------------------


def read(path: str) -> str:
    try:
        with open(path, errors="replace") as stream:
            return stream.read()
    except OSError:
        return ""


def os_release(text: str) -> dict[str, str]:
    found = re.findall(r"^([A-Z_]+)=[\"']?(.*?)[\"']?$", text, re.MULTILINE)
    return dict(found)


def memory_available(meminfo: str) -> int:
    """Mebibytes that programs can still get."""
    found = re.search(r"^MemAvailable:\s+(\d+) kB", meminfo, re.MULTILINE)
    return int(found[1]) // 1024 if found else 0


def routes(table: str) -> list[dict[str, str]]:
    """The kernel's IPv4 routes but the default one (also when a VPN wrote it as two halves)."""
    found = []
    for line in table.splitlines()[1:]:
        fields = line.split()
        if len(fields) < 8:
            continue
        address, mask = (socket.inet_ntoa(bytes.fromhex(fields[n])[::-1]) for n in (1, 7))
        network = ipaddress.ip_network(f"{address}/{mask}", strict=False)
        if network.prefixlen > 1:
            found.append({"network": str(network), "interface": fields[0]})
    return found


def listeners(tables: Iterable[str]) -> list[dict[str, Any]]:
    """Listening TCP sockets of /proc/net/tcp and tcp6."""
    found = []
    for table in tables:
        for line in table.splitlines()[1:]:
            fields = line.split()
            if len(fields) > 9 and fields[3] == "0A":
                address, _colon, port = fields[1].partition(":")
                found.append({"address": _address(address), "port": int(port, 16), "inode": fields[9]})
    return found


def _address(text: str) -> str:
    """The kernel's hexadecimal words, each of them little-endian, as an address."""
    words = [bytes.fromhex(text[n : n + 8])[::-1] for n in range(0, len(text), 8)]
    address = ipaddress.ip_address(b"".join(words))
    mapped = getattr(address, "ipv4_mapped", None)
    return str(mapped or address)


def holder(inode: str, proc: str = "/proc") -> str:
    """The process that holds a socket, as `name (pid)`; empty where it can't be seen."""
    for pid in os.listdir(proc):
        if not pid.isdigit():
            continue
        try:
            links = [os.readlink(os.path.join(proc, pid, "fd", fd)) for fd in os.listdir(os.path.join(proc, pid, "fd"))]
        except OSError:
            continue
        if f"socket:[{inode}]" in links:
            return f"{read(os.path.join(proc, pid, 'comm')).strip()} (process {pid})"
    return ""


def owns(address: str) -> bool:
    """Whether an interface of this machine has the address."""
    with socket.socket() as probe:
        try:
            probe.bind((address, 0))
        except OSError as error:
            return error.errno != errno.EADDRNOTAVAIL
    return True


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: str, patience: float) -> None:
        super().__init__("localhost", timeout=patience)
        self.path = path
        self.patience = patience

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.patience)
        self.sock.connect(self.path)


class EngineError(OSError):
    """The engine answers, but can't."""

    def __init__(self, path: str, status: int, body: bytes) -> None:
        text = body.decode(errors="replace")
        super().__init__(f"{path} answered {status}: {text[:200]}")
        self.status = status
        try:
            self.said = str(json.loads(text)["message"])
        except (ValueError, KeyError, TypeError):
            self.said = str(self)


class Engine:
    """The engine's own API over its socket."""

    def __init__(self, path: str, patience: float | None = None) -> None:
        self.path = path
        self.patience = patience or TIMEOUT

    def get(self, path: str) -> Any:
        """The answer's JSON; None where there is no such thing. Raises OSError where nothing answers."""
        connection = _UnixConnection(self.path, self.patience)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            body = answer.read()
        except http.client.HTTPException as error:
            raise OSError(f"no HTTP answer: {error!r}") from error
        finally:
            connection.close()
        if answer.status == 404:
            return None
        if answer.status >= 400:
            raise EngineError(path, answer.status, body)
        return json.loads(body)


def engine(path: str, tags: Iterable[str]) -> Reading:
    """What the engine says of itself. `state`: present, absent, stopped, denied or silent."""
    nothing: Reading = {"detail": "", "containers": [], "networks": [], "tags": [], "root": "/var/lib/docker"}
    if not os.path.exists(path):
        return {**nothing, "state": "absent"}
    api = Engine(path)
    try:
        version = api.get("/version")
        return {
            **nothing,
            "state": "present",
            "version": version.get("Version", ""),
            "api": version.get("ApiVersion", "0"),
            "root": (api.get("/info") or {}).get("DockerRootDir", "/var/lib/docker"),
            "containers": [_container(entry) for entry in api.get("/containers/json") or []],
            "networks": [_network(entry) for entry in api.get("/networks") or []],
            "tags": [tag for tag in tags if api.get(f"/images/{quote(tag)}/json") is not None],
        }
    except (ConnectionRefusedError, FileNotFoundError) as error:
        return {**nothing, "state": "stopped", "detail": str(error)}
    except PermissionError as error:
        return {**nothing, "state": "denied", "detail": str(error)}
    except (OSError, ValueError, AttributeError) as error:
        return {**nothing, "state": "silent", "detail": str(error)}


def unavailable(path: str, image: str) -> str:
    """Why the engine can't have an image from its registry, or nothing.

    It is asked without the client's credentials: where these may be what is missing, the pull decides.
    """
    try:
        answer = Engine(path, PULL_TIMEOUT).get(f"/distribution/{quote(image)}/json")
    except TimeoutError:
        return f"its registry did not answer within {PULL_TIMEOUT:.0f} s"
    except EngineError as error:
        return "" if error.status in (401, 403) else error.said
    except (OSError, ValueError) as error:
        return str(error)
    return "" if answer is not None else "its registry does not know it"


def refusals(plan: Plan, reading: Reading) -> dict[str, str]:
    """Image → why it can't be had, of the vendors' images that the chosen components still lack."""
    if reading["engine"]["state"] != "present" or "images" in plan["skip"]:
        return {}
    lacking = [
        image
        for image in images_of(plan["components"], plan["images"])
        if image.get("vendor") and image["name"] in reading["missing"]
    ]
    asked = {image["name"]: unavailable(plan["engine_socket"], image["tag"]) for image in lacking}
    return {name: why for name, why in asked.items() if why}


def _container(entry: Reading) -> Reading:
    labels = entry.get("Labels") or {}
    ports = entry.get("Ports") or []
    return {
        "name": (entry.get("Names") or ["?"])[0].lstrip("/"),
        "project": labels.get("onering.project", ""),
        "service": labels.get("onering.service", ""),
        "ports": [
            {"address": port.get("IP") or WILDCARDS[0], "port": port["PublicPort"]}
            for port in ports
            if port.get("PublicPort") and port.get("Type") == "tcp"
        ],
    }


def _network(entry: Reading) -> Reading:
    name = (entry.get("Options") or {}).get("com.docker.network.bridge.name")
    ranges = (entry.get("IPAM") or {}).get("Config") or []
    return {
        "name": entry["Name"],
        "project": (entry.get("Labels") or {}).get("onering.project", ""),
        "bridge": name or f"br-{entry['Id'][:12]}",
        "subnets": [part["Subnet"] for part in ranges if ":" not in (part.get("Subnet") or ":")],
    }


def store(root: str) -> Reading:
    """Free space where the engine stores; before there is an engine, of the nearest folder above that exists."""
    path = root
    while not os.path.isdir(path) and path != "/":
        path = os.path.dirname(path)
    return {"path": root, "free_mb": shutil.disk_usage(path).free // 2**20}


# --- package registries ----------------------------------------------------------------------------------------------


def shown(url: str) -> str:
    """An address without its credentials."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def ask(url: str, proxies: dict[str, str] | None, timeout: float = TIMEOUT) -> str:
    """Why a registry can't be used from here, or nothing. Proxies are the environment's unless others are given."""
    parts = urlsplit(url)
    request = urllib.request.Request(shown(url), headers={"User-Agent": "onering-preflight"})  # noqa: S310
    if parts.username:
        pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        request.add_header("Authorization", "Basic " + base64.b64encode(pair.encode()).decode())
    bundle = clients.CA_BUNDLE if os.path.exists(clients.CA_BUNDLE) else None
    opener = urllib.request.build_opener(
        urllib.request.ProxyHandler(proxies),
        urllib.request.HTTPSHandler(context=ssl.create_default_context(cafile=bundle)),
    )
    try:
        with opener.open(request, timeout=timeout):
            return ""
    except urllib.error.HTTPError as error:
        error.close()
        return f"HTTP {error.code} {error.reason}".strip()
    except urllib.error.URLError as error:
        return cause(error.reason, parts.hostname or "")
    except (OSError, http.client.HTTPException, ValueError) as error:
        return cause(error, parts.hostname or "")


def cause(error: Any, host: str) -> str:
    """An error of the network in a few words."""
    if isinstance(error, socket.gaierror):
        return f"DNS: the name {host} is not known"
    if isinstance(error, ssl.SSLError):
        return f"TLS: {getattr(error, 'verify_message', '') or error.reason or error}"
    if isinstance(error, ConnectionRefusedError):
        return "connection refused"
    if isinstance(error, TimeoutError):
        return f"no answer within {TIMEOUT:.0f} s"
    return str(error) or type(error).__name__


def maven(settings: str) -> tuple[list[str], dict[str, str] | None]:
    """The mirror that stands for Maven's central repository, if one is set, and the settings' proxies."""
    try:
        tree = ElementTree.fromstring(settings)  # noqa: S314 - the target's own file
    except ElementTree.ParseError:
        return [], None

    def entries(name: str) -> list[dict[str, str]]:
        elements = [element for element in tree.iter() if element.tag.rpartition("}")[2] == name]
        return [{child.tag.rpartition("}")[2]: (child.text or "").strip() for child in e} for e in elements]

    urls = []
    for mirror in entries("mirror"):
        of = [part.strip() for part in mirror.get("mirrorOf", "").split(",")]
        if mirror.get("blocked") != "true" and "!central" not in of and {"*", "external:*", "central"} & set(of):
            urls.append(mirror.get("url", ""))
    proxies = {
        scheme: f"http://{proxy['host']}:{proxy.get('port', '8080')}"
        for proxy in entries("proxy")
        if proxy.get("active", "true") == "true" and proxy.get("host")
        for scheme in ("http", "https")
    }
    return [url for url in urls if url][:1], proxies


def apt_proxy(conf: list[str], url: str) -> dict[str, str] | None:
    """Proxies of apt's configuration for one address; what the environment says is in there already."""
    text, host = "\n".join(conf), urlsplit(url).hostname or ""
    found = {}
    for scheme in ("http", "https"):
        own = re.search(rf'^Acquire::{scheme}::Proxy::{re.escape(host)} "(.*)";$', text, re.MULTILINE)
        every = re.search(rf'^Acquire::{scheme}::Proxy "(.*)";$', text, re.MULTILINE)
        value = (own or every or ["", ""])[1]
        if value and value not in ("DIRECT", "false"):
            found[scheme] = value
    return found


def _apt(asked: bool) -> tuple[str, str, list[str]]:
    """apt's archives and the configuration that decides how they are reached."""
    if not asked:
        return "", "", []
    archive, security = clients.apt_sources()
    return archive, security, clients.apt_conf([archive, security])


def questions(registries: dict[str, list[str]], suites: Iterable[str]) -> list[Reading]:
    """What to ask: per registry its addresses (the first that answers will do), by the target's own settings.

    `urls` is empty where a client has no setting; `cause` is set where there is nothing to ask.
    """
    asked: list[Reading] = []
    with ThreadPoolExecutor(3) as pool:  # clients take a second or so to say what they are set to
        apt = pool.submit(_apt, bool(set(registries) & {"debian"}))
        own = os.environ.get("PIP_INDEX_URL") or os.environ.get("UV_DEFAULT_INDEX") or clients.pip_index()
        default = pool.submit(clients.pip_default) if "pypi" in registries and not own else None
        env = clients.environment() if set(registries) & {"pypi", "npm", "go"} else {}

    def add(
        registry: str, urls: list[str], proxies: dict[str, str] | None = None, cause: str = "", remedy: str = ""
    ) -> None:
        asked.append({"registry": registry, "urls": urls, "proxies": proxies, "cause": cause, "remedy": remedy})

    if "debian" in registries:
        try:
            archive, security, conf = apt.result()
            for suite in suites:
                add("debian", [f"{archive}dists/{suite}/InRelease"], apt_proxy(conf, archive))
                if security:
                    add("debian", [f"{security}dists/{suite}-security/InRelease"], apt_proxy(conf, security))
        except clients.ClientError as error:
            add("debian", [], cause=error.found, remedy=error.remedy)
    if "pypi" in registries:
        indexes = [env[name] for name in ("PIP_INDEX_URL", "UV_DEFAULT_INDEX") if env.get(name)]
        for index in dict.fromkeys(indexes or [default.result() if default else ""]):
            add("pypi", [index.rstrip("/") + "/" + PROBES["pypi"]] if index else [])
    if "npm" in registries:
        registry = env.get("NPM_CONFIG_REGISTRY", "")
        add("npm", [registry.rstrip("/") + "/" + PROBES["npm"]] if registry else [])
    if "go" in registries:
        listed = [part.strip() for part in re.split("[,|]", env.get("GOPROXY", "")) if part.strip()]
        if listed and listed[0] == "off":
            add("go", [], cause="GOPROXY is off, so nothing can be fetched", remedy="set GOPROXY to a proxy")
        else:
            add("go", [part.rstrip("/") + "/" + PROBES["go"] for part in listed if part.startswith("http")])
    if "maven" in registries:
        urls, proxies = maven(read(clients.maven_settings()))
        add("maven", [url.rstrip("/") + "/" + PROBES["maven"] for url in urls], proxies)
    return asked


def answers(asked: list[Reading], one: Callable[..., str] = ask, patience: float = TIMEOUT + 1) -> list[Reading]:
    """The same with `cause` (empty: it answers), all asked side by side.

    The look-up of a name can't be cut short; nobody waits for it.
    """

    def work(reading: Reading) -> None:
        causes = []
        for url in reading["urls"]:
            cause = one(url, reading["proxies"])
            if not cause:
                reading["answered"] = ""
                return
            causes.append(cause)
        reading["answered"] = causes[0]

    workers = []
    for reading in asked:
        reading["answered"] = f"no answer within {TIMEOUT:.0f} s" if reading["urls"] else reading["cause"]
        if reading["urls"]:
            workers.append(threading.Thread(target=work, args=(reading,), daemon=True))
    deadline = time.monotonic() + patience
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(max(0.0, deadline - time.monotonic()))
    return [{**reading, "cause": reading["answered"]} for reading in asked]


def gather(plan: Plan) -> Reading:
    """All readings of this host that the plan asks for. Changes nothing."""
    reading: Reading = {
        "now": time.time(),
        "os": os_release(read("/etc/os-release")),
        "machine": platform.machine(),
        "python": list(sys.version_info[:3]),
        "cpus": len(os.sched_getaffinity(0)),
        "memory_mb": memory_available(read("/proc/meminfo")),
        "routes": routes(read("/proc/net/route")),
        "engine": engine(plan["engine_socket"], [image["tag"] for image in plan["images"]]),
    }
    present = set(reading["engine"]["tags"])
    reading["missing"] = [image["name"] for image in plan["images"] if image["tag"] not in present]
    reading["running"] = [c["service"] for c in reading["engine"]["containers"] if c["project"] == plan["project"]]
    reading["refused"] = refusals(plan, reading)
    plan = {**plan, "components": staying(plan, reading)}
    reading["store"] = store(reading["engine"]["root"])
    wanted = {int(port["port"]) for port in ports_of(plan)}
    found = listeners(read(f"/proc/net/{name}") for name in ("tcp", "tcp6"))
    reading["taken"] = sorted({entry["port"] for entry in found})
    reading["listeners"] = [
        {"address": entry["address"], "port": entry["port"], "holder": holder(entry["inode"])}
        for entry in found
        if entry["port"] in wanted and not _own(reading["engine"], plan["project"], entry["port"])
    ]
    reading["bindable"] = owns(plan["bind_address"])
    reading["needs"] = needs = fetches(plan, reading)
    building = [i for i in images_of(plan["components"], plan["images"]) if i["name"] in reading["missing"]]
    suites = list(dict.fromkeys(image["suite"] for image in building if image.get("suite")))
    asks = "registries" not in plan["skip"]
    reading["registries"] = answers(questions(needs, suites)) if needs and asks else []
    reading["client"] = {}
    if reading["engine"]["state"] == "present" and building:
        try:
            clients.docker_client()
        except clients.ClientError as error:
            reading["client"] = {"found": error.found, "remedy": error.remedy}
    return reading


def staying(plan: Plan, reading: Reading) -> list[dict[str, Any]]:
    """The components that nothing has to be done without."""
    return [component for component in plan["components"] if not set(component["images"]) & set(reading["refused"])]


def fetches(plan: Plan, reading: Reading) -> dict[str, list[str]]:
    """Registry → who needs it: the images that are still to be built, and what the host itself lacks."""
    needs: dict[str, list[str]] = {}
    for image in images_of(plan["components"], plan["images"]):
        if image["name"] in reading["missing"]:
            for registry in image.get("registries") or []:
                needs.setdefault(registry, []).append(image["name"])
    environment = plan.get("environment")
    if environment and not os.path.exists(os.path.join(environment, ".complete")):
        needs.setdefault("pypi", []).append("the modules' Python")
    return needs


# --- judges ----------------------------------------------------------------------------------------------------------


def judge_os(reading: Reading, plan: Plan) -> list[dict[str, str]]:
    found = []
    name = reading["os"].get("PRETTY_NAME") or "an unknown system"
    if reading["os"].get("VERSION_ID") not in SYSTEMS.get(reading["os"].get("ID", ""), ()):
        found.append(finding("os", f"this machine runs {name}, which is not supported", f"use {SYSTEMS_TEXT}"))
    machine = {"arm64": "aarch64", "amd64": "x86_64"}.get(reading["machine"], reading["machine"])
    if machine not in ("x86_64", "aarch64"):
        found.append(finding("os", f"this machine is {machine}, which is not supported", "use an x86_64 machine"))
        return found
    for component in plan["components"]:
        for image in images_of([component], plan["images"]):
            only = image.get("architectures") or [machine]
            if machine not in only and image["name"] in reading["missing"]:
                found.append(
                    finding(
                        "os",
                        f"this machine is {machine}, and image {image['name']} can be built for {', '.join(only)} only",
                        f"use an {only[0]} machine, or a profile without {component['name']}",
                    )
                )
    return found


def judge_python(reading: Reading, plan: Plan) -> list[dict[str, str]]:
    if tuple(reading["python"][:2]) >= PYTHON:
        return []
    has, wants = (".".join(map(str, version)) for version in (reading["python"], PYTHON))
    return [
        finding("python", f"the system's Python is {has}, modules need {wants}", "use a newer release of the system")
    ]


def judge_cpu(reading: Reading, plan: Plan) -> list[dict[str, str]]:
    if reading["cpus"] >= plan["cpus"]:
        return []
    return [
        finding(
            "cpu",
            f"{reading['cpus']} CPU, and {plan['cpus']} are needed",
            "give the machine more CPUs, or accept that it will be slow: preflight_skip: [cpu]",
        )
    ]


def judge_memory(reading: Reading, plan: Plan) -> list[dict[str, str]]:
    need = plan["memory_mb"] or needed(plan["components"], plan["images"], reading)["memory_mb"]
    if reading["memory_mb"] >= need:
        return []
    return [
        finding(
            "memory",
            f"{size(reading['memory_mb'])} of memory are available, and {size(need)} are expected to be needed",
            "stop other programs, give the machine more memory, or choose fewer components (onering_profile)",
        )
    ]


def judge_disk(reading: Reading, plan: Plan) -> list[dict[str, str]]:
    need = plan["disk_mb"] or needed(plan["components"], plan["images"], reading)["disk_mb"]
    free, path = reading["store"]["free_mb"], reading["store"]["path"]
    if free >= need:
        return []
    return [
        finding(
            "disk",
            f"{size(free)} are free at {path}, where the engine stores, and {size(need)} are expected to be needed",
            "free space there, or move the engine's data-root to a larger disk",
        )
    ]


def judge_clock(reading: Reading, plan: Plan) -> list[dict[str, str]]:
    remedy = "set the clock (timedatectl set-ntp true): certificates, signatures and logical dates depend on it"
    year = time.gmtime(reading["now"]).tm_year
    if not YEARS[0] <= year <= YEARS[1]:
        return [finding("clock", f"the clock says it is the year {year}", remedy)]
    skew = reading["now"] - plan["now"]
    if abs(skew) > SKEW:
        where = "behind" if skew < 0 else "ahead of"
        return [finding("clock", f"the clock is {abs(skew):.0f} s {where} the control node's", remedy)]
    return []


def ports_of(plan: Plan) -> list[dict[str, Any]]:
    """The ports that the components publish on the host, each with its component."""
    if not plan["publish"]:
        return []
    return [{**port, "component": c["name"]} for c in plan["components"] for port in c["ports"]]


def meet(first: str, second: str) -> bool:
    """Whether two sockets on one port are in each other's way."""
    return first == second or first in WILDCARDS or second in WILDCARDS


def _own(engine: Reading, project: str, port: int) -> bool:
    return any(port == p["port"] for c in engine["containers"] if c["project"] == project for p in c["ports"])


def judge_ports(reading: Reading, plan: Plan) -> list[dict[str, str]]:
    wanted = ports_of(plan)
    address = plan["bind_address"]
    found = []
    if wanted and not reading["bindable"]:
        found.append(
            finding(
                "ports",
                f"no interface of this machine has the address {address}",
                "set onering_bind_address to one of its own, or 127.0.0.1",
            )
        )
    seen: dict[int, str] = {}
    taken = {*reading["taken"], *(int(port["port"]) for port in wanted)}
    for port in wanted:
        number, variable = int(port["port"]), port["variable"]
        free = next(n for n in range(number + 1, number + 2000) if n not in taken)
        if number in seen:
            found.append(
                finding("ports", f"{seen[number]} and {variable} are both {number}", f"set {variable} to {free}")
            )
            continue
        seen[number] = variable
        if _own(reading["engine"], plan["project"], number):
            continue
        by = _in_the_way(reading, number, address)
        if by:
            taken.add(free)
            found.append(
                finding(
                    "ports",
                    f"port {number}, which {port['component']} publishes, is held by {by}",
                    f"stop that, or set {variable} to another port, for instance {free}",
                )
            )
    return found


def _in_the_way(reading: Reading, port: int, address: str) -> str:
    for container in reading["engine"]["containers"]:
        if any(p["port"] == port and meet(p["address"], address) for p in container["ports"]):
            of = f" of project {container['project']}" if container["project"] else ""
            return f"container {container['name']}{of}"
    for entry in reading["listeners"]:
        if entry["port"] == port and meet(entry["address"], address):
            return entry["holder"] or "a process of another user"
    return ""


def judge_network(reading: Reading, plan: Plan) -> list[dict[str, str]]:
    subnet = ipaddress.ip_network(plan["subnet"])
    networks = reading["engine"]["networks"]
    others = [n for n in networks if n["name"] != plan["network"]]
    own = {n["bridge"] for n in networks if n["name"] == plan["network"]}
    if reading["engine"]["state"] in ("absent", "stopped"):
        # An engine leaves its bridges in the kernel when it stops: the one of this very network is the project's own.
        own |= {
            r["interface"]
            for r in reading["routes"]
            if re.fullmatch("br-[0-9a-f]{12}", r["interface"]) and r["network"] == plan["subnet"]
        }
    bridges = {n["bridge"] for n in others}
    used = [ipaddress.ip_network(s) for n in others for s in n["subnets"]]
    used += [ipaddress.ip_network(r["network"]) for r in reading["routes"] if r["interface"] not in own]
    candidates = [f"172.{n}.0.0/16" for n in range(31, 16, -1)] + [f"10.{n}.0.0/16" for n in range(240, 100, -1)]
    free = next((c for c in candidates if not any(ipaddress.ip_network(c).overlaps(u) for u in used)), "a free /16")
    remedy = f"set onering_network_subnet to a free /16: {free}"
    found = [
        finding("network", f"{subnet} overlaps {s} of the engine's network {n['name']}", remedy)
        for n in others
        for s in n["subnets"]
        if subnet.overlaps(ipaddress.ip_network(s))
    ]
    return found + [
        finding("network", f"{subnet} overlaps the route to {r['network']} by {r['interface']}", remedy)
        for r in reading["routes"]
        if r["interface"] not in own | bridges and subnet.overlaps(ipaddress.ip_network(r["network"]))
    ]


def judge_engine(reading: Reading, plan: Plan) -> list[dict[str, str]]:
    engine, path = reading["engine"], plan["engine_socket"]
    state = engine["state"]
    if state == "denied":
        return [finding("engine", f"{path} may not be used by this user", "run as root or with sudo (become)")]
    if state == "silent":
        return [
            finding(
                "engine",
                f"{path} is there, but the engine does not answer: {engine['detail']}",
                "look at its log (journalctl -u docker), and restart it",
            )
        ]
    if state in ("absent", "stopped"):
        if plan["engine_install"]:
            return []
        return [
            finding(
                "engine",
                f"no engine answers at {path}, and engine_install is false",
                "start the engine, or let it be installed: engine_install: true",
            )
        ]
    if tuple(int(part) for part in re.findall(r"\d+", engine["api"])[:2]) < API:
        return [
            finding(
                "engine",
                f"the engine is {engine['version']} (API {engine['api']}), and API {'.'.join(map(str, API))} is needed",
                "upgrade Docker to 20.10 or newer",
            )
        ]
    if reading["client"]:
        return [finding("engine", reading["client"]["found"], reading["client"]["remedy"])]
    return []


def judge_registries(reading: Reading, plan: Plan) -> list[dict[str, str]]:
    found = []
    for answer in reading["registries"]:
        if not answer["cause"]:
            continue
        title, setting = REGISTRIES[answer["registry"]]
        address = f" at {shown(answer['urls'][0])}" if answer["urls"] else ""
        found.append(
            finding(
                "registries",
                f"{title}{address}: {answer['cause']}; needed for {', '.join(reading['needs'][answer['registry']])}",
                answer["remedy"] or _registry_remedy(answer["cause"], setting),
            )
        )
    return found


def judge_images(reading: Reading, plan: Plan) -> list[dict[str, str]]:
    found = []
    for component in plan["components"]:
        for image in plan["images"]:
            if image["name"] in component["images"] and image["name"] in reading["refused"]:
                required = component["name"] in plan["required"]
                without = "which is required" if required else "which is left out"
                entry = finding(
                    "images",
                    f"{image['tag']} can't be had, the vendor's image of {component['name']}, {without}: "
                    + reading["refused"][image["name"]],
                    VENDOR_REMEDY,
                )
                found.append({**entry, "level": "error" if required else "warning"})
    return found


def _registry_remedy(cause: str, setting: str) -> str:
    if cause.startswith("TLS"):
        return "put the authority's certificate into /usr/local/share/ca-certificates and run update-ca-certificates"
    if cause.startswith(("HTTP 401", "HTTP 403", "HTTP 407")):
        return f"give credentials or another address: {setting}"
    if cause.startswith("HTTP 404"):
        return f"mend the address: {setting}"
    return f"let this machine reach it (firewall, http_proxy and https_proxy), or set another: {setting}"


JUDGES: dict[str, Callable[[Reading, Plan], list[dict[str, str]]]] = {
    "os": judge_os,
    "python": judge_python,
    "cpu": judge_cpu,
    "memory": judge_memory,
    "disk": judge_disk,
    "clock": judge_clock,
    "ports": judge_ports,
    "network": judge_network,
    "engine": judge_engine,
    "registries": judge_registries,
    "images": judge_images,
}


def judge(reading: Reading, plan: Plan) -> list[dict[str, str]]:
    """Every finding, each with check, found, remedy and level: warning for what is skipped or left out, else error."""
    remaining = {**plan, "components": staying(plan, reading)}
    return [
        {"level": "error", **entry, **({"level": "warning"} if name in plan["skip"] else {})}
        for name, one in JUDGES.items()
        for entry in one(reading, plan if name == "images" else remaining)
    ]


def notes(reading: Reading, plan: Plan) -> list[str]:
    """What a reader should know though it is no finding."""
    lines = []
    state = reading["engine"]["state"]
    if state in ("absent", "stopped") and plan["engine_install"]:
        lines.append("no engine answers: it will be " + ("installed" if state == "absent" else "started"))
    vendors = [image for image in images_of(plan["components"], plan["images"]) if image.get("vendor")]
    if state != "present" and vendors:
        tags = ", ".join(image["tag"] for image in vendors)
        lines.append(f"only an engine can say whether these can be had: {tags}")
    silent = [REGISTRIES[a["registry"]][0] for a in reading["registries"] if not a["urls"] and not a["cause"]]
    if silent:
        lines.append(f"client's default, not checked: {', '.join(dict.fromkeys(silent))}")
    return lines
