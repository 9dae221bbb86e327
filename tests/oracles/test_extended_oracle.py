"""Elimination in extended precision against exact fractions, and against mpmath with 60 digits."""

from __future__ import annotations

import decimal
import math
from decimal import Decimal
from fractions import Fraction

import mpmath
import numpy as np
import pytest
from exact import exact_matrix, exact_stationary
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from precise import DIGITS, precise_stationary, relative_error
from torture import TORTURE, torture_chains

from markovgpt import ArgumentError, NotComputedError
from markovgpt.kernels import double_double
from markovgpt.solvers import extended
from markovgpt.solvers.extended import ExtendedElimination, extended_gth

_SIZES = [(2, 3), (3, 3), (5, 2), (2, 5)]


@pytest.fixture(params=["compiled", "decimal"])
def how(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """With numba, and as if it were not there."""
    if request.param == "decimal":
        monkeypatch.setattr(extended, "can_compile", lambda: False)
    return request.param


def _precise(p: Decimal) -> mpmath.mpf:
    with mpmath.workdps(DIGITS + 10):
        return mpmath.mpf(str(p))


def _error(found: ExtendedElimination, P: np.ndarray) -> float:
    return relative_error([_precise(p) for p in found.probabilities], precise_stationary(P, divide_rows=True))


def _cycle(n: int) -> np.ndarray:
    return np.roll(np.eye(n), 1, axis=1)


@pytest.mark.parametrize("kind", TORTURE)
def test_extended_gth_is_as_accurate_as_it_says(kind: str, how: str) -> None:
    """``|p - exact| <= relative_error * exact`` in every entry, and that is at most 1e-26."""
    for P in torture_chains(kind, *_SIZES):
        found = extended_gth(P)
        assert _error(found, P) <= found.relative_error <= 1e-26


@pytest.mark.parametrize("kind", ["random, scale 300", "unequal escapes, 1e-14", "denormals"])
def test_extended_gth_is_as_accurate_as_it_says_of_more_states(kind: str) -> None:
    """64 and 81 states."""
    for P in torture_chains(kind, (4, 3), (3, 4)):
        found = extended_gth(P)
        assert _error(found, P) <= found.relative_error <= 1e-25


@given(data=st.data())
def test_extended_gth_agrees_with_fractions_whatever_the_entries(data: st.DataObject) -> None:
    """Zeros, denormals and anything between; a cycle through all states makes the chain irreducible."""
    n = data.draw(st.integers(1, 5))
    entries = st.one_of(st.just(0.0), st.floats(0, 1), st.integers(-323, 0).map(lambda e: float(f"1e{e}")))
    P = np.maximum(data.draw(hnp.arrays(np.float64, (n, n), elements=entries)), 5e-324 * _cycle(n))
    exact = exact_stationary(exact_matrix(P))
    found = extended_gth(P)
    assert found.relative_error < 1e-28
    for p, e in zip(found.probabilities, exact, strict=True):
        assert abs(Fraction(p) - e) <= Fraction(found.relative_error) * e


def test_extended_gth_ignores_the_block_structure_of_the_work() -> None:
    """A walk on a graph with symmetric weights spends time by degrees; 600 states, more than one tile of 512."""
    weights = np.random.default_rng(0).integers(1, 1000, (600, 600)).astype(np.float64)
    weights += weights.T
    degrees = weights.sum(axis=1)  # exact: whole numbers
    found = extended_gth(weights)  # rows are divided by their sums
    with decimal.localcontext(prec=50):
        total = Decimal(degrees.sum())
        errors = [abs(p * total / Decimal(d) - 1) for p, d in zip(found.probabilities, degrees.tolist(), strict=True)]
    assert max(errors) <= found.relative_error < 1e-23


def test_extended_gth_reads_the_diagonal(how: str) -> None:
    """Rows are divided by their sums: (1, 1) and (1, 3) are a half, a half, and a quarter, three quarters."""
    found = extended_gth(np.array([[1.0, 1.0], [1.0, 3.0]]))
    np.testing.assert_allclose(found.stationary, [1 / 3, 2 / 3], rtol=1e-15)


@pytest.mark.parametrize("tiny", [2.0**-1000, 5e-324])
def test_extended_gth_of_two_states_that_hardly_swap(tiny: float, how: str) -> None:
    """Leaving with ``tiny`` and with three times that: time is shared 3 to 1."""
    found = extended_gth(np.array([[0.0, tiny], [3 * tiny, 0.0]]))
    assert found.stationary.tolist() == [0.5, 0.5]  # rows are divided by their sums, which are tiny too
    found = extended_gth(np.array([[1.0, tiny], [3 * tiny, 1.0]]))
    assert found.relative_error < 1e-29
    assert abs(Fraction(found.probabilities[0]) - Fraction(3, 4)) <= Fraction(found.relative_error)


def test_extended_gth_holds_what_float64_cannot(how: str) -> None:
    """Down a ladder with 1e-300 a step and up with 1/2: state k has (2e-300)^k of state 0."""
    down = np.full(4, 1e-300)
    P = np.diag(down, 1) + np.diag(np.full(4, 0.5), -1)
    P[np.arange(5), np.arange(5)] = [1, 0.5, 0.5, 0.5, 0.5]
    found = extended_gth(P)
    assert found.stationary[2:].tolist() == [0, 0, 0]
    np.testing.assert_allclose(found.log_stationary, np.arange(5) * math.log(2e-300), rtol=1e-15)
    assert found.digits(4).startswith("1.600000000000000")
    assert found.digits(4).endswith("E-1199")


def test_extended_gth_is_two_doubles(how: str) -> None:
    """``stationary + stationary_low`` is the probability to 31 digits: here thirds."""
    found = extended_gth(np.array([[0.5, 0.5], [0.25, 0.75]]))
    sums = [Fraction(a) + Fraction(b) for a, b in zip(found.stationary, found.stationary_low, strict=True)]
    for total, exact in zip(sums, [Fraction(1, 3), Fraction(2, 3)], strict=True):
        assert abs(total / exact - 1) < 1e-30


def test_extended_gth_of_one_state_is_certain(how: str) -> None:
    """All time is spent in the only state."""
    found = extended_gth(np.ones((1, 1)))
    assert (found.probabilities, found.log_stationary.tolist()) == ((1,), [0])


def _third(relative_error: float) -> ExtendedElimination:
    third = decimal.Context(prec=50).divide(1, 3)
    zero = np.zeros(1)
    return ExtendedElimination(
        probabilities=(third,), stationary=zero, stationary_low=zero, log_stationary=zero, relative_error=relative_error
    )


@pytest.mark.parametrize(
    ("relative_error", "digits"),
    [(1e-2, "0.3"), (1e-3, "0.33"), (1e-8, "0.3333333"), (2e-31, "0." + 30 * "3")],
)
def test_digits_are_those_that_are_proven(relative_error: float, digits: str) -> None:
    """Both ends of the interval, rounded, are the same: .33 for .3330 and .3337, since .333 and .334 differ."""
    assert _third(relative_error).digits(0) == digits


def test_digits_refuses_when_there_are_none() -> None:
    """Between .18 and 3.3 no digit is sure."""
    with pytest.raises(NotComputedError, match="No digit of the probability of state 0 is proven"):
        _third(0.9).digits(0)


@pytest.mark.parametrize("kind", ["random, scale 60", "tied escapes", "zeros"])
def test_digits_are_those_of_the_exact_value(kind: str, how: str) -> None:
    """The exact value, rounded to as many digits, is what is shown; 24 digits or more."""
    for P in torture_chains(kind, (2, 4)):
        found = extended_gth(P)
        for state, exact in enumerate(precise_stationary(P, divide_rows=True)):
            shown = Decimal(found.digits(state))
            count = len(shown.as_tuple().digits)
            with mpmath.workdps(DIGITS):
                assert shown == decimal.Context(prec=count).create_decimal(mpmath.nstr(exact, DIGITS))
            assert count >= 24


@pytest.mark.parametrize(
    "P",
    [
        pytest.param([[0.5, 0.5], [0.0, 1.0]], id="absorbing"),
        pytest.param([[1.0, 0.0], [0.0, 1.0]], id="apart"),
        pytest.param([[0, 1, 0], [1, 0, 0], [1e-300, 0, 1]], id="transient"),
    ],
)
def test_extended_gth_refuses_reducible_chains_or_finds_their_law(P: list[list[float]], how: str) -> None:
    """A closed set without state 0 is an error; a transient state has probability 0."""
    if P[-1][0] > 0:
        assert extended_gth(np.array(P)).stationary.tolist() == [0.5, 0.5, 0]
    else:
        with pytest.raises(ArgumentError, match="a set of states without exit"):
            extended_gth(np.array(P))


@pytest.mark.parametrize(
    "P",
    [
        pytest.param(np.ones((2, 3)), id="not square"),
        pytest.param(np.array([[0.0, np.nan], [1, 0]]), id="NaN"),
        pytest.param(np.array([[0.0, -1], [1, 0]]), id="negative"),
        pytest.param(np.array([[0.0, np.inf], [1, 0]]), id="infinite"),
    ],
)
def test_extended_gth_refuses_what_is_no_chain(P: np.ndarray) -> None:
    """Such a thing has no stationary law."""
    with pytest.raises(ArgumentError, match="square matrix of finite, non-negative numbers"):
        extended_gth(P)


def test_extended_gth_refuses_more_than_its_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """4,096 with numba, 200 without."""
    with pytest.raises(NotComputedError, match=r"above 4,096 states: .* of 4,097 states"):
        extended_gth(np.ones((4097, 4097)))
    monkeypatch.setattr(extended, "can_compile", lambda: False)
    with pytest.raises(NotComputedError, match=r"above 200 states: .* With numba installed, the limit is 4,096\."):
        extended_gth(np.ones((201, 201)))


def test_extended_gth_shows_progress_and_can_be_interrupted(how: str) -> None:
    """Once for every state eliminated; what the callback raises stops the work."""
    calls: list[tuple[str, int, int]] = []
    extended_gth(_cycle(5), progress=lambda *call: calls.append(call))
    assert calls == [("eliminating in extended precision", done, 5) for done in range(1, 5)]
    with pytest.raises(KeyboardInterrupt):
        extended_gth(_cycle(5), progress=_interrupt)


def _interrupt(text: str, done: int, total: int) -> None:
    raise KeyboardInterrupt


_NUMBERS = st.builds(
    lambda high, low, exponent: (math.ldexp(high, exponent), math.ldexp(high * low, exponent - 53), exponent),
    st.one_of(st.floats(0.5, 1, exclude_max=True), st.sampled_from([0.5, 1 - 2.0**-53, 0.0])),
    st.one_of(st.floats(-1, 1), st.sampled_from([-1.0, 0.0, 1.0])),
    st.one_of(st.integers(-255, 256), st.sampled_from([-255, -254, 0, 255, 256])),
)
_LEVELS = st.integers(-3, 3)


def _arrays(entries: dict[tuple[int, int], tuple[float, float, int]], levels: dict[tuple[int, int], int]) -> tuple:
    """A 3 by 3 matrix of pairs with the given entries; 0 elsewhere."""
    H, L, E = np.zeros((3, 3)), np.zeros((3, 3)), np.full((3, 3), double_double.ZERO_LEVEL)
    for at, (high, low, _) in entries.items():
        if high > 0:
            H[at], L[at], E[at] = high, low, levels[at]
    return H, L, E


def _exact(X: tuple, at: tuple[int, int]) -> Fraction:
    H, L, E = X
    return (
        (Fraction(float(H[at])) + Fraction(float(L[at]))) * Fraction(2) ** int(512 * E[at])
        if H[at] > 0
        else Fraction(0)
    )


@given(x=_NUMBERS, y=_NUMBERS, z=_NUMBERS, levels=st.tuples(_LEVELS, _LEVELS, _LEVELS))
def test_pairs_round_by_at_most_one_unit(
    x: tuple[float, float, int], y: tuple[float, float, int], z: tuple[float, float, int], levels: tuple[int, int, int]
) -> None:
    """``x + y z`` and ``x / z`` within 2^-102, levels apart or not, and the result is in the range of its level."""
    places = [(0, 1), (0, 2), (2, 1)]
    X = _arrays(dict(zip(places, [x, y, z], strict=True)), dict(zip(places, levels, strict=True)))
    before = [_exact(X, at) for at in places]
    divisor = tuple(array[2, 1] for array in X)
    quotient = tuple(array.copy() for array in X)
    double_double.add_products(*X, (0, 1), (2, 3), (1, 2))
    _check_rounding(X, before[0] + before[1] * before[2])
    if before[2]:
        double_double.divide(*quotient, (0, 1), 1, divisor)
        _check_rounding(quotient, before[0] / before[2])


def _check_rounding(X: tuple, exact: Fraction) -> None:
    assert abs(_exact(X, (0, 1)) - exact) <= exact / 2**102
    high, low = X[0][0, 1], X[1][0, 1]
    assert high == 0 or 2.0**-256 <= high < 2.0**256
    assert abs(low) <= 2.0**-53 * high
