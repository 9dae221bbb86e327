"""What can go wrong, and which exit code does it mean?

Every deliberate exception derives from :class:`MarkovGPTError`. Its message says what was expected, what was got,
where, and what to do instead; the numbers in it are kept in ``facts``.
"""

from __future__ import annotations

from typing import Any

__all__ = [
    "ArgumentError",
    "CostLimitError",
    "DataError",
    "DrawingError",
    "MarkovGPTError",
    "ModelError",
    "ModelLoadError",
    "NotComputedError",
    "ReducibleChainError",
    "TableError",
    "TooManyStatesError",
    "TrainingInterruptedError",
]


class MarkovGPTError(Exception):
    """Base of every deliberate error.

    Attributes
    ----------
    facts : dict
        The values named in the message, for programs that catch the error.
    exit_code : int
        What the command line returns: 2 wrong use, 3 a model failed, 130 interrupted.
    """

    exit_code: int = 2

    def __init__(self, message: str, **facts: Any) -> None:
        super().__init__(message)
        self.facts = facts


class ArgumentError(MarkovGPTError, ValueError):
    """An argument or option has a value that it cannot have."""


class DataError(ArgumentError):
    """Training or reference data cannot be used: unreadable, too short, or with unknown tokens."""


class TableError(ArgumentError):
    """A table of next-token probabilities is not one: wrong shape, sign, sum, or not finite."""


class CostLimitError(ArgumentError):
    """An enumeration would take more memory, time or states than a limit allows; it was not begun."""


class TooManyStatesError(CostLimitError):
    """The state space is larger than the limit; nothing was allocated."""


class NotComputedError(MarkovGPTError):
    """The question is well posed, but the method at hand does not reach this size."""


class ReducibleChainError(MarkovGPTError, ValueError):
    """The question has one answer per recurrent class, and the chain has several."""


class DrawingError(MarkovGPTError):
    """A picture could not be made in the wanted format."""


class ModelLoadError(MarkovGPTError):
    """A model could not be found, built or read."""

    exit_code = 3


class ModelError(MarkovGPTError):
    """A model ran, and raised or returned something that is not a next-token law."""

    exit_code = 3


class TrainingInterruptedError(MarkovGPTError):
    """Training was stopped from the keyboard; ``facts["model"]`` is the model as far as it got."""

    exit_code = 130
