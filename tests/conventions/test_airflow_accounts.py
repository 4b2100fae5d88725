"""Whose accounts the role airflow keeps, and whose it leaves alone: prepare.py beside stand-ins for its packages."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

PROGRAM = Path(__file__).resolve().parents[2] / "roles/airflow/files/prepare.py"
IMPORTED = {
    "airflow.providers.fab.auth_manager.cli_commands.utils": {"get_application_builder": None},
    "airflow.providers.fab.auth_manager.security_manager.override": {"FabException": RuntimeError},
    "airflow.utils.db": {"upgradedb": None},
    "airflow.utils.providers_configuration_loader": {"providers_configuration_loaded": lambda of: of},
    "sqlalchemy.exc": {"OperationalError": OSError},
}


class Security:
    """Accounts in a list, found as the security manager finds them: whatever their case."""

    def __init__(self, *users: SimpleNamespace) -> None:
        self.users = list(users)

    def find_role(self, name: str) -> str | None:
        return name if name in ("Admin", "Viewer") else None

    def find_user(self, name: str) -> SimpleNamespace | None:
        return next((user for user in self.users if user.username.lower() == name.lower()), None)

    def get_all_users(self) -> list[SimpleNamespace]:
        return list(self.users)

    def add_user(self, username: str, first: str, last: str, email: str, role: str, password: str) -> None:
        if any(user.email == email for user in self.users):
            raise RuntimeError(password)
        self.users.append(account(username, first, last, email=email, roles=[role], password=password))

    def reset_password(self, number: int, password: str) -> bool:
        next(user for user in self.users if user.id == number).password = password
        return True

    def update_user(self, user: SimpleNamespace) -> None:
        pass

    def del_register_user(self, user: SimpleNamespace) -> bool:
        self.users.remove(user)
        return True


def account(name: str, first: str, last: str = "", **more: Any) -> SimpleNamespace:
    given = {"email": f"{name}@localhost", "roles": ["Admin"], "active": True, "password": "old", **more}
    return SimpleNamespace(id=id(given), username=name, first_name=first, last_name=last, **given)


@pytest.fixture
def prepare(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    for name, values in IMPORTED.items():
        module = ModuleType(name)
        vars(module).update(values)
        monkeypatch.setitem(sys.modules, name, module)
    spec = importlib.util.spec_from_file_location("prepare", PROGRAM)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("names", [("Kept by OneRing", "Admin"), ("Platform", "Administrator")])
def test_ours_gets_its_password_role_and_state_again(prepare: ModuleType, names: tuple[str, str]) -> None:
    ours = account("admin", *names, roles=[], active=False)
    prepare.keep_account(Security(ours), "Admin", "new", "Admin")
    assert (ours.password, ours.roles, ours.active, ours.first_name) == ("new", ["Admin"], True, prepare.OURS)


def test_one_that_somebody_made_is_never_taken_over(prepare: ModuleType) -> None:
    person = account("report", "Platform", "Team", email="team@example.com")
    with pytest.raises(SystemExit, match="report that somebody made"):
        prepare.keep_account(Security(person), "report", "new", "Viewer")
    assert (person.password, person.roles) == ("old", ["Admin"])


def test_a_taken_address_and_a_missing_role_are_told_without_the_password(prepare: ModuleType) -> None:
    person = account("other", "Ann", email="report@localhost")
    with pytest.raises(SystemExit, match="report@localhost another's") as refused:
        prepare.keep_account(Security(person), "report", "planted", "Viewer")
    assert "planted" not in str(refused.value)
    with pytest.raises(SystemExit, match="no role Reader"):
        prepare.keep_account(Security(), "report", "planted", "Reader")


def test_only_ours_that_are_not_declared_are_removed(prepare: ModuleType) -> None:
    kept, gone = account("Admin", prepare.OURS), account("earlier", prepare.OURS)
    people = [account("platform", "Platform", "Team"), account("ann", prepare.OURS, email="ann@example.com")]
    security = Security(kept, gone, *people)
    assert list(prepare.remove_others(security, ["admin"])) == ["account earlier removed"]
    assert security.users == [kept, *people]


def test_two_declarations_of_one_name_are_refused(prepare: ModuleType) -> None:
    declared = [{"name": name, "password": "p", "role": "Viewer"} for name in ("report", "Report")]
    with pytest.raises(SystemExit, match="account report"):
        prepare.keep_accounts(declared)
