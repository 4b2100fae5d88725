"""Run one statement at the server that the environment names, and print its rows as JSON."""

import json
import os
import sys

from clickhouse_driver import Client

client = Client(
    os.environ["CLICKHOUSE_HOST"],
    port=int(os.environ.get("CLICKHOUSE_PORT", "9000")),
    user=os.environ.get("CLICKHOUSE_USER", "default"),
    password=os.environ.get("CLICKHOUSE_PASSWORD", ""),
    secure=os.environ.get("CLICKHOUSE_SECURE", "") in ("1", "true"),
)
print(json.dumps(client.execute(sys.argv[1]), default=str))
