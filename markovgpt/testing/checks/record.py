"""What is known of a check, besides how it is done?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import final

from markovgpt.testing.subject import Subject

__all__ = ["Check", "check"]

Run = Callable[[Subject], str]
"""Returns what was compared; raises :class:`~markovgpt.testing.findings.Finding` or
:class:`~markovgpt.testing.findings.NotApplicable`."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """A rule that models keep.

    Attributes
    ----------
    name : str
        As it is typed.
    what : str
        What it does.
    catches : str
        The bug that breaks the rule.
    threads : tuple of str
        Public threads about bugs of that kind, ``project #number``.
    mend : str
        What to do.
    needs : tuple of str
        Methods or attributes of the model that it is about: without one of them it is skipped.
    after : tuple of str
        Checks without which it means nothing: if one of them fails, this one is skipped where it cannot be run.
    informs : bool
        It notes something, and never fails.
    samples : bool
        It judges draws, with a rate of false alarms, rather than comparing numbers.
    run : callable
        Takes the subject: the model, its seed, its exact chain.
    """

    name: str
    what: str
    catches: str
    threads: tuple[str, ...]
    mend: str
    needs: tuple[str, ...]
    after: tuple[str, ...]
    informs: bool
    samples: bool
    run: Run


def check(
    *,
    what: str,
    catches: str,
    mend: str,
    threads: tuple[str, ...] = (),
    needs: tuple[str, ...] = (),
    after: tuple[str, ...] = ("logits_shape", "logits_finite"),
    informs: bool = False,
    samples: bool = False,
) -> Callable[[Run], Check]:
    """The check that a function does; its name is that of the function."""

    def record(run: Run) -> Check:
        return Check(
            name=run.__name__,
            what=what,
            catches=catches,
            threads=threads,
            mend=mend,
            needs=needs,
            after=after,
            informs=informs,
            samples=samples,
            run=run,
        )

    return record
