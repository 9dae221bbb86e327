"""Model against data, written as the sums that define each number: dictionaries of windows, no arrays."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from itertools import pairwise, product
from math import inf, log2

import numpy as np
import pytest
from exact import exact_stationary
from fakes import FakeModel

import markovgpt as mg
from markovgpt import MarkovChain
from markovgpt.comparison.data_chain import chain_of_counts

Context = tuple[int, ...]
Follows = dict[Context, Counter[int]]


def _chain(seed: int, V: int, K: int, lengths: str = "full") -> MarkovChain:
    rng = np.random.default_rng(seed)
    n = mg.StateSpace(vocab_size=V, context_length=K, lengths=lengths).n_states  # type: ignore[arg-type]
    return mg.chain_from_table(rng.dirichlet(np.ones(V), size=n), lengths=lengths)  # type: ignore[arg-type]


def _tokens(seed: int, V: int, n: int) -> list[int]:
    return np.random.default_rng(1000 + seed).choice(V, size=n, p=np.arange(1, V + 1) / (V * (V + 1) / 2)).tolist()


def _follows(tokens: list[int], length: int, *, skip: int = 0) -> Follows:
    """What follows every context of one length; the first ``skip`` tokens are no context's next."""
    follows: Follows = {}
    for end in range(max(length, skip), len(tokens)):
        follows.setdefault(tuple(tokens[end - length : end]), Counter())[tokens[end]] += 1
    return follows


def _kl(p: list[float], q: list[float]) -> float:
    return sum(inf if b == 0 else a * log2(a / b) for a, b in zip(p, q, strict=True) if a > 0)


def _frequencies(counter: Counter[int], V: int) -> list[float]:
    return [counter[t] / counter.total() for t in range(V)]


@pytest.mark.parametrize("lengths", ["full", "all"])
@pytest.mark.parametrize("seed", range(3))
def test_compare_to_data_follows_the_formulas_context_by_context(seed: int, lengths: str) -> None:
    """TV, both KL, Jensen-Shannon, excess, agreement of the likeliest token."""
    V, K = 3, 2
    chain, tokens = _chain(seed, V, K, lengths), _tokens(seed, V, 60)
    found = mg.compare_to_data(chain, mg.count_ngrams(tokens, vocab_size=V, context_length=K), correction=None)
    expected = []
    for length in range(chain.states.shortest, K + 1):
        follows = _follows(tokens, length)
        N = sum(counter.total() for counter in follows.values())
        for context, counter in sorted(follows.items()):
            f, p = _frequencies(counter, V), chain.row(context).tolist()
            middle = [(a + b) / 2 for a, b in zip(f, p, strict=True)]
            expected.append(
                (
                    chain.state(context),
                    counter.total(),
                    sum(abs(a - b) for a, b in zip(f, p, strict=True)) / 2,
                    _kl(f, p),
                    _kl(p, f),
                    (_kl(f, middle) + _kl(p, middle)) / 2,
                    counter.total() / N * _kl(f, p),
                    counter[p.index(max(p))] == max(counter.values()),
                    list(counter.values()).count(max(counter.values())) > 1,
                )
            )
    columns = (
        found.states,
        found.counts,
        found.total_variation,
        found.kl_divergence,
        found.reverse_kl,
        found.jensen_shannon,
        found.excess_bits,
        found.greedy_agrees,
        found.greedy_tied,
    )
    for ours, theirs in zip(columns, zip(*expected, strict=True), strict=True):
        np.testing.assert_allclose(ours.astype(float), theirs, atol=1e-13)


