"""What may code that is not ours raise, and how is it told?

A model that calls ``sys.exit()`` raises ``SystemExit``, which is no ``Exception``: unnoticed, it would end the program
without a word, with an exit code that means something else.
"""

from __future__ import annotations

__all__ = ["RAISED", "told"]

RAISED = (Exception, SystemExit)
"""What is caught around the code of a model; Ctrl-C is the user's, and passes."""


def told(error: BaseException) -> str:
    """What was raised, in one line.

    >>> told(ValueError("at most 8"))
    'ValueError: at most 8'
    >>> told(SystemExit(0))
    'the model ended the program: SystemExit(0)'
    """
    if isinstance(error, SystemExit):
        return f"the model ended the program: {error!r}"
    return f"{type(error).__name__}: {error}"
