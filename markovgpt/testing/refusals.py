"""Did a model refuse what is longer than its context, or did it crash?

Past K tokens a model may refuse. A session has two ways then: the law of the last K, or an exception. But an exception
is also what a mistake in the line that crops raises, and a check that took it for a refusal would hide the mistake.
They are told apart by kind, since nothing else can be known of code that is not ours:

- ``TypeError``, ``AttributeError``, ``KeyError``, ``NameError``, arithmetic errors, too deep a recursion,
  ``sys.exit()`` and an ``assert`` without a text are never how a limit is written: a crash.
- ``ValueError``, ``NotImplementedError``, the errors of this package and of other libraries are refusals, and so is an
  ``assert`` that says something: nanoGPT and its many copies refuse longer texts in this way.
- ``IndexError`` and ``RuntimeError`` are what happens by itself where a buffer of K positions is full: torch raises
  them for an index outside of an embedding, and for shapes that do not fit. So at the first token past K they are
  refusals. A session that has taken that token slides its window: the same errors after it are a crash.
"""

from __future__ import annotations

from markovgpt.errors import ModelError
from markovgpt.testing.findings import cause_of

__all__ = ["refusal", "refused"]

_CRASHES = (TypeError, AttributeError, KeyError, NameError, ArithmeticError, RecursionError, SystemExit)
_FULL = (IndexError, RuntimeError)
_BARE = "assert "  # what pytest writes into an assert of a test file that has no text


def refusal(error: ModelError, *, slid: bool = False) -> str:
    """What a model said when it refused more than K tokens, in one line: ``ValueError: at most 8``.

    Parameters
    ----------
    error : ModelError
        As it comes from a call, with what the model itself raised as its cause.
    slid : bool
        Whether the same session took more than K tokens before.

    Raises
    ------
    ModelError
        It is no refusal: the model crashed, or answered something that is no answer.
    """
    if refused(error, slid=slid):
        return cause_of(error)
    cause = error.__cause__
    if cause is None:
        raise error
    said = str(error).rstrip(".")
    what = "once the window slides" if slid else "past its context length"
    raise ModelError(
        f"{said}. This is {what}, and no refusal: to take no more tokens, raise ValueError or NotImplementedError.",
        **error.facts,
    ) from cause


def refused(error: ModelError, *, slid: bool = False) -> bool:
    """Whether a model refused, by what it raised; see the module for the rule."""
    cause = error.__cause__
    if cause is None or isinstance(cause, _CRASHES):
        return False
    if isinstance(cause, AssertionError):
        return bool(str(cause)) and not str(cause).startswith(_BARE)
    full = isinstance(cause, _FULL) and not isinstance(cause, NotImplementedError)
    return not (full and slid)
