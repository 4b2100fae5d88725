# Copyright: OneRing contributors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations


class ModuleDocFragment:
    """Connection to MinIO: the same options as `module_utils/minio.py` CONNECTION."""

    DOCUMENTATION = r"""
options:
  endpoint:
    description:
      - Address of the server, with scheme and port, such as V(http://172.29.10.2:9000).
      - Without it, the environment variable E(MINIO_ENDPOINT).
    type: str
    required: true
  access_key:
    description:
      - Account the module works as. It needs the matching C(admin:*) permissions for accounts, policies and quotas.
      - Without it, the environment variable E(MINIO_ACCESS_KEY).
    type: str
    required: true
  secret_key:
    description:
      - Secret of O(access_key).
      - Without it, the environment variable E(MINIO_SECRET_KEY).
    type: str
    required: true
  region:
    description:
      - Region the server calls itself.
      - Without it, the environment variable E(MINIO_REGION).
    type: str
    default: us-east-1
  validate_certs:
    description:
      - Whether the server's certificate must be valid.
      - Without it, the environment variable E(MINIO_VALIDATE_CERTS).
    type: bool
    default: true
  ca_path:
    description:
      - File with the certificate authorities to trust, instead of the usual ones.
      - Without it, the environment variable E(MINIO_CA_PATH).
    type: path
  timeout:
    description:
      - Seconds for one request, its repetitions included. Connecting takes at most 5 of them.
      - Without it, the environment variable E(MINIO_TIMEOUT).
    type: int
    default: 20
requirements:
  - minio >= 7.2.20 (Python package)
"""
