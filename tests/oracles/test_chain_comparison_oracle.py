"""Two chains compared against the definitions, state by state and text by text."""

from __future__ import annotations

import math
from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from exact import exact_matrix, exact_stationary
from scipy.spatial.distance import jensenshannon
from scipy.special import rel_entr

import markovgpt as mg
from markovgpt import MarkovChain
from markovgpt.comparison import tokens as tokens_module

_SHAPES = [(2, 1, "full"), (2, 3, "full"), (3, 2, "full"), (4, 1, "full"), (2, 3, "all")]


def _pair(V: int, K: int, lengths: str, seed: int = 0) -> tuple[MarkovChain, MarkovChain]:
    """Whole weights, so that zeros and ties occur; the last token never is impossible, so there is one class."""
    rng = np.random.default_rng(seed)
    n = mg.StateSpace(vocab_size=V, context_length=K, lengths=lengths).n_states
    tables = rng.integers(0, 3, size=(2, n, V)).astype(float)
    tables[:, :, -1] += 1
    a, b = tables / tables.sum(axis=2, keepdims=True)
    return mg.chain_from_table(a, lengths=lengths), mg.chain_from_table(b, lengths=lengths)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(("V", "K", "lengths"), _SHAPES)
def test_rows_are_compared_as_scipy_compares_them(V: int, K: int, lengths: str, seed: int) -> None:
    """Total variation, both divergences and that of Jensen and Shannon; support and greedy tokens by sets."""
    a, b = _pair(V, K, lengths, seed)
    found = mg.compare_chains(a, b)
    greedy, ties = [], []
    for s in range(a.n_states):
        p, q = a.probabilities[s], b.probabilities[s]
        assert found.total_variation[s] == pytest.approx(np.maximum(p - q, 0).sum(), abs=1e-15)
        assert found.kl_ab[s] == pytest.approx(rel_entr(p, q).sum() / math.log(2), abs=1e-14)
        assert found.kl_ba[s] == pytest.approx(rel_entr(q, p).sum() / math.log(2), abs=1e-14)
        assert found.jensen_shannon[s] == pytest.approx(jensenshannon(p, q, base=2) ** 2, abs=1e-14)
        in_a, in_b = ({t for t in range(V) if row[t] > 0} for row in (p, q))
        assert (found.only_a[s], found.only_b[s]) == (len(in_a - in_b), len(in_b - in_a))
        best_a, best_b = ({t for t in range(V) if row[t] == max(row)} for row in (p, q))
        greedy += [s] if min(best_a) != min(best_b) else []
        ties += [s] if min(best_a) != min(best_b) and best_a & best_b else []
    assert found.greedy_states.tolist() == greedy
    assert found.greedy_ties.tolist() == ties
    assert found.total_variation[found.worst_state] == found.total_variation.max()
    assert found.n_states == a.n_states


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(("V", "K"), [(2, 1), (2, 3), (3, 2)])
def test_long_run_is_that_of_exact_stationary_distributions(V: int, K: int, seed: int) -> None:
    """Fractions: the distance lies within its error, and the rates are means over the law."""
    a, b = _pair(V, K, "full", seed)
    found = mg.compare_chains(a, b)
    laws = [exact_stationary(exact_matrix(chain.to_numpy())) for chain in (a, b)]
    distance = sum(abs(x - y) for x, y in zip(*laws, strict=True)) / 2
    assert found.stationary_distance is not None
    assert abs(Fraction(found.stationary_distance) - distance) <= Fraction(found.stationary_distance_error)
    assert found.stationary_distance_error < 1e-12
    sides = [(found.long_run_a, found.kl_ab, a), (found.long_run_b, found.kl_ba, b)]
    for (side, kl, chain), law in zip(sides, laws, strict=True):
        assert side is not None
        pi = [float(x) for x in law]
        assert side.kl_rate == pytest.approx(sum(p * x for p, x in zip(pi, kl, strict=True) if p > 0), abs=1e-12)
        assert side.total_variation == pytest.approx(float(np.dot(pi, found.total_variation)), abs=1e-12)
        assert side.greedy_mass == pytest.approx(sum(pi[s] for s in found.greedy_states), abs=1e-12)
        assert side.entropy_rate == mg.entropy_rate(chain, side.stationary)
        if side.likeliest_greedy_state >= 0:
            masses = [pi[s] for s in found.greedy_states]
            assert pi[side.likeliest_greedy_state] == pytest.approx(max(masses), abs=1e-12)
        else:
            assert side.greedy_mass == 0


def _texts(a: MarkovChain, b: MarkovChain, n: int, law: list[float]) -> float:
    """Half the sum over starts and texts of ``|P_a - P_b|``, one by one."""
    total = 0.0
    for start, weight in enumerate(law):
        for text in product(range(a.vocab_size), repeat=n):
            probabilities = []
            for chain in (a, b):
                p, context = weight, chain.states.context(start)
                for token in text:
                    p *= float(chain.row(context)[token])
                    context = (*context, token)[-chain.context_length :]
                probabilities.append(p)
            total += abs(probabilities[0] - probabilities[1])
    return total / 2


