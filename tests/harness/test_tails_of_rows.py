"""Are the p-values of the row tests never too small, by enumeration of every outcome?"""

from __future__ import annotations

from fractions import Fraction
from math import exp, factorial, log

import numpy as np
import pytest
from scipy.special import gammaln, rel_entr
from scipy.stats import chi2, multinomial

from markovgpt.testing.samples.tails import least_distance, row_tests


def every_count(n, k):
    """All counts of n draws over k tokens."""
    return [(n,)] if k == 1 else [(c, *rest) for c in range(n + 1) for rest in every_count(n - c, k - 1)]


def exact_p(counts, law):
    """P(G >= g), by the definition: every outcome with its exact probability; for expectations that need no pooling."""
    n = sum(counts)

    def distance(c):
        return sum(x * log(x / (n * float(p))) for x, p in zip(c, law, strict=True) if x)

    total = Fraction(0)
    for c in every_count(n, len(law)):
        if distance(c) >= distance(counts) - 1e-9:
            weight = Fraction(factorial(n))
            for x, p in zip(c, law, strict=True):
                weight *= Fraction(p) ** x / factorial(x)
            total += weight
    return float(total)


@pytest.mark.parametrize(
    ("law", "counts"),
    [
        ((Fraction(1, 2), Fraction(1, 2)), (28, 2)),
        ((Fraction(1, 4), Fraction(3, 4)), (20, 10)),
        ((Fraction(1, 3), Fraction(1, 3), Fraction(1, 3)), (17, 1, 2)),
        ((Fraction(1, 4), Fraction(1, 4), Fraction(1, 2)), (0, 1, 23)),
        ((Fraction(1, 4),) * 4, (13, 2, 3, 2)),
    ],
    ids=str,
)
def test_p_value_of_a_far_row_is_the_exact_tail(law, counts):
    """Every outcome is enumerated in fractions; all expectations are at least 5, so nothing is pooled."""
    found = row_tests(np.array([counts]), np.array([law], dtype=float)).p_values[0]
    assert found == pytest.approx(exact_p(counts, law), rel=1e-8)


@pytest.mark.parametrize("law", [(0.5, 0.5), (0.05, 0.95), (0.2, 0.3, 0.5), (0.02, 0.08, 0.9), (0.1, 0.2, 0.3, 0.4)])
@pytest.mark.parametrize("n", [1, 7, 12, 25])
def test_p_values_are_valid_at_every_level(law, n):
    """P(p <= a) <= a under the law, for every a that p can take: all outcomes enumerated, pooling included."""
    counts = np.array(every_count(n, len(law)))
    probabilities = multinomial(n, law).pmf(counts)
    p_values = row_tests(counts, np.tile(law, (len(counts), 1))).p_values
    for level in np.unique(p_values[p_values < 1]):
        assert probabilities[p_values <= level].sum() <= level * (1 + 1e-9)


def test_bound_is_not_below_the_exact_tail_of_five_tokens():
    """n = 30, 5 tokens: 46,376 outcomes, too many for the exact sum, so the bound is used; enumerated here."""
    law = np.full(5, 0.2)
    counts = np.array(every_count(30, 5))
    distances = rel_entr(counts, 6.0).sum(axis=1)
    weights = multinomial(30, law).pmf(counts)
    far = np.array([[18, 4, 4, 2, 2], [24, 3, 1, 1, 1], [12, 6, 6, 3, 3]])
    found = row_tests(far, np.tile(law, (3, 1)))
    for g, p in zip(found.statistics, found.p_values, strict=True):
        exact = weights[distances >= g / 2 - 1e-9].sum()
        assert exact <= p
        assert p <= 1 or exact > 0.02  # and it says something where there is something to say
    assert found.p_values[1] < 1e-6


def test_bound_is_near_the_chi_square_tail_for_many_draws():
    """Ten tokens, 100,000 draws: there the chi-square law is right, and the bound at most two hundred times it."""
    rng = np.random.default_rng(0)
    law = rng.dirichlet(np.full(10, 5.0))
    counts = np.round(100_000 * law * (1 + 0.02 * np.sign(rng.normal(size=10)))).astype(np.int64)
    found = row_tests(counts[None], law[None])
    exact = chi2.sf(found.statistics[0], 9)
    assert exact <= found.p_values[0] <= 200 * exact


def test_constant_of_the_bound_holds_for_binomial_laws():
    """``E[e^(a D)] sqrt(1 - a) <= 1.105`` for n draws, probability q, all a: the sum by its definition."""
    worst = 0.0
    for n in [*range(1, 40), 60, 100, 300, 1000]:
        c = np.arange(n + 1)
        for q in (1e-4, 0.003, 0.02, 0.1, 0.2, 0.3, 0.4, 0.5):
            logs = gammaln(n + 1) - gammaln(c + 1) - gammaln(n - c + 1) + c * log(q) + (n - c) * np.log1p(-q)
            distances = rel_entr(c, n * q) + rel_entr(n - c, n * (1 - q))
            for a in (0.1, 0.3, 0.5, 0.7, 0.8, 0.86, 0.9, 0.95, 0.99):
                worst = max(worst, float(np.exp(logs + a * distances).sum()) * (1 - a) ** 0.5)
    assert 1.1 < worst <= 1.105


def test_least_distance_is_where_the_bound_meets_the_level():
    """Nearer rows are not rejected, farther ones are: by the formula of the docstring with its best a."""
    x = float(least_distance(np.array([4]), 1e-8)[0])

    def bound(x):
        return 1.105**3 * (2 * x / 3) ** 1.5 * exp(-(x - 1.5))

    assert bound(x * 1.0001) < 1e-8 < bound(x * 0.9999)


def test_an_impossible_draw_has_p_value_zero():
    """Whatever the other counts are."""
    found = row_tests(np.array([[50, 50, 1]]), np.array([[0.5, 0.5, 0.0]]))
    assert found.p_values[0] == 0
    assert np.isinf(found.statistics[0])


def test_a_law_without_choice_is_never_rejected_for_its_own_token():
    assert row_tests(np.array([[0, 9]]), np.array([[0.0, 1.0]])).p_values[0] == 1
