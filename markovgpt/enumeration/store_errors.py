"""What does the user read if a table cannot be stored?"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from markovgpt.errors import ArgumentError

__all__ = ["naming"]


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """Errors of the file as one kind of error, with its name and what to do instead."""
    try:
        yield
    except ArgumentError as error:
        raise ArgumentError(
            f"The table cannot be stored: {path} {error}. Name another file, or delete this one.", path=str(path)
        ) from None
    except BlockingIOError as error:
        raise ArgumentError(
            f"The table cannot be stored in {path}: {error.strerror}. Wait until it is done, or name another file.",
            path=str(path),
        ) from None
    except OSError as error:
        raise ArgumentError(
            f"The table cannot be stored in {path}: {error.strerror or error}. Name a file that can be written, on a "
            "disk with room for it.",
            path=str(path),
        ) from None
