"""Print what Liquibase recorded in a store, in order, as JSON. usage: history.py postgres|clickhouse DATABASE"""

import json
import os
import sys
from typing import Any

import clickhouse_driver
import psycopg

store, database = sys.argv[1:]
THERE = {
    "postgres": "SELECT count(*) FROM pg_tables WHERE tablename = 'databasechangelog'",
    "clickhouse": f"SELECT count() FROM system.tables WHERE name = 'DATABASECHANGELOG' AND database = '{database}'",
}
READ = "SELECT {id}, coalesce({tag}, '') FROM {table} WHERE {filename} <> 'liquibase-internal' ORDER BY {orderexecuted}"
COLUMNS = ("id", "tag", "filename", "orderexecuted")
TABLES = {"postgres": "databasechangelog", "clickhouse": f"{database}.DATABASECHANGELOG"}

names = {name: name.upper() if store == "clickhouse" else name for name in COLUMNS}


def ask(sql: str) -> list[Any]:
    if store == "postgres":
        with psycopg.connect(
            host=os.environ["POSTGRES_HOST"],
            port=os.environ.get("POSTGRES_PORT", "5432"),
            user=os.environ.get("POSTGRES_USER", "postgres"),
            password=os.environ["POSTGRES_PASSWORD"],
            dbname=database,
        ) as connection:
            return connection.execute(sql).fetchall()
    client = clickhouse_driver.Client(
        os.environ["CLICKHOUSE_HOST"],
        port=int(os.environ.get("CLICKHOUSE_PORT", "9000")),
        user=os.environ.get("CLICKHOUSE_USER", "default"),
        password=os.environ["CLICKHOUSE_PASSWORD"],
    )
    return client.execute(sql)


print(json.dumps(ask(READ.format(table=TABLES[store], **names)) if ask(THERE[store])[0][0] else []))