@pytest.mark.parametrize("K", [1, 2, 3])
@pytest.mark.parametrize("longer", [0, 1])
def test_compare_to_data_totals_follow_the_formulas(K: int, longer: int) -> None:
    """Entropies and excess at every order, at the places that have all the tokens that were counted before them."""
    V = 3
    chain, tokens = _chain(K, V, K), _tokens(K, V, 80)
    found = mg.compare_to_data(chain, mg.count_ngrams(tokens, vocab_size=V, context_length=K + longer), correction=None)
    full = _follows(tokens, K, skip=K + longer)
    N = len(tokens) - K - longer
    entropies, excesses = [], []
    for j in range(K + 1):
        entropy = excess = 0.0
        for suffix, counter in _follows(tokens, j, skip=K + longer).items():
            ending = {context: c.total() for context, c in full.items() if context[K - j :] == suffix}
            mean = sum(n * chain.row(context) for context, n in ending.items()) / sum(ending.values())
            f = _frequencies(counter, V)
            entropy -= counter.total() / N * sum(a * log2(a) for a in f if a > 0)
            excess += counter.total() / N * _kl(f, mean.tolist())
        entropies.append(entropy)
        excesses.append(excess)
    cross = -sum(c * log2(chain.row(context)[t]) for context, counter in full.items() for t, c in counter.items()) / N
    assert (found.n_tokens, found.n_seen, found.n_contexts) == (N, len(full), V**K)
    np.testing.assert_allclose(found.data_entropies, entropies, atol=1e-13)
    np.testing.assert_allclose(found.excess_by_order, excesses, atol=1e-13)
    assert (found.cross_entropy, found.conditional_entropy) == pytest.approx((cross, entropies[-1]), abs=1e-13)


def test_compare_to_data_is_infinite_in_the_row_that_excludes_the_data_only() -> None:
    """0 1 1 0: context 1 is followed by 1 and by 0, both possible; context 0 by 1, which its row excludes."""
    chain = mg.chain_from_table([[1.0, 0.0], [0.5, 0.5]])
    found = mg.compare_to_data(chain, mg.count_ngrams([0, 1, 1, 0], vocab_size=2, context_length=1))
    assert found.kl_divergence.tolist() == [inf, 0.0]


def test_compare_to_data_of_a_model_asks_about_the_seen_contexts_only() -> None:
    """10^15 contexts, of which two occur: all that is asked, and every answer is the softmax of the logits."""
    asked: list[Context] = []

    def answer(contexts: np.ndarray) -> np.ndarray:
        asked.extend(map(tuple, contexts.tolist()))
        return np.log(np.tile(np.arange(1, 1001) / 500_500, (len(contexts), 1)))

    counts = mg.count_ngrams([7, 8, 9, 7, 8, 9, 999] * 2, vocab_size=1000, context_length=5)
    found = mg.compare_to_data(FakeModel(answer, vocab_size=1000, context_length=5), counts, correction=None)
    windows = _follows([7, 8, 9, 7, 8, 9, 999] * 2, 5)
    assert sorted(asked) == sorted(windows)
    assert [found.context(place) for place in range(len(found))] == sorted(windows)
    cross = -sum(log2((t + 1) / 500_500) for counter in windows.values() for t in counter.elements()) / 9
    assert found.cross_entropy == pytest.approx(cross, abs=1e-12)


@pytest.mark.parametrize("lengths", ["full", "all"])
def test_compare_to_data_says_the_same_of_a_walk_and_of_all_contexts(lengths: str) -> None:
    """A walk that meets every context has the rows of the chain, in the order of the walk."""
    model = mg.from_matrix(_chain(0, 3, 2, lengths).probabilities, lengths=lengths)  # type: ignore[arg-type]
    counts = mg.count_ngrams(_tokens(0, 3, 50), vocab_size=3, context_length=2)
    chain = mg.build_chain(model, lengths=lengths)  # type: ignore[arg-type]
    walk = mg.reachable_chain(model, (0,) if lengths == "all" else (0, 0))
    by_context = []
    for source in (chain, walk):
        found = mg.compare_to_data(source, counts)
        rows = {}
        for place in range(len(found)):
            assert found.significance is not None
            rows[found.context(place)] = (found.jensen_shannon[place], found.significance.p_values[place])
        by_context.append({context: rows[context] for context in rows if len(context) == 2})
    assert by_context[0].keys() == by_context[1].keys()
    for context, values in by_context[0].items():
        assert values == pytest.approx(by_context[1][context], abs=1e-12)


