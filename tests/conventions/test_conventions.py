"""What holds for every role, module and lock file, whoever adds the next one."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.onering.platform.plugins.plugin_utils.settings import Declared, unknown

ROOT = Path(__file__).resolve().parents[2]
ROLES = sorted(path.parent.parent for path in ROOT.glob("roles/*/tasks/main.yml"))
COMPONENTS = [role for role in ROLES if f"{role.name}_component:" in (role / "defaults/main.yml").read_text()]
COLLECTION = ROOT / "collections/ansible_collections/onering/platform"
MODULES = sorted(path.stem for path in (COLLECTION / "plugins/modules").glob("[!_]*.py"))
LOCKS = sorted((ROOT / "requirements").glob("*.txt"))


def load(path: Path) -> Any:
    return yaml.safe_load(path.read_text()) if path.exists() else None


def name_of(item: Any) -> str:
    return item.name if isinstance(item, Path) else str(item)


@pytest.fixture(params=ROLES, ids=name_of)
def role(request: pytest.FixtureRequest) -> Path:
    return request.param


@pytest.fixture(params=COMPONENTS, ids=name_of)
def component(request: pytest.FixtureRequest) -> Path:
    return request.param


def test_defaults_and_argument_specs_have_the_same_keys(role: Path) -> None:
    defaults = load(role / "defaults/main.yml") or {}
    options = load(role / "meta/argument_specs.yml")["argument_specs"]["main"].get("options", {})
    required = {name for name, option in options.items() if option.get("required")}
    assert set(defaults) == set(options) - (required - set(defaults))


def test_literal_defaults_equal_those_of_the_spec(role: Path) -> None:
    defaults = load(role / "defaults/main.yml") or {}
    options = load(role / "meta/argument_specs.yml")["argument_specs"]["main"].get("options", {})
    for name, value in defaults.items():
        if "default" in options[name] and "{{" not in json.dumps(value):
            assert options[name]["default"] == value, name


def test_variables_carry_the_role_as_prefix(role: Path) -> None:
    for name in load(role / "defaults/main.yml") or {}:
        assert name.startswith(f"{role.name}_"), name
    for name in load(role / "vars/main.yml") or {}:
        assert name.startswith(f"__{role.name}_"), name


def test_secrets_have_no_defaults_of_their_own(role: Path) -> None:
    """Regression 19: no default passwords, anywhere."""
    for name, value in (load(role / "defaults/main.yml") or {}).items():
        if re.search(r"_(password|token|secret|key)$", name):
            assert "onering_secrets." in str(value), name


def connections(value: Any) -> Iterator[dict[str, Any]]:
    """What Airflow's tasks log in with, wherever a role declares it."""
    if isinstance(value, dict):
        if "conn_type" in value and "login" in value:
            yield value
        for of in value.values():
            yield from connections(of)
    elif isinstance(value, list):
        for of in value:
            yield from connections(of)


def test_pipelines_have_accounts_of_their_own() -> None:
    """Regressions 19 and 20: no task works as a root account or a superuser, and no secret serves two accounts."""
    files = [role / of / "main.yml" for role in ROLES for of in ("defaults", "vars")]
    found = [of for path in files for of in connections(load(path))]
    assert len(found) > 6
    assert {str(of["login"]) for of in found} & {"root", "onering-root", "postgres", "admin", "default"} == set()
    assert [of for of in found if re.search(r"root|admin|superuser", f"{of['login']} {of['password']}")] == []
    accounts = {(of["conn_type"], str(of["login"]), str(of["password"])) for of in found}
    assert len({password for *_account, password in accounts}) == len(accounts)


def test_a_component_can_be_verified_and_has_an_empty_scenario(component: Path) -> None:
    assert (component / "tasks/verify.yml").exists()
    scenario = ROOT / "molecule" / component.name / "molecule.yml"
    assert scenario.exists()
    assert not load(scenario)


def test_a_component_of_the_core_has_evidence(component: Path) -> None:
    """`make conformance` ran with it: nothing is claimed of what never ran."""
    exported = load(component / "defaults/main.yml")[f"{component.name}_component"]
    if exported["profile"] == "core":
        assert load(ROOT / f"evidence/{component.name}.yml")["result"] == "passed"


