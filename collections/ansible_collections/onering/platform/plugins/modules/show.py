#!/usr/bin/python
# Copyright: OneRing contributors
# Apache License 2.0 (see LICENSE)

from __future__ import annotations

DOCUMENTATION = r"""
module: show
short_description: Print a text as it is
version_added: 0.1.0
description:
  - Prints O(text) without quoting or indentation, for summaries that people read. Runs on the controller only.
author: [OneRing contributors (@onering)]
attributes:
  check_mode:
    support: full
    description: Prints in check mode too.
  diff_mode:
    support: none
    description: Changes nothing.
  idempotent:
    support: full
    description: Changes nothing.
options:
  text:
    description: What to print.
    type: str
    required: true
extends_documentation_fragment:
  - onering.platform.attributes.python
"""

EXAMPLES = r"""
- name: Say hello
  onering.platform.show:
    text: |
      Hello.
"""

RETURN = r"""
# It returns nothing of its own.
"""

# The work is done by the action plugin of the same name.
