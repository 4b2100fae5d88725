"""Import what tasks need once, in the process that tasks are forked from.

With LocalExecutor a task is a fork of the scheduler. Great Expectations takes seconds to import: the scheduler does it
once, when ONERING_PRELOAD (module names, separated by commas) names it, and each task has it. Elsewhere it is not set.
"""

from __future__ import annotations

import importlib
import os

for name in filter(None, os.environ.get("ONERING_PRELOAD", "").split(",")):
    importlib.import_module(name.strip())
