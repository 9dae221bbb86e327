"""Who is told what ``check_model`` found?"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from markovgpt.model import LanguageModel
    from markovgpt.testing.conformance import CheckReport

__all__ = ["reports_to", "tell"]

_OBSERVERS: list[Callable[[LanguageModel, CheckReport], None]] = []


@contextmanager
def reports_to(callback: Callable[[LanguageModel, CheckReport], None]) -> Iterator[None]:
    """For as long as it lasts, every report of ``check_model``, in any thread, is shown to a function as well.

    Parameters
    ----------
    callback : callable
        Called as ``callback(model, report)`` when the checks of a model have run, before ``check_model`` returns. What
        it raises comes out of ``check_model``.

    Examples
    --------
    >>> import markovgpt as mg
    >>> from markovgpt.testing import check_model
    >>> with reports_to(lambda model, report: print(report.summary())):
    ...     report = check_model(mg.from_matrix([[0.5, 0.5]] * 2, name="coin"), only=["deterministic"])
    coin: 1 check: 1 passed
    """
    _OBSERVERS.append(callback)
    try:
        yield
    finally:
        _OBSERVERS.remove(callback)


def tell(model: LanguageModel, report: CheckReport) -> None:
    """Show a report to all who asked to be told."""
    for callback in tuple(_OBSERVERS):
        callback(model, report)
