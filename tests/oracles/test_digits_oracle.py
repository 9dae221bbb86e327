"""The number of digits against writing the number out."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from markovgpt.statespace import count_digits


@given(vocab_size=st.integers(1, 10**7), context_length=st.integers(1, 600))
def test_count_digits_is_the_length_of_the_number(vocab_size: int, context_length: int) -> None:
    """``len(str(V**K))``."""
    assert count_digits(vocab_size, context_length) == len(str(vocab_size**context_length))


@given(power=st.integers(1, 60), shift=st.integers(-1, 1), context_length=st.integers(1, 70))
def test_count_digits_is_exact_beside_powers_of_ten(power: int, shift: int, context_length: int) -> None:
    """10^m, one more and one less: where rounding a logarithm would be off by one."""
    vocab_size = 10**power + shift
    assert count_digits(vocab_size, context_length) == len(str(vocab_size**context_length))


@pytest.mark.parametrize(
    ("vocab_size", "context_length", "digits"),
    [
        pytest.param(10**9, 10**9, 9 * 10**9 + 1, id="a power of ten"),
        pytest.param(2, 10**12, 301_029_995_664, id="K log10 2 = 301029995663.98"),
        pytest.param(1, 10**12, 1, id="one token"),
    ],
)
def test_count_digits_needs_no_power(vocab_size: int, context_length: int, digits: int) -> None:
    """Numbers that could never be written out."""
    assert count_digits(vocab_size, context_length) == digits
