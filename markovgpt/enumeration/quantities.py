"""How are amounts of memory and time written, and read as a user types them?"""

from __future__ import annotations

import math
import re
from typing import SupportsFloat

from markovgpt.errors import ArgumentError

__all__ = ["format_bytes", "format_range", "format_seconds", "parse_bytes", "parse_seconds"]

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_NUMBER = r"([0-9]+(?:\.[0-9]+)?)"
_BYTES = re.compile(_NUMBER + r"(?:([kmgt])(i?b)?|b)?", re.IGNORECASE)
_DURATION = re.compile(_NUMBER + r"([smhd])?")


def parse_bytes(amount: float | str, *, name: str = "max_memory") -> int:
    """An amount of memory: a number of bytes, or a text with a unit.

    K, M, G and T are powers of 1024, as KiB, MiB, GiB and TiB are; KB, MB, GB and TB are powers of 1000.

    Raises
    ------
    ArgumentError
        It is none, or not at least 1 byte; calls it by ``name``.

    Examples
    --------
    >>> parse_bytes("4G"), parse_bytes("1.5 KiB"), parse_bytes("2MB"), parse_bytes(1024)
    (4294967296, 1536, 2000000, 1024)
    """
    value = math.nan
    if isinstance(amount, str):
        if match := _BYTES.fullmatch(amount.strip().replace(" ", "", 1)):
            number, unit, rest = match.groups()
            base = 1000 if (rest or "").lower() == "b" else 1024
            value = float(number) * (base ** (1 + "kmgt".index(unit.lower())) if unit else 1)
    elif isinstance(amount, SupportsFloat) and not isinstance(amount, bool):
        value = float(amount)
    if not (1 <= value < math.inf):
        raise ArgumentError(
            f"{name} is an amount of memory above 0, such as 512M, 4G or a number of bytes: got {amount!r}.",
            amount=amount,
        )
    return int(value)


def parse_seconds(duration: float | str, *, name: str = "max_time") -> float:
    """A duration: a number of seconds, or a text that ends in s, m, h or d.

    Raises
    ------
    ArgumentError
        It is none, or not above 0; calls it by ``name``.

    Examples
    --------
    >>> parse_seconds("90s"), parse_seconds("1.5h"), parse_seconds(10)
    (90.0, 5400.0, 10.0)
    """
    value = math.nan
    if isinstance(duration, str):
        if match := _DURATION.fullmatch(duration.strip()):
            number, unit = match.groups()
            value = float(number) * _SECONDS[unit or "s"]
    elif isinstance(duration, SupportsFloat) and not isinstance(duration, bool):
        value = float(duration)
    if not (0 < value < math.inf):
        raise ArgumentError(
            f"{name} is a duration above 0, such as 90s, 10m, 2h or a number of seconds: got {duration!r}.",
            duration=duration,
        )
    return value


def format_bytes(n: float) -> str:
    """Three digits and a unit.

    >>> format_bytes(64), format_bytes(2**24), format_bytes(3.1e9)
    ('64 bytes', '16 MiB', '2.89 GiB')
    """
    for unit in ("bytes", "KiB", "MiB", "GiB", "TiB"):
        if n < 1024:
            return f"{n:.3g} {unit}" if n < 1000 else f"{n:,.0f} {unit}"
        n /= 1024
    return f"{n:,.0f} PiB"


def format_seconds(seconds: float) -> str:
    """About how long, in the largest unit of which there are at least two.

    >>> format_seconds(0.031), format_seconds(12.3), format_seconds(119), format_seconds(432), format_seconds(9e4)
    ('0.031 seconds', '12 seconds', '119 seconds', '7.2 minutes', '25 hours')
    """
    unit, size = _unit(seconds)
    return f"{_two_digits(seconds / size)} {unit}"


def format_range(seconds: float, low: float, high: float) -> str:
    """The same, and between which bounds, in the same unit.

    >>> format_range(12.3, 9, 16.4), format_range(150, 110, 7000)
    ('12 seconds (9 to 16)', '2.5 minutes (1.8 to 117)')
    """
    _, size = _unit(seconds)
    return f"{format_seconds(seconds)} ({_two_digits(low / size)} to {_two_digits(high / size)})"


def _unit(seconds: float) -> tuple[str, int]:
    units = (("days", 86_400), ("hours", 3600), ("minutes", 60))
    return next(((unit, size) for unit, size in units if seconds >= 2 * size), ("seconds", 1))


def _two_digits(x: float) -> str:
    return f"{x:,.0f}" if x >= 9.95 else f"{x:.2g}"
