"""How is it told that a model raised, hung, or returned what no model returns, in place of an answer?"""

from __future__ import annotations

import traceback
from pathlib import Path

from markovgpt.errors import ModelError
from markovgpt.testing.deadline import Hung
from markovgpt.testing.findings import fact
from markovgpt.testing.subject import Subject

__all__ = ["crash_told"]

_OURS = str(Path(__file__).parents[1])


def crash_told(check: str, error: Exception, subject: Subject) -> tuple[str, BaseException | None]:
    """The message, and what the model itself raised, or that it hung; None if it returned what is no answer."""
    if isinstance(error, Hung):
        lines = [
            f"{subject.name} hangs: {error}",
            fact("where", "it was last seen here"),
            _indented(error.stack),
            fact("reproduce", subject.command(check, timeout=error.seconds)),
        ]
        return "\n".join(lines), error
    cause: BaseException | None = error
    said = f"{subject.name} failed: {type(error).__name__}: {error}"
    if isinstance(error, ModelError):  # it raised, or it returned something that is no answer
        cause, said = error.__cause__ if "contexts" in error.facts else None, str(error)
    lines = [said]
    if cause is not None:
        lines += [fact("traceback", "of the model's own code"), _indented(_own_traceback(cause))]
    return "\n".join([*lines, fact("reproduce", subject.command(check))]), cause


def _own_traceback(error: BaseException) -> str:
    """The traceback without our frames before those of the model."""
    frames = error.__traceback__
    while frames is not None and frames.tb_next is not None and frames.tb_frame.f_code.co_filename.startswith(_OURS):
        frames = frames.tb_next
    return "".join(traceback.format_exception(type(error), error, frames))


def _indented(text: str) -> str:
    return "\n".join(f"    {line}" for line in text.rstrip().splitlines())
