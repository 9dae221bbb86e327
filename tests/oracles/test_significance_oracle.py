"""p-values and intervals against other libraries, and against every outcome there is, in exact fractions."""

from __future__ import annotations

from fractions import Fraction
from itertools import product
from math import factorial, log

import numpy as np
import pytest
from scipy import stats

import markovgpt as mg
from markovgpt.comparison.correction import adjusted_p_values
from markovgpt.comparison.goodness import FitTests, fit_tests
from markovgpt.comparison.outcomes import outcomes
from markovgpt.comparison.simulation import simulated_tail
from markovgpt.comparison.tail_bounds import tail_bounds


def _test(counts: list[int], law: list[float], seed: int = 0) -> FitTests:
    return fit_tests(np.array([counts]), np.array([law]), keys=np.array([0]), seed=seed)


def _statistic(counts: tuple[int, ...], law: list[float]) -> float:
    """Half of G."""
    n = sum(counts)
    return sum(c * log(c / (n * p)) for c, p in zip(counts, law, strict=True) if c)


def _tail(counts: list[int], law: list[float]) -> float:
    """The probability, exactly, of all outcomes with a statistic at least as large."""
    n, least, total = sum(counts), _statistic(tuple(counts), law), Fraction(0)
    exact = [Fraction(p) / sum(map(Fraction, law)) for p in law]
    for outcome in product(range(n + 1), repeat=len(law)):
        if sum(outcome) != n or any(c and not p for c, p in zip(outcome, law, strict=True)):
            continue
        if _statistic(outcome, law) >= least - 1e-9 * (1 + least):
            weight = Fraction(factorial(n))
            for c, p in zip(outcome, exact, strict=True):
                weight *= p**c / factorial(c)
            total += weight
    return float(total)


def _random(rng: np.random.Generator, k: int, most: int) -> tuple[list[int], list[float]]:
    law = rng.dirichlet(np.full(k, rng.choice([0.3, 1, 10])))
    return rng.multinomial(rng.integers(1, most + 1), rng.dirichlet(np.ones(k))).tolist(), law.tolist()


@pytest.mark.parametrize("seed", range(40))
def test_exact_p_values_are_the_sum_over_all_outcomes(seed: int) -> None:
    """Two to four tokens, one to eight draws; two tokens by the binomial law."""
    rng = np.random.default_rng(seed)
    counts, law = _random(rng, 2 + seed % 3, 8)
    found = _test(counts, law)
    assert found.methods.tolist() == ["exact"]
    assert found.p_values[0] == pytest.approx(_tail(counts, law), rel=1e-9)


def test_exact_p_values_count_ties() -> None:
    """Four draws of three equal tokens: 4 0 0 has G = 4 ln 3, 3 of 81 ways; all outcomes like it are ties."""
    assert _test([4, 0, 0], [1 / 3] * 3).p_values[0] == pytest.approx(3 / 81, rel=1e-12)


def test_exact_p_values_leave_out_tokens_that_the_law_excludes() -> None:
    """A law with a zero is one of fewer tokens."""
    law, counts = [0.2, 0.0, 0.5, 0.3, 0.0], [3, 0, 1, 2, 0]
    assert _test(counts, law).p_values[0] == pytest.approx(_tail(counts, law), rel=1e-9)


@pytest.mark.parametrize(("rarer", "n", "count"), [(1e-7, 10**6, 3), (0.3, 12, 12), (0.5, 9, 0), (1e-300, 5, 1)])
def test_binomial_p_values_hold_for_rare_tokens(rarer: float, n: int, count: int) -> None:
    """Against SciPy's probabilities of every count whose G is as large."""
    g = np.array([_statistic((c, n - c), [rarer, 1 - rarer]) for c in range(min(n, 10_000) + 1)])
    far = np.flatnonzero(g >= g[count] * (1 - 1e-9) - 1e-12)
    expected = stats.binom.pmf(far, n, rarer).sum()
    found = _test([count, n - count], [rarer, 1 - rarer])
    assert found.methods.tolist() == ["exact"]
    assert found.p_values[0] == pytest.approx(expected, rel=1e-9)


def test_chi_square_p_values_are_those_of_scipy() -> None:
    """The power divergence with lambda 0 of scipy.stats, where every token is expected five times or more."""
    rng = np.random.default_rng(0)
    law = rng.dirichlet(np.full(8, 5.0))
    counts = rng.multinomial(1000, law)
    theirs = stats.power_divergence(counts, 1000 * law, lambda_="log-likelihood")
    found = _test(counts.tolist(), law.tolist())
    assert found.methods.tolist() == ["chi-square"]
    assert (found.statistics[0], found.p_values[0]) == pytest.approx((theirs.statistic, theirs.pvalue), rel=1e-10)


