"""How does a check say that a rule is broken, or that it cannot be asked of this model?"""

from __future__ import annotations

from typing import final

__all__ = ["Finding", "NotApplicable", "fact"]


@final
class Finding(AssertionError):  # noqa: N818  # it is what a check found, in a model that may well be right elsewhere
    """A broken rule: a headline, facts in lines, and what is likely.

    ``whole`` says that the headline is a message that needs no command to reproduce it after it.
    """

    def __init__(self, headline: str, *facts: str, likely: str = "", whole: bool = False) -> None:
        super().__init__("\n".join([headline, *facts]))
        self.headline, self.facts, self.likely, self.whole = headline, facts, likely, whole


@final
class NotApplicable(Exception):  # noqa: N818  # no error: the check is skipped, with this reason
    """The check cannot be asked of this model; the message is the reason."""


def fact(name: str, text: str) -> str:
    """A line of a message, the names in one column.

    >>> fact("worst", "after '1 0 1'")
    "  worst      after '1 0 1'"
    """
    return f"  {name:<10} {text}"
