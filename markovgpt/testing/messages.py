"""How does a failure read? A first line, then what was done, the worst place, what is likely, what reproduces it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = ["counted", "failure", "law_table", "number", "some"]

_MOST_TOKENS = 8


def failure(title: str, *fields: tuple[str, str] | str) -> str:
    """A message: ``title``, then a line for each ``(name, text)``, or a line as it is; without text, none.

    >>> print(failure("It differs", ("rows", "3 of 8"), ("likely", "")))
    It differs
      rows       3 of 8
    """
    lines = [title]
    for entry in fields:
        if isinstance(entry, str):
            lines.append(entry)
        elif entry[1]:
            lines.append(f"  {entry[0]:<10} {entry[1]}")
    return "\n".join(lines)


def law_table(
    names: Sequence[str], first: NDArray[np.float64], second: NDArray[np.float64], heads: tuple[str, str]
) -> str:
    """Two laws ``(V,)`` side by side, the tokens that differ most first."""
    gaps = abs(first - second)
    order = np.argsort(-gaps, kind="stable")
    shown = np.sort(order[:_MOST_TOKENS]).tolist() if len(order) > _MOST_TOKENS else range(len(order))
    width = max(12, *(len(head) + 1 for head in heads))
    name_width = max(9, *(len(names[t]) for t in shown))
    lines = [f"  {'next':<{name_width}} {heads[0]:>{width}} {heads[1]:>{width}} {'diff':>12}"]
    lines += [
        f"  {names[t]:<{name_width}} {first[t]:>{width}.6g} {second[t]:>{width}.6g} {first[t] - second[t]:>12.6g}"
        for t in shown
    ]
    if len(order) > _MOST_TOKENS:
        lines.append(f"  ... and {len(order) - _MOST_TOKENS} other tokens, which differ less")
    return "\n".join(lines)


def number(value: float) -> str:
    """Four digits.

    >>> number(0.123456), number(2.0)
    ('0.1235', '2')
    """
    return f"{value:.4g}"


def some(names: Iterable[str], *, most: int = 4) -> str:
    """The first few of many names.

    >>> some(["a", "b", "c"], most=2)
    'a, b, ...'
    """
    every = list(names)
    return ", ".join([*every[:most], *(["..."] if len(every) > most else [])])


def counted(n: int, noun: str) -> str:
    """How many of something.

    >>> counted(1, "context"), counted(1024, "context")
    ('1 context', '1,024 contexts')
    """
    return f"{n:,} {noun}{'' if n == 1 else 's'}"
