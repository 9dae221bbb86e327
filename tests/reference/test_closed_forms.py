"""Chains whose answers are known on paper."""

from __future__ import annotations

from math import log, log2

import numpy as np
import pytest

import markovgpt as mg
from markovgpt import MarkovChain


def _golden_mean(K: int) -> MarkovChain:
    """No two 1s in a row, otherwise fair, on contexts of K tokens."""
    table = np.full((2**K, 2), 0.5)
    table[1::2] = [1.0, 0.0]
    return mg.chain_from_table(table)


def _copy_the_oldest(V: int, K: int) -> MarkovChain:
    """The next token is the oldest of K: every context goes round."""
    return mg.chain_from_table(np.eye(V)[np.arange(V**K) // V ** (K - 1)])


@pytest.mark.parametrize(("V", "K"), [(2, 1), (2, 6), (3, 3), (10, 2)])
def test_uniform_rows_have_a_uniform_stationary_distribution(V: int, K: int) -> None:
    """V^-K everywhere."""
    pi = mg.stationary_distribution(mg.chain_from_table(np.full((V**K, V), 1 / V)))
    np.testing.assert_allclose(pi.probabilities, V**-K, rtol=1e-14)


@pytest.mark.parametrize(("V", "K"), [(2, 1), (2, 6), (3, 3), (10, 2)])
def test_uniform_rows_forget_everything_in_k_steps(V: int, K: int) -> None:
    """P^K has equal rows: a point becomes uniform, exactly for V a power of 2 and else to rounding."""
    chain = mg.chain_from_table(np.full((V**K, V), 1 / V))
    mu = np.eye(V**K)[V**K // 2]
    for _ in range(K):
        mu = chain.push(mu)
    np.testing.assert_allclose(mu, V**-K, rtol=1e-14)


@pytest.mark.parametrize(("V", "base"), [(2, 2.0), (3, 2.0), (3, np.e), (10, 10.0)])
def test_uniform_rows_have_entropy_rate_log_v(V: int, base: float) -> None:
    """``log V``: the upper end of the scale."""
    chain = mg.chain_from_table(np.full((V**2, V), 1 / V))
    rate = mg.entropy_rate(chain, mg.stationary_distribution(chain), base=base)
    assert rate == pytest.approx(log(V) / log(base), rel=1e-14)


def test_two_states_that_hardly_swap_have_a_stationary_distribution() -> None:
    """Rates 1e-300 and 3e-300: three quarters and one quarter, though 1 - 1e-300 is 1 in float64."""
    chain = mg.chain_from_table([[1.0, 1e-300], [3e-300, 1.0]])
    np.testing.assert_allclose(mg.stationary_distribution(chain).probabilities, [0.75, 0.25], rtol=1e-15)


@pytest.mark.parametrize(("a", "b"), [(0.5, 0.25), (1e-5, 1e-3), (1.0, 0.5)])
def test_two_states_balance_their_flows(a: float, b: float) -> None:
    """``pi = (b, a) / (a + b)``."""
    pi = mg.stationary_distribution(mg.chain_from_table([[1 - a, a], [b, 1 - b]]))
    np.testing.assert_allclose(pi.probabilities, [b / (a + b), a / (a + b)], rtol=1e-12)


def test_two_absorbing_states_have_a_stationary_distribution_each() -> None:
    """All mass on state 0, or all on state 2; state 1 is left for good."""
    chain = mg.chain_from_table([[1, 0, 0], [0.5, 0, 0.5], [0, 0, 1]])
    found = [pi.probabilities.tolist() for pi in mg.stationary_distributions(chain)]
    assert found == [[1, 0, 0], [0, 0, 1]]


def test_one_absorbing_state_among_many_has_all_the_mass() -> None:
    """Always saying 0 ends in 0...0, from any of 2^13 contexts."""
    pi = mg.stationary_distribution(mg.chain_from_table(np.tile([1.0, 0.0], (2**13, 1))))
    assert (pi.probabilities[0], pi.probabilities[1:].any(), pi.states.tolist()) == (1.0, False, [0])


@pytest.mark.parametrize("K", [1, 2, 3, 5, 8])
def test_golden_mean_has_entropy_rate_two_thirds(K: int) -> None:
    """State 0 two thirds of the time and one bit there, state 1 one third and none: 2/3 bit, at any K."""
    chain = _golden_mean(K)
    assert mg.entropy_rate(chain, mg.stationary_distribution(chain)) == pytest.approx(2 / 3, abs=1e-14)


@pytest.mark.parametrize("K", [2, 3, 5])
def test_golden_mean_leaves_contexts_with_11_for_good(K: int) -> None:
    """They cannot be entered: transient, and of stationary probability exactly 0."""
    chain = _golden_mean(K)
    pi = mg.stationary_distribution(chain).probabilities
    impossible = ["11" in chain.label(state) for state in range(2**K)]
    assert (pi == 0).tolist() == impossible


@pytest.mark.parametrize(("V", "K"), [(2, 1), (2, 3), (2, 4), (2, 6), (3, 4)])
def test_copying_the_oldest_token_has_periods_that_divide_k(V: int, K: int) -> None:
    """Every context returns after K steps, a necklace of contexts sooner."""
    assert all(K % c.period == 0 for c in mg.communicating_classes(_copy_the_oldest(V, K)))


@pytest.mark.parametrize(("V", "K", "necklaces"), [(2, 1, 2), (2, 3, 4), (2, 4, 6), (2, 6, 14), (3, 4, 24)])
def test_copying_the_oldest_token_has_one_class_a_necklace(V: int, K: int, necklaces: int) -> None:
    """Necklaces of K beads in V colours (OEIS A000031, A001867): a permutation, all classes recurrent."""
    classes = mg.communicating_classes(_copy_the_oldest(V, K))
    assert (len(classes), bool(classes.recurrent.all())) == (necklaces, True)


def test_counting_round_is_one_cycle_of_period_v() -> None:
    """0 1 2 0 1 2 ...: period 3, a third of the time in each state, entropy 0."""
    chain = mg.chain_from_table(np.roll(np.eye(3), 1, axis=1))
    pi = mg.stationary_distribution(chain)
    found = (mg.period(chain), pi.period, mg.is_aperiodic(chain), mg.entropy_rate(chain, pi))
    assert found == (3, 3, False, 0.0)
    np.testing.assert_allclose(pi.probabilities, 1 / 3, rtol=1e-15)


def test_order_1_chain_on_longer_contexts_multiplies() -> None:
    """If only the last token matters, ``pi(a b c) = pi(a) p(b|a) p(c|b)``: here on contexts of three."""
    p = np.array([[0.9, 0.1], [0.3, 0.7]])
    pi1 = np.array([0.75, 0.25])
    expected = np.einsum("a,ab,bc->abc", pi1, p, p).ravel()
    chain = mg.chain_from_table(np.tile(p, (4, 1)))
    np.testing.assert_allclose(mg.stationary_distribution(chain).probabilities, expected, rtol=1e-14)


def test_biased_coin_has_the_entropy_of_its_bias() -> None:
    """``-.9 log2 .9 - .1 log2 .1``, whatever the context."""
    chain = mg.chain_from_table(np.tile([0.9, 0.1], (8, 1)))
    rate = mg.entropy_rate(chain, mg.stationary_distribution(chain))
    assert rate == pytest.approx(-0.9 * log2(0.9) - 0.1 * log2(0.1), rel=1e-14)


@pytest.mark.parametrize(
    ("V", "K", "lengths", "n"),
    [
        pytest.param(2, 3, "full", 8, id="babygpt"),
        pytest.param(2, 3, "all", 14, id="babygpt, all lengths"),
        pytest.param(27, 3, "full", 19_683, id="letters"),
        pytest.param(1, 5, "full", 1, id="one token"),
        pytest.param(1, 5, "all", 5, id="one token, all lengths"),
        pytest.param(5, 1, "all", 5, id="one position"),
    ],
)
def test_state_spaces_have_the_known_sizes(V: int, K: int, lengths: str, n: int) -> None:
    """V^K, or V (V^K - 1) / (V - 1)."""
    assert mg.StateSpace(vocab_size=V, context_length=K, lengths=lengths).n_states == n  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("V", "K", "digits"),
    [
        pytest.param(50_257, 1024, 4_815, id="GPT-2"),
        pytest.param(50_257, 2048, 9_629, id="GPT-3"),
        pytest.param(50_257, 32_768, 154_049, id="GPT-4-32k"),
    ],
)
def test_state_spaces_of_real_gpts_have_known_digits(V: int, K: int, digits: int) -> None:
    """``floor(K log10 V) + 1``; log10 50257 = 4.7011965606"""
    from markovgpt.statespace import count_digits

    assert count_digits(V, K) == digits == int(K * 4.7011965606) + 1


@pytest.mark.parametrize("K", [1, 2, 5])
def test_golden_mean_source_has_effective_order_one(K: int) -> None:
    """Whatever the context, the last token is enough: H(1/3), then 2/3 bit from one token on."""
    chain = _golden_mean(K)
    pi = mg.stationary_distribution(chain)
    expected = [log2(3) - 2 / 3] + [2 / 3] * K
    np.testing.assert_allclose(mg.conditional_entropies(chain, pi), expected, rtol=1e-13)
    assert mg.effective_order(chain, pi) == 1


@pytest.mark.parametrize(("V", "K"), [(2, 1), (2, 6), (3, 3), (10, 2), (2, 12)])
def test_uniform_rows_mix_in_k_steps(V: int, K: int) -> None:
    """``d(t) = 1 - V^(t - K)``: 1/2 or more before the K-th token, 0 from then on."""
    chain = mg.chain_from_table(np.full((V**K, V), 1 / V))
    found = mg.mixing_time(chain, mg.stationary_distribution(chain))
    assert (found.lower, found.upper, found.exact, found.mixes) == (K, K, True, True)


@pytest.mark.parametrize("K", [13, 16])
def test_uniform_rows_of_large_chains_mix_in_k_steps(K: int) -> None:
    """The bounds meet: a start is far for K steps, and then all rows have everything in common."""
    chain = mg.chain_from_table(np.full((2**K, 2), 0.5))
    found = mg.mixing_time(chain, mg.stationary_distribution(chain))
    assert (found.lower, found.upper) == (K, K)


@pytest.mark.parametrize(("a", "b", "eps"), [(0.1, 0.3, 0.25), (0.01, 0.02, 0.1), (0.6, 0.7, 0.01), (1e-4, 1e-4, 0.2)])
def test_two_states_mix_as_their_second_eigenvalue_says(a: float, b: float, eps: float) -> None:
    """``d(t) = max(a, b) / (a + b) * |1 - a - b|^t``."""
    chain = mg.chain_from_table([[1 - a, a], [b, 1 - b]])
    found = mg.mixing_time(chain, mg.stationary_distribution(chain), eps=eps)
    steps = log(eps * (a + b) / max(a, b)) / log(abs(1 - a - b))
    assert found.lower == found.upper == int(np.ceil(steps))


@pytest.mark.parametrize(("V", "K"), [(2, 3), (3, 2), (2, 1)])
def test_chain_that_goes_round_never_mixes(V: int, K: int) -> None:
    """Copying the oldest token: several classes. The swap of two states: one, of period 2."""
    chain = _copy_the_oldest(V, K)
    pi = mg.stationary_distributions(chain)[0]
    found = mg.mixing_time(chain, pi)
    assert (found.lower, found.upper, found.mixes) == (float("inf"), float("inf"), False)
    assert "recurrent classes: it never forgets in which it ended up" in found.reason
    swap = mg.chain_from_table([[0, 1], [1, 0]])
    found = mg.mixing_time(swap, mg.stationary_distribution(swap))
    assert (found.lower, found.slowest_start) == (float("inf"), -1)
    assert found.reason == "the chain has period 2: it never forgets in which phase it began"


def test_chain_that_starts_in_its_stationary_distribution_is_mixed() -> None:
    """One state: zero steps."""
    chain = mg.chain_from_table([[1.0]])
    found = mg.mixing_time(chain, mg.stationary_distribution(chain))
    assert (found.lower, found.upper, found.slowest_start) == (0, 0, -1)


def test_texts_of_two_coins_differ_as_two_binomials() -> None:
    """The number of heads is all that matters: half the distance of two binomial laws."""
    from math import comb

    a, b = (mg.chain_from_table([[1 - p, p]] * 2) for p in (0.5, 0.75))
    for n in (1, 5, 16):
        heads = [[comb(n, k) * p**k * (1 - p) ** (n - k) for k in range(n + 1)] for p in (0.5, 0.75)]
        expected = sum(abs(x - y) for x, y in zip(*heads, strict=True)) / 2
        assert mg.tokens_distance(a, b, n=n, start=0).lower == pytest.approx(expected, abs=1e-14)
    heads = [[comb(200, k) * p**k * (1 - p) ** (200 - k) for k in range(201)] for p in (0.5, 0.75)]
    expected = sum(abs(x - y) for x, y in zip(*heads, strict=True)) / 2
    found = mg.tokens_distance(a, b, n=200, start=0)
    assert found.lower <= expected <= found.upper
