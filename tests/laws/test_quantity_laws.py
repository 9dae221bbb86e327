"""Amounts of memory and time are read as they are written, and nothing else is read as one."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from markovgpt import ArgumentError
from markovgpt.enumeration.quantities import (
    format_bytes,
    format_range,
    format_seconds,
    parse_bytes,
    parse_seconds,
)

_POWERS = {"K": 1, "M": 2, "G": 3, "T": 4}


@given(n=st.integers(1, 9999), unit=st.sampled_from(sorted(_POWERS)), lower=st.booleans(), space=st.booleans())
def test_bytes_are_powers_of_1024_or_of_1000(n: int, unit: str, lower: bool, space: bool) -> None:
    """4G = 4GiB = 4 x 1024^3; 4GB = 4 x 1000^3; letters of any case, a space or none."""
    for suffix, base in ((unit, 1024), (unit + "iB", 1024), (unit + "B", 1000)):
        text = f"{n}{' ' if space else ''}{suffix}"
        assert parse_bytes(text.lower() if lower else text) == n * base ** _POWERS[unit]


@given(n=st.integers(1, 10**15))
def test_bytes_without_a_unit_are_bytes(n: int) -> None:
    """As a number, or as a text."""
    assert parse_bytes(n) == parse_bytes(str(n)) == parse_bytes(f"{n}B") == n


@given(n=st.integers(1, 10**6), unit=st.sampled_from([("s", 1), ("m", 60), ("h", 3600), ("d", 86_400)]))
def test_durations_are_multiples_of_their_unit(n: int, unit: tuple[str, int]) -> None:
    """A number alone is seconds, as a number or as a text; halves are fine."""
    letter, seconds = unit
    assert parse_seconds(f"{n}{letter}") == n * seconds
    assert parse_seconds(f"{n}.5{letter}") == (n + 0.5) * seconds
    assert parse_seconds(n) == parse_seconds(str(n)) == n


_NO_AMOUNT = [
    "",
    " ",
    "-1",
    "0",
    "0G",
    "nan",
    "inf",
    "1e3",
    "G",
    "4X",
    "4GG",
    "4 G B",
    "1,5G",
    "1_000",
    "٤G",
    ".5G",
    "5.G",
]
_NO_NUMBER = [0, -1, float("nan"), float("inf"), float("-inf"), True, 0.0]


@pytest.mark.parametrize("amount", [*_NO_AMOUNT, *_NO_NUMBER, "1" + "0" * 400, "0.2"])
def test_bytes_refuse_what_is_no_amount(amount: Any) -> None:
    """One message: what it is, what it looks like, what was given."""
    with pytest.raises(ArgumentError, match=r"^--max-memory is an amount of memory above 0, such as 512M, 4G or a "):
        parse_bytes(amount, name="--max-memory")


@pytest.mark.parametrize("duration", [*_NO_AMOUNT, *_NO_NUMBER, "10 minutes", "1h30m", "5M", "1w", "0s"])
def test_seconds_refuse_what_is_no_duration(duration: Any) -> None:
    """M would be months, and mean minutes: letters are small."""
    with pytest.raises(ArgumentError, match=r"^max_time is a duration above 0, such as 90s, 10m, 2h or a number of "):
        parse_seconds(duration)


@pytest.mark.parametrize(
    ("n", "text"),
    [(1, "1 bytes"), (1000, "1,000 bytes"), (1023 * 2**20, "1,023 MiB"), (2**30, "1 GiB"), (2**60, "1,024 PiB")],
)
def test_bytes_are_written_with_three_digits(n: int, text: str) -> None:
    """And a thousand without an exponent."""
    assert format_bytes(n) == text


@given(seconds=st.floats(1e-6, 1e9))
def test_durations_are_written_within_a_tenth(seconds: float) -> None:
    """Two digits: read again, it is the same but for rounding."""
    number, unit = format_seconds(seconds).split()
    size = {"seconds": 1, "minutes": 60, "hours": 3600, "days": 86_400}[unit]
    assert float(number.replace(",", "")) * size == pytest.approx(seconds, rel=0.06)


def test_ranges_keep_the_unit_of_the_estimate() -> None:
    """Three minutes, of 90 seconds to two hours: 1.5 to 120 minutes."""
    assert format_range(180, 90, 7200) == "3 minutes (1.5 to 120)"
