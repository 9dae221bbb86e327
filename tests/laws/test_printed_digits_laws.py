"""What must hold of every number that is printed from an interval?"""

from __future__ import annotations

import math
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from markovgpt.report.digits import at_most, certain_digits, from_the_proof, of_decimal, proven_interval, written

probabilities = st.floats(0, 1, allow_nan=False)
positive = st.floats(5e-324, 1, allow_nan=False, allow_subnormal=True)
shares = st.fractions(0, 1)


def unit_of(text: str) -> Fraction:
    """One unit of the last digit of a printed number."""
    return Fraction(10) ** int(Decimal(text).as_tuple().exponent)


def significant(text: str) -> int:
    """Number of its significant digits."""
    return len(Decimal(text).as_tuple().digits)


@given(low=positive, width=st.floats(0, 1), share=shares, most=st.integers(1, 20))
def test_number_rounded_to_the_printed_digits_is_what_is_printed(
    low: float, width: float, share: Fraction, most: int
) -> None:
    """For each number of the interval: it is within half a unit of the last digit; there are at most so many."""
    a, b = Fraction(low), Fraction(low) * (1 + Fraction(width) ** 4)
    text = certain_digits(a, b, at_most=most)
    assume(text is not None)
    exact = a + (b - a) * share
    assert abs(exact - Fraction(text)) <= unit_of(text) / 2
    assert 1 <= significant(text) <= most


@given(low=positive, width=st.floats(1e-15, 1))
def test_no_digit_is_left_out_that_is_certain(low: float, width: float) -> None:
    """With one digit more, the ends of the interval would round to different numbers."""
    a, b = Fraction(low), Fraction(low) * (1 + Fraction(width))
    text = certain_digits(a, b, at_most=30)
    assume(text is not None and significant(text) < 30)
    finer = unit_of(text) / 10
    assert round(a / finer) != round(b / finer)


@given(p=probabilities, error=st.one_of(st.just(math.inf), st.floats(0, 3)), share=shares, low=st.booleans())
def test_interval_holds_all_that_is_within_the_error(p: float, error: float, share: Fraction, low: bool) -> None:
    """p plus or minus a share of the error, as far as that is a probability."""
    step = share * Fraction(min(error, 2.0))
    exact = Fraction(p) - step if low else Fraction(p) + step
    assume(0 <= exact <= 1)
    a, b = proven_interval(p, error=error, relative_error=math.inf)
    assert a <= exact <= b


@given(p=positive, relative=st.one_of(st.just(math.inf), st.floats(0, 2)), share=st.fractions(-1, 1))
def test_interval_holds_all_that_is_within_the_relative_error(p: float, relative: float, share: Fraction) -> None:
    """``|p / exact - 1|`` a share of the relative error."""
    ratio = 1 + share * Fraction(min(relative, 2.0))
    assume(ratio > 0 and Fraction(p) / ratio <= 1)
    a, b = proven_interval(p, error=math.inf, relative_error=relative)
    assert a <= Fraction(p) / ratio <= b


@given(low=shares, high=shares, share=shares)
def test_whatever_is_printed_of_an_interval_holds(low: Fraction, high: Fraction, share: Fraction) -> None:
    """Digits, ``<`` and ``..`` are true of each number in it; ``~`` is said only where all are possible."""
    a, b = sorted((low, high))
    exact = a + (b - a) * share
    text = from_the_proof((a, b), 0.5)
    if text.startswith("~"):
        assert (a, b) == (0, 1)
    elif text.startswith("<"):
        assert exact <= Fraction(text[1:])
    elif ".." in text:
        least, most = map(Fraction, text.split(".."))
        assert least <= exact <= most
    else:
        assert abs(exact - Fraction(text)) <= unit_of(text) / 2


@given(digits=st.integers(1, 10**20), place=st.integers(-400, 300))
def test_written_number_has_its_value_and_its_digits(digits: int, place: int) -> None:
    """It reads back as the same number, trailing zeros included."""
    text = written(digits, place)
    assert Fraction(text) == digits * Fraction(10) ** place
    assert significant(text) == len(str(digits))


@given(x=positive)
def test_bound_is_rounded_up(x: float) -> None:
    """By less than a tenth."""
    assert Fraction(x) <= Fraction(at_most(x)) < Fraction(x) * Fraction(11, 10)


@given(digits=st.integers(1, 10**30), place=st.integers(-900, 0))
def test_decimal_keeps_its_digits(digits: int, place: int) -> None:
    """Whichever form the decimal module chose."""
    number = Decimal((0, tuple(map(int, str(digits))), place))  # exact, whatever the context's precision
    text = of_decimal(str(number))
    assert Decimal(text) == number
    assert significant(text) == len(str(digits))


@pytest.mark.parametrize(
    ("p", "error", "relative", "text"),
    [
        pytest.param(0.25, 1e-6, math.inf, "0.25000", id="half a unit of the fifth decimal is 5e-6"),
        pytest.param(0.271192188, 5e-4, math.inf, "0.27", id="0.2707 to 0.2717"),
        pytest.param(3.21e-134, math.inf, 1e-3, "3.21e-134", id="relative: 3.207 to 3.213"),
        pytest.param(1e-9, 1e-3, math.inf, "<0.0011", id="absolute: below 1e-3 and a bit"),
        pytest.param(0.5, 0.05, math.inf, "0.44..0.56", id="0.45 to 0.55, as doubles lie"),
        pytest.param(0.2712, math.inf, math.inf, "~0.27", id="nothing proven"),
        pytest.param(0.9999999, 1e-3, math.inf, "1.00", id="0.9989999 to 1"),
    ],
)
def test_probability_is_printed_as_far_as_it_is_proven(p: float, error: float, relative: float, text: str) -> None:
    """By hand."""
    assert from_the_proof(proven_interval(p, error=error, relative_error=relative), p) == text


def test_planted_digit_is_noticed() -> None:
    """The check of the first law: 0.272 is not what 0.2712 rounds to."""
    assert abs(Fraction("0.2712") - Fraction("0.272")) > unit_of("0.272") / 2
