#!/usr/bin/env python3
"""Exit 0 when this container's Airflow process does its work, and say why not otherwise. Cheap: imports no Airflow.

`alive api` asks the API server whether it serves tasks and reaches its database. `alive SchedulerJob` (DagProcessorJob,
TriggererJob) looks for a heartbeat of a process of this kind that began after this container did: an earlier one's
doesn't count.
"""

import json
import os
import sys
import urllib.request

FRESH = 45  # seconds; Airflow beats every 5


def api() -> str:
    # The part that tasks talk to is made when it is first asked, which takes seconds: here, not in the first task.
    ask("/execution/health")
    status = ask("/api/v2/monitor/health")["metadatabase"]["status"]
    return "" if status == "healthy" else f"the metadata database is {status}"


def ask(path: str) -> dict[str, dict[str, str]]:
    with urllib.request.urlopen(f"http://127.0.0.1:8080{path}", timeout=9) as answer:
        found: dict[str, dict[str, str]] = json.load(answer)
    return found


def seconds_up() -> float:
    """How long this container's first process has been there."""
    with open("/proc/1/stat") as stat, open("/proc/uptime") as uptime:
        ticks = int(stat.read().rpartition(")")[2].split()[19])
        return float(uptime.read().split()[0]) - ticks / os.sysconf("SC_CLK_TCK")


def beats(job_type: str) -> str:
    import psycopg2

    with open("/run/secrets/database_url") as secret:
        url = secret.read().strip().replace("postgresql+psycopg2://", "postgresql://", 1)
    connection = psycopg2.connect(url, connect_timeout=5)
    try:
        cursor = connection.cursor()
        cursor.execute(
            "SELECT extract(epoch FROM now() - max(latest_heartbeat)) FROM job"
            " WHERE job_type = %s AND state = 'running' AND start_date > now() - make_interval(secs => %s)",
            (job_type, seconds_up() + 1),
        )
        (age,) = cursor.fetchone()
    finally:
        connection.close()
    if age is None:
        return f"no {job_type} has reported since this container started"
    return "" if age < FRESH else f"the last heartbeat of {job_type} was {age:.0f} s ago"


if __name__ == "__main__":
    try:
        problem = api() if sys.argv[1] == "api" else beats(sys.argv[1])
    except Exception as error:  # whatever it is, it is the answer
        problem = f"{type(error).__name__}: {error}".strip()
    sys.exit(problem or 0)
