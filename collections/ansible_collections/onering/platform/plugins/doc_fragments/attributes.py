# Copyright: OneRing contributors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations


class ModuleDocFragment:
    """What every module over `module_utils/resource.py` promises."""

    DOCUMENTATION = r"""
options: {}
requirements:
  - Python 3.11 or newer where the module runs
attributes:
  check_mode:
    description: Can run in C(check_mode) and return the changed status prediction without modifying the target.
    support: full
  diff_mode:
    description: Returns details on what has changed (or possibly needs changing in C(check_mode)), when in diff mode.
    support: full
  idempotent:
    description: When run twice in a row outside check mode, with the same arguments, the second time changes nothing.
    support: full
"""

    # For modules that state their own promises.
    PYTHON = r"""
options: {}
requirements:
  - Python 3.11 or newer where the module runs
"""
