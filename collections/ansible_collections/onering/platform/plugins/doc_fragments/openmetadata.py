# Copyright: OneRing contributors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations


class ModuleDocFragment:
    """Connection to OpenMetadata: the same options as `module_utils/openmetadata.py` CONNECTION."""

    DOCUMENTATION = r"""
options:
  url:
    description:
      - Address of the server, such as V(http://127.0.0.1:8585).
      - Without it, the environment variable E(OPENMETADATA_URL).
    type: str
    required: true
  token:
    description:
      - Token of a bot or a person. Without one, O(username) and O(password) are needed.
      - Without it, the environment variable E(OPENMETADATA_TOKEN).
    type: str
  username:
    description:
      - E-mail address of the account the module logs in as. Not used with O(token).
      - Without it, the environment variable E(OPENMETADATA_USERNAME).
    type: str
  password:
    description:
      - Password of O(username).
      - Without it, the environment variable E(OPENMETADATA_PASSWORD).
    type: str
  validate_certs:
    description:
      - Whether the server's certificate must be valid.
      - Without it, the environment variable E(OPENMETADATA_VALIDATE_CERTS).
    type: bool
    default: true
  ca_path:
    description:
      - File with the certificate authorities to trust.
      - Without it, the environment variable E(OPENMETADATA_CA_PATH).
    type: path
  timeout:
    description:
      - Seconds for one request, its repetitions included. Only what does no harm when it is done twice is repeated.
      - Without it, the environment variable E(OPENMETADATA_TIMEOUT).
    type: int
    default: 30
notes:
  - Speaks the REST API v1 of OpenMetadata 2. Fully qualified names are written as OpenMetadata shows them, a part with
    a dot in double quotes.
"""
