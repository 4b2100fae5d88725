#!/usr/bin/python
# Copyright: OneRing contributors
# Apache License 2.0 (see LICENSE)

from __future__ import annotations

DOCUMENTATION = r"""
module: settings
short_description: Judge the settings that a play got
version_added: 0.1.0
description:
  - Finds variables with the prefix C(onering_) or a role's name that no role declares (with the nearest name), renamed
    ones (with the new name), values of a wrong type or form, and profiles or components that there are not.
  - Runs on the controller only, and never fails by itself.
author: [OneRing contributors (@onering)]
attributes:
  check_mode:
    support: full
    description: Only reads.
  diff_mode:
    support: none
    description: Changes nothing.
  idempotent:
    support: full
    description: Only reads.
options:
  roles:
    description:
      - Folder of the roles. Their C(meta/argument_specs.yml) declare the settings; C(preflight)'s own has platform-wide
        ones too, as the entry points C(platform) and C(found).
    type: path
    required: true
  facts:
    description: Names that roles set while a play runs.
    type: list
    elements: str
    default: []
  renamed:
    description: Old name to new name.
    type: dict
    default: {}
extends_documentation_fragment:
  - onering.platform.attributes.python
"""

EXAMPLES = r"""
- name: Judge the settings
  onering.platform.settings:
    roles: "{{ role_path | dirname }}"
  register: settings
"""

RETURN = r"""
findings:
  description: What is wrong.
  returned: success
  type: list
  elements: dict
  contains:
    check: {description: V(settings)., type: str}
    found: {description: What was found., type: str}
    remedy: {description: What to do., type: str}
    level: {description: V(error)., type: str}
usable:
  description: Whether every value can be used, so that the host can be judged too. Unknown names don't hinder that.
  returned: success
  type: bool
"""

# The work is done by the action plugin of the same name.