def test_compare_to_data_counts_what_a_walk_leads_elsewhere_as_a_difference() -> None:
    """The walk keeps token 0 (.6) and sends .4 elsewhere; the data always have 0: TV .4."""
    model = mg.from_matrix([[0.6, 0.2, 0.2]] * 3)
    walk = mg.reachable_chain(model, (0,), min_probability=0.5, outside="absorb")
    found = mg.compare_to_data(walk, mg.count_ngrams([0, 0, 0], vocab_size=3, context_length=1), correction=None)
    assert found.total_variation == pytest.approx([0.4], abs=1e-15)


def test_compare_to_data_leaves_out_what_a_walk_did_not_meet() -> None:
    """Only 0 0 is met; of the windows 00, 00, 01, 10 two tokens stand after others."""
    walk = mg.reachable_chain(mg.from_matrix([[1.0, 0.0]] * 2), (0,))
    counts = mg.count_ngrams([0, 0, 0, 1, 0, 0], vocab_size=2, context_length=1)
    found = mg.compare_to_data(walk, counts, correction=None)
    assert (found.n_tokens, found.n_left_out, found.n_states) == (4, 1, 1)


@pytest.mark.parametrize("K", [1, 2])
def test_chain_of_counts_is_the_maximum_likelihood_chain(K: int) -> None:
    """Every transition between consecutive windows, divided by how often its first is left."""
    tokens = [0, 1, 0, 2, 1, 0, 1, 1, 0, 1, 2, 0, 1, 0]
    chain = chain_of_counts(mg.count_ngrams(tokens, vocab_size=3, context_length=K).full, context_length=K)
    windows = [tuple(tokens[i : i + K]) for i in range(len(tokens) - K + 1)]
    moves, left = Counter(pairwise(windows)), Counter(windows[:-1])
    expected = {(a, b): count / left[a] for (a, b), count in moves.items()}
    dense = chain.to_numpy()
    found = {(chain.context(i), chain.context(j)): dense[i, j] for i, j in product(range(chain.n_states), repeat=2)}
    assert {pair: p for pair, p in found.items() if p} == pytest.approx(expected)


@pytest.mark.parametrize("lengths", ["full", "all"])
@pytest.mark.parametrize("circular", [False, True])
@pytest.mark.parametrize("seed", range(3))
def test_long_run_comparison_follows_the_definitions(seed: int, circular: bool, lengths: str) -> None:
    """Grams by pushing the stationary law along their tokens; the long run of the data in exact fractions."""
    V, K = 2, 2
    chain, tokens = _chain(seed, V, K, lengths), [*_tokens(seed, V, 12), 0, 1, 1, 0, 0, 1]
    pi = mg.stationary_distribution(chain)
    counts = mg.count_ngrams(tokens, vocab_size=V, context_length=K, circular=circular)
    found = mg.long_run_comparison(chain, pi, counts)
    follows = _follows([*tokens[-K:], *tokens] if circular else tokens, K)
    N = sum(counter.total() for counter in follows.values())

    law = {context: float(pi.probabilities[chain.state(context)]) for context in product(range(V), repeat=K)}
    generated = {(*context, t): p * float(chain.row(context)[t]) for context, p in law.items() for t in range(V)}
    windows = {(*context, t): c / N for context, counter in follows.items() for t, c in counter.items()}
    distances = []
    for size in range(1, K + 2):
        shares: dict[Context, float] = {}
        for sign, grams in ((1, windows), (-1, generated)):
            for gram, share in grams.items():
                shares[gram[-size:]] = shares.get(gram[-size:], 0.0) + sign * share
        distances.append(sum(map(abs, shares.values())) / 2)
    np.testing.assert_allclose(found.gram_distances, distances, atol=1e-12)
    unseen = sum(p for context, p in law.items() if context not in follows)
    assert found.unseen_mass == pytest.approx(unseen, abs=1e-15)

    seen = sorted(follows)
    P = [[Fraction(0)] * len(seen) for _ in seen]
    for i, context in enumerate(seen):
        for t, c in follows[context].items():
            P[i][seen.index((*context[1:], t))] += Fraction(c, follows[context].total())
    own = [float(x) for x in exact_stationary(P)]
    assert found.data is not None
    np.testing.assert_allclose(found.data.stationary, own, atol=1e-14)
    rates = (_kl(_frequencies(follows[context], V), chain.row(context).tolist()) for context in seen)
    assert found.data.kl_rate == pytest.approx(sum(p * rate for p, rate in zip(own, rates, strict=True)), abs=1e-12)
    edge = sum(abs(p - follows[context].total() / N) for p, context in zip(own, seen, strict=True)) / 2
    assert found.data.edge_effect == pytest.approx(edge, abs=1e-14)