def test_a_component_is_one_line_of_the_site(component: Path) -> None:
    lines = [line for line in (ROOT / "site.yml").read_text().splitlines() if f"role: {component.name}," in line]
    assert len(lines) == 1
    assert f"'{component.name}' in onering_components" in lines[0]


def test_a_component_comes_after_what_it_needs(component: Path) -> None:
    order = [entry["role"] for entry in load(ROOT / "site.yml")[0]["roles"]]
    needs = load(component / "defaults/main.yml")[f"{component.name}_component"].get("needs") or []
    assert all(order.index(need) < order.index(component.name) for need in needs)


def test_the_preflight_comes_first_whatever_is_asked() -> None:
    assert load(ROOT / "site.yml")[0]["roles"][0] == {"role": "preflight", "tags": ["always"]}


def platform_settings(entry: str) -> dict[str, Any]:
    return load(ROOT / "roles/preflight/meta/argument_specs.yml")["argument_specs"][entry]["options"]


def test_platform_wide_settings_are_declared() -> None:
    declared = {**platform_settings("platform"), **platform_settings("found")}
    values = {k: v for path in ROOT.glob("group_vars/all/*.yml") for k, v in load(path).items() if k[0] != "_"}
    used = {
        name
        for path in [*ROOT.glob("roles/*/*/*.yml"), *ROOT.glob("roles/*/templates/*"), *ROOT.glob("playbooks/*.yml")]
        for name in re.findall(r"(?<![\w.-])onering_[a-z_]+\b(?!/)", path.read_text())
    }
    assert set(values) | used == set(declared)
    for name, value in values.items():
        if "{{" not in json.dumps(value):
            assert declared[name]["default"] == value, name


def test_verbs_of_playbooks_are_declared() -> None:
    given = {
        verb
        for path in ROOT.glob("playbooks/*.yml")
        for play in load(path)
        for verb in play.get("vars", {}).get("onering_verbs", [])
    }
    assert given <= set(platform_settings("platform")["onering_verbs"]["choices"])


def test_facts_that_roles_set_are_no_unknown_settings() -> None:
    found: set[str] = set()

    def visit(tasks: Any) -> None:
        for task in tasks if isinstance(tasks, list) else []:
            found.update(task.get("ansible.builtin.set_fact") or {})
            found.update([task["register"]] if "register" in task else [])
            found.update((task.get("vars") or {}) if "ansible.builtin.include_role" in task else {})
            for key in ("block", "rescue", "always", "tasks"):
                visit(task.get(key))

    for path in [*ROOT.glob("roles/*/tasks/*.yml"), *ROOT.glob("playbooks/*.yml")]:
        visit(load(path))
    declared = Declared(str(ROOT / "roles")).options
    public = {name for name in found - set(declared) if not name.startswith(("_", "ansible_", "onering_"))}
    assert public == set(load(ROOT / "roles/preflight/vars/main.yml")["__preflight_facts"])


def test_settings_that_ship_are_known() -> None:
    inventories = [*ROOT.glob("inventories/*/hosts.yml"), *ROOT.glob("tests/*/inventory/hosts.yml")]
    given = [load(path)["onering"]["hosts"]["localhost"] for path in inventories if "localhost" in path.read_text()]
    given.append(load(ROOT / ".config/molecule/config.yml")["provisioner"]["inventory"]["host_vars"]["localhost"])
    facts = load(ROOT / "roles/preflight/vars/main.yml")["__preflight_facts"]
    declared = Declared(str(ROOT / "roles"))
    assert len(given) > 2
    assert [unknown(names, declared, facts, {}) for names in given] == [[]] * len(given)


TOOLS = {"debian": r"apt-get", "pypi": r"pip install|build/install", "npm": r"npm", "go": r"go build", "maven": r"mvn"}


def test_an_image_names_the_registries_that_its_build_asks(role: Path) -> None:
    for image in (load(role / "vars/main.yml") or {}).get(f"__{role.name}_images") or []:
        if "vendor" in image:
            continue
        text = (role / "files/image/Dockerfile").read_text()
        assert set(image["registries"]) == {name for name, tool in TOOLS.items() if re.search(tool, text)}


