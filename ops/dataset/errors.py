"""What is told instead of a traceback."""

from __future__ import annotations


class RefusedError(Exception):
    """The file or the wish can't be met; the message says why and what would help."""
