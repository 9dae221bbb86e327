"""How does a check say that a rule is broken, or that it cannot be asked of this model?"""

from __future__ import annotations

from collections.abc import Callable
from typing import final

__all__ = ["Finding", "NotApplicable", "cause_of", "fact"]

_MOST = 120  # characters of a cause


@final
class Finding(AssertionError):  # noqa: N818  # it is what a check found, in a model that may well be right elsewhere
    """A broken rule: a headline, facts in lines, what is likely, and what shows it again, if not the check itself.

    What finds out what is likely may ask the model again. Whatever that does then, the rule is broken all the same.
    ``explained`` is a reason that holds whatever other checks find: it goes before what is likely.
    """

    def __init__(
        self,
        headline: str,
        *facts: str,
        likely: str | Callable[[], str] = "",
        explained: str = "",
        reproduce: str = "",
    ) -> None:
        super().__init__("\n".join([headline, *facts]))
        self.headline, self.facts, self.explained, self.reproduce = headline, facts, explained, reproduce
        self.likely = likely if isinstance(likely, str) else "" if explained else _attempted(likely)


def _attempted(likely: Callable[[], str]) -> str:
    try:
        return likely()
    except Exception as error:  # of the model, mostly
        return f"nothing is known: asked again, the model gives {cause_of(error)}"


@final
class NotApplicable(Exception):  # noqa: N818  # no error: the check is skipped, with this reason
    """The check cannot be asked of this model; the message is the reason."""


def fact(name: str, text: str) -> str:
    """A line of a message, the names in one column.

    >>> fact("worst", "after '1 0 1'")
    "  worst      after '1 0 1'"
    """
    return f"  {name:<10} {text}"


def cause_of(error: BaseException) -> str:
    """What the model itself raised, in one line: a refusal reads like one, and a crash does not.

    >>> cause_of(ValueError("crop takes\\na negative number"))
    'ValueError: crop takes a negative number'
    """
    cause = error.__cause__ or error
    said = " ".join(str(cause).split())
    said = said if len(said) <= _MOST else f"{said[:_MOST]}..."
    return f"{type(cause).__name__}: {said}" if said else type(cause).__name__