@pytest.mark.parametrize(
    ("counts", "law"),
    [
        ([2, 1, 0, 1, 1, 0, 1, 0], (np.arange(1, 9) / 36).tolist()),
        ([2, 0, 1, 2, 0, 0, 0, 1], (np.arange(1, 9) / 36).tolist()),
        ([9, 11, 0], [0.3, 0.6, 0.1]),
        ([2, 9, 4], [0.3, 0.6, 0.1]),
    ],
    ids=["tokens, p large", "tokens, p small", "outcomes, p small", "outcomes, p large"],
)
def test_simulated_p_values_agree_with_the_exact_ones(counts: list[int], law: list[float]) -> None:
    """20 over the draws until 20 are as far: their inverses have mean 1 / p, and 400 of them a known spread."""
    exact, distance = _exact(counts, law), _statistic(tuple(counts), law)
    seeds = map(np.random.default_rng, range(400))
    found = [20 / simulated_tail(np.array(law), sum(counts), distance, rng=rng) for rng in seeds]
    assert np.mean(found) == pytest.approx(20 / exact, rel=4 * np.sqrt((1 - exact) / (20 * 400)))


def _exact(counts: list[int], law: list[float]) -> float:
    """By SciPy's multinomial law over all outcomes."""
    n = sum(counts)
    every = outcomes(n, len(law)).toarray().astype(int)
    far = [_statistic(tuple(outcome), law) >= _statistic(tuple(counts), law) - 1e-9 for outcome in every.tolist()]
    return float(stats.multinomial.pmf(every, n, law)[far].sum())


@pytest.mark.parametrize(("n", "k"), [(1, 1), (1, 5), (5, 1), (3, 4), (4, 3), (7, 2)])
def test_outcomes_are_all_there_is_once(n: int, k: int) -> None:
    """Counts that sum to n."""
    expected = sorted(counts for counts in product(range(n + 1), repeat=k) if sum(counts) == n)
    assert sorted(map(tuple, outcomes(n, k).toarray().astype(int).tolist())) == expected


@pytest.mark.parametrize("seed", range(60))
def test_tail_bounds_are_not_below_the_probability(seed: int) -> None:
    """Against every outcome; the bound is also not far above."""
    rng = np.random.default_rng(seed)
    counts, law = _random(rng, 2 + seed % 3, 9)
    distance = _statistic(tuple(counts), law)
    bound = tail_bounds(np.array([law]), np.array([sum(counts)]), np.array([distance]))[0]
    assert _tail(counts, law) * (1 - 1e-9) <= bound <= 1


@pytest.mark.parametrize("n", [5, 20, 60, 100])
def test_tail_bounds_hold_for_many_draws(n: int) -> None:
    """Three tokens, so that all outcomes can be summed; laws with rare tokens, where the sums cancel most."""
    rng = np.random.default_rng(n)
    for law in ([1 / 3] * 3, [0.98, 0.01, 0.01], [0.7, 0.3 - 1e-9, 1e-9]):
        for _ in range(4):
            counts = rng.multinomial(n, rng.dirichlet(np.ones(3))).tolist()
            exact = _exact(counts, law)
            bound = tail_bounds(np.array([law]), np.array([n]), np.array([_statistic(tuple(counts), law)]))[0]
            assert exact * (1 - 1e-7) <= bound <= max(1e4 * exact, 1e-290)


def test_tail_bounds_of_thousands_of_draws_are_those_of_agrawal() -> None:
    """``e^-x (e x / (k - 1))^(k - 1)``: with k = 3 and x = 40 nats, ``e^-38 20^2``."""
    bound = tail_bounds(np.full((1, 3), 1 / 3), np.array([5000]), np.array([40.0]))[0]
    assert bound == pytest.approx(np.exp(-38) * 400, rel=1e-12)


@pytest.mark.parametrize(("k", "n"), [(2, 7), (4, 3), (6, 12), (30, 8), (30, 60), (12, 500)])
def test_p_values_of_draws_from_the_law_are_valid(k: int, n: int) -> None:
    """``P(p <= a) <= a``: of 3,000 tests of true hypotheses, no more than chance allows are at or below any level."""
    rng = np.random.default_rng(k * n)
    laws = rng.dirichlet(np.ones(k), size=3000)
    counts = np.array([rng.multinomial(n, law) for law in laws])
    p = fit_tests(counts, laws, keys=np.arange(3000), seed=1).p_values
    for level in (0.01, 0.05, 0.1, 0.25, 0.5):
        assert stats.binomtest(int((p <= level).sum()), 3000, level, alternative="greater").pvalue > 1e-4


