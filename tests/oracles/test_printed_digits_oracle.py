"""The digits of a report against exact fractions."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from exact import exact_matrix, exact_stationary

import markovgpt as mg
from markovgpt.report.laws import certain_entropy_rate, certain_probability


def cold_chain(seed: int, *, scale: float = 6.0) -> mg.MarkovChain:
    """16 states whose probabilities span some decades."""
    logits = scale * np.random.default_rng(seed).standard_normal((16, 2))
    return mg.chain_from_table(mg.Decoding().apply(logits))


def half_a_unit(text: str) -> Fraction:
    return Fraction(10) ** int(Decimal(text).as_tuple().exponent) / 2


@pytest.mark.parametrize("how", ["elimination", "extended", "cycles"])
@pytest.mark.parametrize("seed", range(6))
def test_exact_value_rounds_to_the_printed_digits(how: str, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """By each method; ``<`` is true where no digit is certain."""
    from markovgpt.analysis import stationary

    if how == "cycles":
        monkeypatch.setattr(stationary, "GTH_LIMIT", 1)
    chain = cold_chain(seed)
    exact = exact_stationary(exact_matrix(chain.to_numpy()))
    pi = mg.stationary_distribution(chain, extended=how == "extended")
    printed = [certain_probability(pi, s) for s in range(16)]
    for text, p in zip(printed, exact, strict=True):
        if text.startswith("<"):
            assert p <= Fraction(text[1:])
        elif ".." in text:
            assert Fraction(text.split("..")[0]) <= p <= Fraction(text.split("..")[1])
        else:
            assert abs(p - Fraction(text)) <= half_a_unit(text)
    likeliest = printed[int(pi.probabilities.argmax())]
    assert len(Decimal(likeliest).as_tuple().digits) >= (20 if how == "extended" else 9)


@pytest.mark.parametrize("seed", range(4))
def test_exact_entropy_rate_rounds_to_the_printed_digits(seed: int) -> None:
    """With logarithms of 40 digits."""
    import mpmath

    chain = cold_chain(seed)
    matrix = exact_matrix(chain.to_numpy())
    with mpmath.workdps(40):

        def number(x: Fraction) -> mpmath.mpf:
            return mpmath.mpf(x.numerator) / x.denominator

        exact = -sum(
            number(p) * number(q) * mpmath.log(number(q), 2)
            for p, row in zip(exact_stationary(matrix), matrix, strict=True)
            for q in row
            if q
        )
        text = certain_entropy_rate(mg.stationary_report(chain), 0)
        half = half_a_unit(text)
        assert abs(exact - mpmath.mpf(text)) <= number(half)
    assert half < 1e-11
