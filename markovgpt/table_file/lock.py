"""How is a file kept from being written by two processes at once?"""

from __future__ import annotations

import errno
import sys
from typing import BinaryIO

__all__ = ["lock"]

_FAR = 2**62  # bytes: beyond all that is read or written


def lock(file: BinaryIO) -> bool:
    """Take the file until it is closed, or until this process ends, however it does; False if another has it.

    Raises
    ------
    OSError
        The file system has no locks.
    """
    try:
        if sys.platform == "win32":
            import msvcrt

            file.seek(_FAR)
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno not in (errno.EACCES, errno.EAGAIN, errno.EDEADLK):
            raise
        return False
    return True
