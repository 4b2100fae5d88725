# Copyright: OneRing contributors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations


class ModuleDocFragment:
    """Connection to ClickHouse: the same options as `module_utils/clickhouse.py` CONNECTION."""

    DOCUMENTATION = r"""
options:
  login_host:
    description:
      - Host of the server.
      - Without it, the environment variable E(CLICKHOUSE_HOST).
    type: str
    default: localhost
  login_port:
    description:
      - Port of the native protocol, not of HTTP.
      - Without it, the environment variable E(CLICKHOUSE_PORT).
    type: int
    default: 9000
  login_user:
    description:
      - Account the module works as.
      - Without it, the environment variable E(CLICKHOUSE_USER).
    type: str
    default: default
  login_password:
    description:
      - Password of O(login_user).
      - Without it, the environment variable E(CLICKHOUSE_PASSWORD).
    type: str
    default: ""
  secure:
    description:
      - Whether to speak TLS.
      - Without it, the environment variable E(CLICKHOUSE_SECURE).
    type: bool
    default: false
  validate_certs:
    description:
      - With O(secure), whether the server's certificate must be valid.
      - Without it, the environment variable E(CLICKHOUSE_VALIDATE_CERTS).
    type: bool
    default: true
  ca_path:
    description:
      - With O(secure), file with the certificate authorities to trust.
      - Without it, the environment variable E(CLICKHOUSE_CA_PATH).
    type: path
  timeout:
    description:
      - Seconds that one statement may take, to the end of its answer; connecting takes at most 5 of them. What is at
        work for longer, such as a column of a large table that gets another type, needs more.
      - Without it, the environment variable E(CLICKHOUSE_TIMEOUT).
    type: int
    default: 60
requirements:
  - clickhouse-driver >= 0.2.9 (Python package)
"""
