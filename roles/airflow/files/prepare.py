"""Bring the metadata database to this Airflow's schema and keep the administrator's account. Repeatable.

The account's password comes from a file: the command line shows in the process table.
"""

from __future__ import annotations

import os
from pathlib import Path

from airflow.providers.fab.auth_manager.cli_commands.utils import get_application_builder
from airflow.utils.db import upgradedb
from airflow.utils.providers_configuration_loader import providers_configuration_loaded
from sqlalchemy.exc import OperationalError


@providers_configuration_loaded
def keep_administrator(name: str, password: str) -> str:
    """Make the account, or set its password. Returns what was done."""
    with get_application_builder() as builder:
        security = builder.sm
        user = security.find_user(name)
        if user is None:
            role = security.find_role("Admin")
            if not security.add_user(name, "Platform", "Administrator", f"{name}@localhost", role, password):
                raise SystemExit(f"Airflow refused the account {name}")
            return f"account {name} made"
        if not security.reset_password(user.id, password):
            raise SystemExit(f"Airflow refused the new password of {name}")
        return f"password of {name} set"


if __name__ == "__main__":
    try:
        providers_configuration_loaded(upgradedb)()
    except OperationalError as error:
        raise SystemExit(f"Can't reach the metadata database: {error.orig}") from None
    print("database schema is current")
    secret = Path("/run/secrets/admin_password").read_text(encoding="utf-8").strip()
    print(keep_administrator(os.environ["ONERING_ADMIN_USER"], secret))
