# Copyright: OneRing contributors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations


class ModuleDocFragment:
    """Connection to Airflow: the same options as `module_utils/airflow.py` CONNECTION."""

    DOCUMENTATION = r"""
options:
  url:
    description:
      - Address of the API server, such as V(http://127.0.0.1:8080).
      - Without it, the environment variable E(AIRFLOW_URL).
    type: str
    required: true
  username:
    description:
      - Account the module works as.
      - Without it, the environment variable E(AIRFLOW_USERNAME).
    type: str
    required: true
  password:
    description:
      - Password of O(username).
      - Without it, the environment variable E(AIRFLOW_PASSWORD).
    type: str
    required: true
  validate_certs:
    description:
      - Whether the server's certificate must be valid.
      - Without it, the environment variable E(AIRFLOW_VALIDATE_CERTS).
    type: bool
    default: true
  ca_path:
    description:
      - File with the certificate authorities to trust.
      - Without it, the environment variable E(AIRFLOW_CA_PATH).
    type: path
  request_timeout:
    description:
      - Seconds for one request. One that failed and does no harm when it is done twice is repeated, for as long again.
      - Without it, the environment variable E(AIRFLOW_REQUEST_TIMEOUT).
    type: int
    default: 30
notes:
  - Speaks the REST API v2 of Airflow 3. The token is fetched with the account and never shown.
"""
