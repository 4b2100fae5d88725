# Copyright: OneRing contributors
# SPDX-License-Identifier: Apache-2.0
"""Comparing a password with the verifier that PostgreSQL keeps of it."""

from __future__ import annotations

DOCUMENTATION = r"""
name: scram_matches
short_description: Whether a password is the one that PostgreSQL's verifier was made of
version_added: 0.1.0
author: [OneRing contributors (@onering)]
description:
  - PostgreSQL keeps C(SCRAM-SHA-256$<iterations>:<salt>$<StoredKey>:<ServerKey>), never the password (RFC 7677).
  - This tells whether an account's password has to be set, without logging in and without setting it.
positional: verifier
options:
  _input:
    description: The password, in ASCII. Others are prepared in ways that this filter does not follow, and never match.
    type: str
    required: true
  verifier:
    description: C(pg_authid.rolpassword); C(null) or one of another kind does not match.
    type: str
    required: true
"""

EXAMPLES = r"""
- name: Set a password only where it differs
  community.postgresql.postgresql_user:
    name: loader
    password: "{{ loader_password }}"
  when: not loader_password | onering.platform.scram_matches(verifiers.loader | default(''))
"""

RETURN = r"""
_value:
  description: Whether they belong together.
  type: bool
"""

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Callable

VERIFIER = re.compile(r"SCRAM-SHA-256\$(\d+):([^$]+)\$([^:]+):(.+)")


def scram_matches(password: str, verifier: str | None) -> bool:
    """Whether StoredKey = H(HMAC(PBKDF2(password, salt, iterations), 'Client Key'))."""
    parts = VERIFIER.fullmatch(verifier or "")
    if parts is None or not password.isascii():
        return False
    iterations, salt, stored, _server = parts.groups()
    try:
        salted = hashlib.pbkdf2_hmac("sha256", password.encode(), base64.b64decode(salt), int(iterations))
        expected = base64.b64decode(stored)
    except (binascii.Error, ValueError):
        return False
    return hmac.compare_digest(hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest(), expected)


class FilterModule:
    """Filter of onering.platform."""

    def filters(self) -> dict[str, Callable[..., bool]]:
        return {"scram_matches": scram_matches}
