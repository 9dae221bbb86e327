"""Which alpha, n, seed, tolerance and deadline has a judgement that none is given for?

What its caller gives; otherwise what holds where it is called, which :func:`using` says (pytest does, for every test);
otherwise the default.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from numbers import Integral, Real
from typing import Any, final

from markovgpt.errors import ArgumentError

__all__ = ["DEFAULTS", "MEANINGS", "Settings", "check_setting", "resolved", "using"]

MEANINGS = {
    "alpha": "the rate of false alarms, a number between 0 and 1",
    "n": "a whole number of at least 1",
    "seed": "a whole number of at least 0",
    "atol": "the largest difference of a probability that is called rounding, at least 0 and below 1",
    "timeout": "a number of seconds above 0, or None for no limit",
}
"""Every setting by name, and what it must be."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What a judgement is made with.

    Attributes
    ----------
    alpha : float, 0 < alpha < 1
        Probability that one judgement of samples rejects a right sampler: at most this.
    n : int, at least 1
        Prompts that a judgement of samples continues.
    seed : int, at least 0
        Of contexts that are sampled, and of all draws.
    atol : float, 0 <= atol < 1, or None
        Largest difference of a probability that is called rounding. None: what the judgement allows by itself.
    timeout : float, seconds, or None
        For each check. None: no limit.
    """

    alpha: float = 1e-6
    n: int = 20_000
    seed: int = 0
    atol: float | None = None
    timeout: float | None = None

    def allowed(self, otherwise: float) -> float:
        """The tolerance: ``atol``, or what the judgement allows by itself."""
        return otherwise if self.atol is None else self.atol


DEFAULTS = Settings()
"""What holds where nothing else was said."""

_NOW: ContextVar[Settings] = ContextVar("markovgpt_settings", default=DEFAULTS)


def resolved(
    *,
    alpha: float | None = None,
    n: int | None = None,
    seed: int | None = None,
    atol: float | None = None,
    timeout: float | None = None,
) -> Settings:
    """The settings of a judgement that is made now: what is given, and for the rest what holds here.

    Other threads do not know what holds here: resolve before one is started.

    Raises
    ------
    ArgumentError
        A value that a setting cannot have.

    Examples
    --------
    >>> with using(Settings(seed=7, n=100)):
    ...     resolved(n=300)
    Settings(alpha=1e-06, n=300, seed=7, atol=None, timeout=None)
    """
    given = {"alpha": alpha, "n": n, "seed": seed, "atol": atol, "timeout": timeout}
    values = {name: check_setting(name, value) for name, value in given.items() if value is not None}
    return replace(_NOW.get(), **values)


@contextmanager
def using(settings: Settings) -> Iterator[None]:
    """For as long as it lasts, judgements in this thread have these settings where their callers give none."""
    token = _NOW.set(settings)
    try:
        yield
    finally:
        _NOW.reset(token)


def check_setting(name: str, value: Any) -> Any:
    """The value of a setting, as an ``int`` or a ``float``.

    Raises
    ------
    ArgumentError
        It cannot be.
    """
    whole = name in ("n", "seed")
    number: Any = None if isinstance(value, bool) or not isinstance(value, Integral if whole else Real) else value
    if number is not None:
        right = {
            "alpha": 0 < number < 1,
            "n": number >= 1,
            "seed": number >= 0,
            "atol": 0 <= number < 1,
            "timeout": 0 < number < threading.TIMEOUT_MAX,
        }
        if right[name]:
            return int(number) if whole else float(number)
    raise ArgumentError(f"{name} is {MEANINGS[name]}: got {value!r}.", **{name: value})