def test_a_component_says_what_it_needs_of_the_host(component: Path) -> None:
    export = load(component / "defaults/main.yml")[f"{component.name}_component"]
    wanted = {"memory_mb"} if export.get("services") else set()
    wanted |= {"disk_mb"} if export.get("images") else set()
    wanted |= {"build_seconds"} if (component / "files/image/Dockerfile").exists() else set()
    assert wanted <= set(export.get("footprint") or {})
    assert all(figure > 0 for figure in (export.get("footprint") or {}).values())


def test_a_component_exports_the_ports_that_it_publishes(component: Path) -> None:
    text = (component / "vars/main.yml").read_text()
    published = set(re.findall(rf"['\"]?host['\"]?: (?:\"{{{{ )?({component.name}_\w*port)\b", text))
    export = load(component / "defaults/main.yml")[f"{component.name}_component"]
    assert {port["variable"] for port in export.get("ports") or []} == published
    for port in export.get("ports") or []:
        assert port["port"] == f"{{{{ {port['variable']} }}}}"


def test_an_image_of_ours_carries_no_product_name(role: Path) -> None:
    variables = load(role / "vars/main.yml") or {}
    for image in variables.get(f"__{role.name}_images") or variables.get("__image_bases") or []:
        assert not any(other.name in image["name"] for other in COMPONENTS), image["name"]


def test_a_vendors_image_is_pinned_probed_and_has_a_contract(role: Path) -> None:
    for image in (load(role / "vars/main.yml") or {}).get(f"__{role.name}_images") or []:
        if "vendor" not in image:
            continue
        defaults = load(role / "defaults/main.yml")
        name = defaults[image["vendor"].strip("{} ")]
        version = defaults[image["version"].strip("{} ")]
        assert re.fullmatch(r"\d+\.\d+\.\d+", version)
        assert re.fullmatch(r"[a-z]+/[a-z]+:\{\{ \w+_version \}\}", name), "no host: the engine knows the registry"
        assert set(image["probe"]) >= {"user", "memory", "health", "version", "operation"}
        assert version in (role / "CONTRACT.md").read_text()


def given(value: Any) -> Iterator[str]:
    """Volumes that a role's services mount, and environment that names files with secrets."""
    if isinstance(value, dict):
        yield from (of["path"] for of in value.get("volumes") or [] if isinstance(of, dict))
        env = value.get("env")
        yield from (name for name, of in (env if isinstance(env, dict) else {}).items() if "/run/secrets/" in str(of))
        for of in value.values():
            yield from given(of)
    elif isinstance(value, list):
        for of in value:
            yield from given(of)


def test_a_built_image_has_a_contract_that_names_its_volumes_and_its_secrets() -> None:
    built = [role for role in ROLES if (role / "files/image/Dockerfile").exists()]
    wanted = {role.name: set(given(load(role / "vars/main.yml"))) for role in built}
    assert {"airflow", "clickhouse", "minio", "postgres", "prometheus", "report"} <= {of for of in wanted if wanted[of]}
    for role in built:
        contract = (role / "files/image/CONTRACT.md").read_text()
        assert [name for name in sorted(wanted[role.name]) if name not in contract] == [], role.name


def test_no_image_floats(role: Path) -> None:
    """Regression 17."""
    for path in role.rglob("*"):
        if (path.is_file() and path.suffix in {".yml", ".j2", ".py"}) or path.name == "Dockerfile":
            assert ":latest" not in path.read_text(), path


def test_mechanism_names_no_content() -> None:
    content = {path.stem for path in (ROOT / "platform/datasets").glob("*.yml")}
    for name in list(content):
        content |= set(load(ROOT / f"platform/datasets/{name}.yml")["streams"])
    content.remove("users")  # the stores call their accounts so
    word = re.compile(rf"\b({'|'.join(sorted(content))})\b")
    places = [*ROOT.glob("roles/**/*"), *ROOT.glob("group_vars/**/*.yml")]
    named = [
        str(path)
        for path in places
        if path.is_file() and path.suffix in {".yml", ".j2", ".py"} and word.search(path.read_text())
    ]
    assert named == []


def test_every_module_is_in_one_action_group() -> None:
    groups = load(COLLECTION / "meta/runtime.yml")["action_groups"]
    listed = [name for group in groups.values() for name in group if isinstance(name, str)]
    assert sorted(listed) == MODULES


