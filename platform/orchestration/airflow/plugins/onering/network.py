"""Deadlines of connections to the stores. A slow answer is waited for; probes tell it from a store that is gone."""

from __future__ import annotations

import os
import socket

CONNECT = 5  # seconds to connect
DEAD_AFTER = int(os.environ.get("ONERING_DEAD_AFTER") or 30)  # seconds of silence on the line: the store is gone
IDLE, INTERVAL, PROBES = max(1, DEAD_AFTER // 2), max(1, DEAD_AFTER // 6), 3
REMEDY = "See whether it runs (make status), then run the date again."

SOCKET_OPTIONS = [
    (socket.IPPROTO_TCP, socket.TCP_NODELAY, 1),
    (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
    (socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, IDLE),
    (socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, INTERVAL),
    (socket.IPPROTO_TCP, socket.TCP_KEEPCNT, PROBES),
    (socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, DEAD_AFTER * 1000),
]

# The same for libpq, as keywords and in an address.
LIBPQ: dict[str, int] = {
    "connect_timeout": CONNECT,
    "keepalives_idle": IDLE,
    "keepalives_interval": INTERVAL,
    "keepalives_count": PROBES,
    "tcp_user_timeout": DEAD_AFTER * 1000,
}


def reason(error: BaseException) -> str:
    """What happened at the bottom: libraries wrap it in their own words, and call a dead line a slow answer."""
    while inner := error.__cause__ or error.__context__:
        error = inner
    return str(error) or type(error).__name__