def _nearest(context: Context, follows: Follows) -> tuple[Counter[int], set[int]]:
    """All pairs: fewest differing tokens, then agreement in the newest; what follows those contexts, added up."""
    ranked: dict[tuple[int, Context], list[Context]] = {}
    for other in follows:
        differs = tuple(int(a != b) for a, b in zip(reversed(context), reversed(other), strict=True))  # newest first
        ranked.setdefault((sum(differs), differs), []).append(other)
    best = min(ranked)
    pooled: Counter[int] = Counter()
    for other in ranked[best]:
        pooled += follows[other]
    return pooled, {len(context) - 1 - i for i, differs in enumerate(best[1]) if differs}


@pytest.mark.parametrize("lengths", ["full", "all"])
@pytest.mark.parametrize(("V", "K", "n"), [(2, 4, 9), (3, 3, 15), (4, 2, 8), (3, 1, 4)])
def test_unseen_states_follow_the_definitions(V: int, K: int, n: int, lengths: str) -> None:
    """Every candidate for every context, one by one; means over the contexts, and weighted."""
    chain, tokens = _chain(V, V, K, lengths), [token % max(2, V - 1) for token in _tokens(V, V, n)]
    pi = mg.stationary_distribution(chain)
    counts = mg.count_ngrams(tokens, vocab_size=V, context_length=K)
    found = mg.unseen_states(chain, counts, stationary=pi)
    follows = _follows(tokens, K)
    unseen = [context for context in product(range(V), repeat=K) if context not in follows]
    assert found.states.tolist() == [chain.state(context) for context in unseen]

    distances: dict[str, dict[Context, tuple[float, float]]] = {}
    for context in unseen:
        laws: dict[str, list[float]] = {"uniform": [1 / V] * V}
        for j in range(K):
            counter = _follows(tokens, j, skip=K).get(context[K - j :])
            if counter is not None:
                laws["back-off"] = laws[f"last {j}" if j else "unigram"] = _frequencies(counter, V)
        pooled, differing = _nearest(context, follows)
        laws["nearest"] = _frequencies(pooled, V)
        explained = mg.explain_unseen(chain, counts, state=context)
        assert set(explained.differing) == differing
        assert set(explained.names) == set(laws)
        for name, law in laws.items():
            place = explained.names.index(name)
            np.testing.assert_allclose(explained.laws[place], law, atol=1e-15)
            p = chain.row(context).tolist()
            middle = [(a + b) / 2 for a, b in zip(law, p, strict=True)]
            tv = sum(abs(a - b) for a, b in zip(law, p, strict=True)) / 2
            distances.setdefault(name, {})[context] = (tv, (_kl(law, middle) + _kl(p, middle)) / 2)
    assert {candidate.name for candidate in found.candidates} == set(distances)
    for candidate in found.candidates:
        values = distances[candidate.name]
        weights = [pi.probabilities[chain.state(context)] for context in values]
        expected = [len(values), *np.mean(list(values.values()), axis=0)]
        expected += np.average(list(values.values()), axis=0, weights=weights).tolist()
        ours = (candidate.n_defined, candidate.total_variation, candidate.jensen_shannon)
        ours += (candidate.weighted_total_variation, candidate.weighted_jensen_shannon)
        assert ours == pytest.approx(tuple(expected), abs=1e-12)
