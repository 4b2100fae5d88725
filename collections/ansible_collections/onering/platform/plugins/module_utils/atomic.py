# Copyright: OneRing contributors
# SPDX-License-Identifier: Apache-2.0
"""Files that are replaced whole: a reader sees the old one or the new one."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO


@contextmanager
def replaced(path: str) -> Iterator[IO[bytes]]:
    """A stream (its `name` is the temporary file's path) that takes the place of `path` when the block ends well.

    What was written is on the disk before. When the block fails, the file stays as it was, with nothing left beside it.
    """
    handle, temporary = tempfile.mkstemp(prefix=".onering-", dir=os.path.dirname(path))
    try:
        with open(temporary, "wb") as stream:
            os.close(handle)
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise
