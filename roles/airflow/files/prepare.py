"""Bring the metadata database to this Airflow's schema and keep the platform's accounts. Repeatable.

The accounts come from a file, as the command line shows in the process table: a list of `name`, `password` and `role`.
Accounts that people make stay as they are.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow.providers.fab.auth_manager.cli_commands.utils import get_application_builder
from airflow.providers.fab.auth_manager.security_manager.override import FabException
from airflow.utils.db import upgradedb
from airflow.utils.providers_configuration_loader import providers_configuration_loaded
from sqlalchemy.exc import OperationalError

if TYPE_CHECKING:
    from collections.abc import Iterator

OURS = "Kept by OneRing"  # the first name of accounts that this program made
EARLIER = ("Platform", "Administrator")  # first and last name of the administrator's, as it was made before


def keep_account(security: Any, name: str, password: str, role: str) -> str:
    """Make the account, or set its password and role. Returns what was done. A person's account is never taken over."""
    wanted = security.find_role(role)
    if wanted is None:
        raise SystemExit(f"Airflow has no role {role}, which the account {name} should have")
    user = security.find_user(name)
    if user is None:
        try:
            security.add_user(name, OURS, role, f"{name}@localhost", wanted, password)
        except FabException:
            raise SystemExit(f"Airflow refused the account {name}: is {name}@localhost another's address?") from None
        return f"account {name} made"
    if not is_ours(user):
        raise SystemExit(f"Airflow has an account {name} that somebody made: rename it, or set another name for ours")
    if not security.reset_password(user.id, password):
        raise SystemExit(f"Airflow refused the new password of {name}")
    if user.roles != [wanted] or not user.active or user.first_name != OURS:
        user.roles, user.active, user.first_name, user.last_name = [wanted], True, OURS, role
        security.update_user(user)
    return f"password of {name} set"


def is_ours(user: Any) -> bool:
    names = (user.first_name, user.last_name)
    return user.email == f"{user.username}@localhost" and (user.first_name == OURS or names == EARLIER)


def remove_others(security: Any, names: list[str]) -> Iterator[str]:
    """Remove accounts that this program made and that are not declared any more."""
    declared = {name.casefold() for name in names}
    for user in security.get_all_users():
        if is_ours(user) and user.username.casefold() not in declared:
            user.roles.clear()
            if not security.del_register_user(user):
                raise SystemExit(f"Airflow refused to remove the account {user.username}")
            yield f"account {user.username} removed"


@providers_configuration_loaded
def keep_accounts(accounts: list[dict[str, str]]) -> None:
    names = [account["name"] for account in accounts]
    folded = [name.casefold() for name in names]
    twice = sorted({name for name in folded if folded.count(name) > 1})
    if twice:
        raise SystemExit(f"Two components declare Airflow's account {twice[0]}: set another name for one of them")
    with get_application_builder() as builder:
        for account in accounts:
            print(keep_account(builder.sm, **account))
        for done in remove_others(builder.sm, names):
            print(done)


if __name__ == "__main__":
    try:
        providers_configuration_loaded(upgradedb)()
    except OperationalError as error:
        raise SystemExit(f"Can't reach the metadata database: {error.orig}") from None
    print("database schema is current")
    keep_accounts(json.loads(Path("/run/secrets/accounts.json").read_text(encoding="utf-8")))