def test_modules_state_what_they_promise() -> None:
    names = [f"onering.platform.{name}" for name in MODULES]
    done = subprocess.run(["ansible-doc", "--json", *names], capture_output=True, text=True, check=True, cwd=ROOT)
    documented = json.loads(done.stdout)
    assert sorted(documented) == sorted(names)
    lines = []
    for name in names:
        doc = documented[name]["doc"]
        promises = " | ".join(doc["attributes"][of]["support"] for of in ("check_mode", "diff_mode", "idempotent"))
        assert all(option.get("description") for option in doc["options"].values()), name
        lines.append(f"| `{name.rpartition('.')[2]}` | {doc['short_description']} | {promises} | ")
    table = (COLLECTION / "README.md").read_text().partition("| run against |\n")[2].partition("\n\n")[0]
    shown = [line.removesuffix(" |").rpartition(" | ") for line in table.splitlines()[1:]]
    assert ["".join(line[:2]) for line in shown] == lines
    assert all(against for *_, against in shown)


@pytest.mark.parametrize("lock", LOCKS, ids=name_of)
def test_locks_are_hashes_without_addresses(lock: Path) -> None:
    text = lock.read_text()
    assert "://" not in text
    assert "--hash=sha256:" in text
    for line in text.splitlines():
        assert not line.startswith("-"), line


def environments(folder: Path) -> list[str]:
    """What the role airbyte exports to a play away from the checkout and its group_vars, with lock files of its own."""
    shown = "{{ airbyte_component.environments | to_json }}"
    play = {
        "hosts": "localhost",
        "gather_facts": False,
        "vars": {
            "onering_verbs": [],
            "airbyte_ingest_secret_key": "none",
            "ansible_python_interpreter": sys.executable,
        },
        "roles": ["airbyte"],
        "tasks": [{"ansible.builtin.copy": {"content": shown, "dest": str(folder / "found.json"), "mode": "0600"}}],
    }
    (folder / "play.yml").write_text(yaml.safe_dump([play]))
    config = f"[defaults]\nroles_path = {ROOT}/roles\ncollections_path = {ROOT}/collections\n"
    (folder / "ansible.cfg").write_text(config)
    subprocess.run(
        ["ansible-playbook", "--connection", "local", "--inventory", "localhost,", "play.yml"],
        cwd=folder,
        env=os.environ | {"ANSIBLE_CONFIG": str(folder / "ansible.cfg")},
        check=True,
    )
    return load(folder / "found.json")


def test_a_connector_is_a_lock_file(tmp_path: Path) -> None:
    shipped = [lock.stem for lock in LOCKS if lock.stem.startswith("airbyte-source-")]
    (tmp_path / "requirements").mkdir()
    for lock in ("airbyte.txt", "airbyte-source-a-b.txt", "airbyte-source-x.txt", "other.txt"):
        (tmp_path / "requirements" / lock).touch()
    assert environments(tmp_path) == ["airbyte", *sorted([*shipped, "airbyte-source-a-b", "airbyte-source-x"])]


def test_galaxy_users_get_the_bundled_versions() -> None:
    for collection in load(ROOT / "requirements.yml")["collections"]:
        namespace, name = collection["name"].split(".")
        manifest = json.loads((files("ansible_collections") / namespace / name / "MANIFEST.json").read_text())
        assert manifest["collection_info"]["version"] == collection["version"], collection["name"]


def test_the_roles_reference_is_up_to_date() -> None:
    done = subprocess.run(
        [sys.executable, ROOT / "ops/scripts/reference", "--check"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"run ops/scripts/reference; out of date: {done.stdout}"


def test_every_test_that_the_docs_name_is_there() -> None:
    """Each message in the docs is produced by a test: here the tests are looked for, they look for the messages."""
    text = "\n".join(path.read_text() for path in ROOT.glob("docs/*.md"))
    folders = (ROOT / "tests", ROOT / "platform/tests", COLLECTION / "tests")
    sources = "\n".join(path.read_text() for folder in folders for path in folder.glob("**/*.py"))
    named = set(re.findall(r"`(test_\w+)", text))
    assert named
    assert [name for name in sorted(named) if f"def {name}(" not in sources] == []
    cases = {case.removesuffix("-…") for case in re.findall(r"`test_\w+\[([^\]]+)\]", text)}
    assert cases
    assert [case for case in sorted(cases) if f'"{case}"' not in sources] == []