@pytest.mark.parametrize("n", [0, 1, 2, 4])
@pytest.mark.parametrize(("V", "K", "lengths"), _SHAPES)
def test_distance_of_texts_is_the_sum_over_all_texts(V: int, K: int, lengths: str, n: int) -> None:
    """From one start, and on average over all."""
    a, b = _pair(V, K, lengths, seed=5)
    one = mg.tokens_distance(a, b, n=n, start=0)
    assert one.exact
    assert one.lower == one.upper == pytest.approx(_texts(a, b, n, np.eye(a.n_states)[0].tolist()), abs=1e-14)
    every = mg.tokens_distance(a, b, n=n)
    assert every.lower == pytest.approx(_texts(a, b, n, [1 / a.n_states] * a.n_states), abs=1e-14)


@pytest.mark.parametrize("most", [0, 1, 50])
@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(("V", "K", "lengths"), _SHAPES)
def test_bounds_of_long_texts_hold_for_short_ones(
    V: int, K: int, lengths: str, seed: int, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With no text, or few, gone through one by one; chains that are far apart, and near ones."""
    a, b = _pair(V, K, lengths, seed)
    near = mg.chain_from_table(0.95 * a.probabilities + 0.05 * b.probabilities, lengths=lengths)
    law = np.random.default_rng(seed).dirichlet(np.ones(a.n_states))
    for other in (b, near, a):
        expected = [mg.tokens_distance(a, other, n=n, law=law) for n in range(9)]
        assert all(distance.exact for distance in expected)
        with monkeypatch.context() as patch:
            patch.setattr(tokens_module, "MOST_SEQUENCES", most)
            for n, exact in enumerate(expected):
                found = mg.tokens_distance(a, other, n=n, law=law)
                assert found.lower <= exact.lower + 1e-15
                assert found.upper >= exact.upper - 1e-15
                assert 0 <= found.lower <= found.upper <= 1
                assert found.n_exact <= n


def test_bounds_close_in_on_one_for_long_texts() -> None:
    """0.3 and 0.6 of ones: ten thousand tokens tell them apart for sure; the affinity says so."""
    a, b = (mg.chain_from_table([[1 - p, p]] * 2) for p in (0.3, 0.6))
    found = mg.tokens_distance(a, b, n=10_000, start="0")
    assert found.lower > 1 - 1e-10
    assert not found.exact


@pytest.mark.parametrize("start", range(8))
def test_greedy_continuations_part_where_two_walks_do(start: int) -> None:
    """Both followed for more steps than there are states."""
    for seed in range(20):
        a, b = _pair(2, 3, "full", seed)
        walks = []
        for chain in (a, b):
            state, tokens = start, []
            for _ in range(20):
                tokens.append(int(chain.probabilities[state].argmax()))
                state = (state * 2 + tokens[-1]) % 8
            walks.append(tokens)
        expected = next((i for i, pair in enumerate(zip(*walks, strict=True)) if len(set(pair)) == 2), None)
        assert mg.first_greedy_difference(a, b, start) == expected


@pytest.mark.parametrize("lengths", ["full", "all"])
@pytest.mark.parametrize(("V", "K", "longer"), [(2, 1, 3), (3, 2, 3), (2, 2, 2), (1, 1, 3)])
def test_lifted_chain_has_the_rows_of_suffixes(V: int, K: int, longer: int, lengths: str) -> None:
    """And its stationary distribution is that of the chain's own tokens in a row."""
    chain, _ = _pair(V, K, lengths, seed=1)
    lifted = mg.lift(chain, longer)
    assert lifted.context_length == longer
    assert lifted.states.lengths == lengths
    for s in range(lifted.n_states):
        assert lifted.row(s).tolist() == chain.row(lifted.states.context(s)[-K:]).tolist()
    pi = mg.lift_stationary(chain, mg.stationary_distribution(chain), longer)
    known = mg.stationary_distribution(lifted)
    np.testing.assert_allclose(pi.probabilities, known.probabilities, rtol=0, atol=1e-14)
    np.testing.assert_array_equal(pi.states, known.states)
    assert abs(pi.probabilities - known.probabilities).sum() <= pi.error_bound + known.error_bound
    assert pi.residual < 1e-14


def test_lifting_keeps_what_was_cut_off() -> None:
    """Of a restricted vocabulary, state by state."""
    from dataclasses import replace

    chain = replace(mg.chain_from_table([[0.5, 0.5], [0.25, 0.75]]), cut=np.array([0.1, 0.2]))
    assert mg.lift(chain, 2).cut.tolist() == [0.1, 0.2, 0.1, 0.2]