def test_p_values_of_large_counts_from_the_law_are_uniform() -> None:
    """Where outcomes are many, p is at most 20 / l as often as it says: neither too often nor too rarely."""
    rng = np.random.default_rng(5)
    laws = rng.dirichlet(np.ones(12), size=2000)
    counts = np.array([rng.multinomial(200, law) for law in laws])
    found = fit_tests(counts, laws, keys=np.arange(2000), seed=1)
    assert "Monte Carlo" in found.methods
    for level in (0.02, 0.05, 0.1, 0.25, 0.5):
        assert stats.binomtest(int((found.p_values <= level).sum()), 2000, level).pvalue > 1e-3


def test_p_values_are_those_of_the_seed_whatever_the_other_rows_are() -> None:
    """A row is drawn from its own key and the seed."""
    rng = np.random.default_rng(0)
    laws = rng.dirichlet(np.ones(20), size=30)
    counts = np.array([rng.multinomial(15, law) for law in laws])
    together = fit_tests(counts, laws, keys=np.arange(30), seed=3).p_values
    alone = [fit_tests(counts[[i]], laws[[i]], keys=np.array([i]), seed=3).p_values[0] for i in range(30)]
    assert together.tolist() == alone


def test_p_values_of_clear_differences_are_below_what_drawing_can_tell() -> None:
    """Nine times the rarest of 30 tokens: a bound, and far below one in ten thousand."""
    law = np.full(30, 0.99 / 29)
    law[0] = 0.01
    found = _test([9] + [0] * 29, law.tolist())
    assert found.methods.tolist() == ["bound"]
    assert 1e-18 <= found.p_values[0] < 1e-10  # the outcome itself has 1e-18


def test_p_value_is_0_where_the_law_excludes_a_token_that_occurred() -> None:
    """No outcome like it can be drawn."""
    found = _test([1, 1], [1.0, 0.0])
    assert (found.statistics[0], found.p_values[0], found.methods[0]) == (np.inf, 0.0, "excluded")


def test_p_value_is_1_where_the_law_leaves_no_choice() -> None:
    """And the data made none."""
    assert _test([0, 5, 0], [0.0, 1.0, 0.0]).p_values.tolist() == [1.0]


@pytest.mark.parametrize("seed", range(5))
def test_benjamini_hochberg_is_that_of_scipy(seed: int) -> None:
    """scipy.stats.false_discovery_control."""
    p = np.random.default_rng(seed).random(20) ** 3
    np.testing.assert_allclose(adjusted_p_values(p, "benjamini-hochberg"), stats.false_discovery_control(p), rtol=1e-14)


@pytest.mark.parametrize("seed", range(5))
def test_holm_rejects_what_the_stepwise_rule_rejects(seed: int) -> None:
    """From the smallest on: reject while ``p <= level / (tests that are left)``, at any level."""
    p = np.random.default_rng(seed).random(12) ** 4
    adjusted = adjusted_p_values(p, "holm")
    for level in (0.001, 0.01, 0.05, 0.2, 0.7):
        rejected = set()
        for done, i in enumerate(np.argsort(p).tolist()):
            if p[i] > level / (len(p) - done):
                break
            rejected.add(i)
        assert set(np.flatnonzero(adjusted <= level).tolist()) == rejected


@pytest.mark.parametrize("level", [0.5, 0.95, 0.999])
def test_frequency_intervals_are_those_of_scipy(level: float) -> None:
    """The exact interval of scipy.stats.binomtest, at both ends and between."""
    for n in (1, 2, 17, 1000):
        counts = np.unique([0, 1, n // 3, n - 1, n])
        low, high = mg.frequency_intervals(counts, n, level=level)
        theirs = [stats.binomtest(int(c), n).proportion_ci(level, "exact") for c in counts]
        np.testing.assert_allclose(low, [interval.low for interval in theirs], rtol=1e-8, atol=1e-14)
        np.testing.assert_allclose(high, [interval.high for interval in theirs], rtol=1e-8)


def test_frequency_intervals_of_no_draws_are_everything() -> None:
    """Nothing is known."""
    low, high = mg.frequency_intervals([[0, 0], [1, 1]], [[0], [2]])
    assert (low[0].tolist(), high[0].tolist()) == ([0.0, 0.0], [1.0, 1.0])


def test_one_draw_of_very_many_tokens_is_summed_exactly() -> None:
    """p is the probability of all tokens that are not likelier than the one that was drawn."""
    law = np.arange(1, 50_001) / (50_000 * 50_001 / 2)
    counts = np.zeros((1, 50_000), dtype=np.int64)
    counts[0, 999] = 1
    found = fit_tests(counts, law[None], keys=np.array([0]), seed=0)
    assert found.methods.tolist() == ["exact"]
    assert found.p_values[0] == pytest.approx(law[:1000].sum(), rel=1e-9)
