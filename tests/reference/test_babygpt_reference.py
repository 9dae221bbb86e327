"""The notebook's babygpt, number by number.

[A] printed in the notebook "GPT as a finite-state Markov chain" (A. Karpathy, 2023); [B] a public copy of its output;
[C] computed for this project with torch on a CPU, chain analysis in exact elimination: holds to about 1e-6 elsewhere.
"""

from __future__ import annotations

from itertools import pairwise
from math import log

import numpy as np
import pytest

import markovgpt as mg
from markovgpt import MarkovChain
from markovgpt.models.gpt_model import GPTModel

STATES = ["000", "001", "010", "011", "100", "101", "110", "111"]
UNTRAINED_P0 = [0.4963349998, 0.4515703619, 0.4964836240, 0.4518111348]  # [A]
UNTRAINED_P0 += [0.4961162210, 0.4517717957, 0.4962802827, 0.4520467520]
TRAINED_PERCENT = [(27, 73), (22, 78), (24, 76), (20, 80), (25, 75), (21, 79), (22, 78), (55, 45)]  # [A, B]
TRAINED_P1 = [0.7316348, 0.7814109, 0.7578247, 0.7956113, 0.7474891, 0.7928548, 0.7799096, 0.4536126]  # [C]
SHORT_P1 = {"0": 0.707052, "1": 0.347952, "00": 0.702103, "01": 0.783472, "10": 0.310751, "11": 0.346930}  # [C]
LOSSES = {0: 0.663539, 1: 0.639351, 2: 0.628008, 10: 0.596775}  # [B], step: nats
LOSSES |= {20: 0.571517, 30: 0.561953, 40: 0.535998, 49: 0.469983}
STATIONARY = [0.018277889, 0.052958936, 0.049422863, 0.186241751, 0.052958936, 0.182705679, 0.186241751, 0.271192194]
"""[C], 000 to 111."""


@pytest.fixture(scope="module")
def stationary(babygpt_chain: MarkovChain) -> mg.StationaryDistribution:
    return mg.stationary_distribution(babygpt_chain)


def _counts(chain: MarkovChain, tokens: np.ndarray) -> mg.NgramCounts:
    return mg.count_ngrams(tokens, vocab_size=chain.vocab_size, context_length=chain.context_length)


def test_babygpt_has_12656_parameters(untrained: GPTModel) -> None:
    """32 + 48 embeddings, 4 blocks of 64 + 768 + 256 + 1024 + 1024, 32 of the last norm; the head is tied."""
    assert 32 + 48 + 4 * (64 + 768 + 256 + 1024 + 1024) + 32 == 12_656
    assert untrained.n_parameters == 12_656


@pytest.mark.parametrize(("lengths", "n"), [("full", 8), ("all", 14)])
def test_babygpt_has_8_states_or_14(untrained: GPTModel, lengths: str, n: int) -> None:
    """2^3, or 2 + 4 + 8."""
    assert mg.build_chain(untrained, lengths=lengths).n_states == n  # type: ignore[arg-type]


def test_babygpt_is_trained_on_the_twelve_windows_of_the_notebook(
    babygpt_chain: MarkovChain, babygpt: GPTModel
) -> None:
    """111 is followed by 0 and by 1 three times each, 110 and 101 and 011 by 1 twice each."""
    counts = _counts(babygpt_chain, babygpt.training_tokens).full.dense(8)
    seen = {babygpt_chain.label(state): tuple(counts[state].tolist()) for state in np.flatnonzero(counts.sum(axis=1))}
    assert seen == {"111": (3, 3), "110": (0, 2), "101": (0, 2), "011": (0, 2)}


def test_untrained_babygpt_has_the_notebooks_probabilities(untrained: GPTModel) -> None:
    """[A], ten digits of float32 arithmetic: within 1e-6."""
    np.testing.assert_allclose(mg.build_chain(untrained).probabilities[:, 0], UNTRAINED_P0, rtol=0, atol=1e-6)


def test_trained_babygpt_has_the_notebooks_percents(babygpt_chain: MarkovChain) -> None:
    """[A, B], the sixteen numbers of the picture."""
    rounded = np.rint(100 * babygpt_chain.probabilities).astype(int)
    assert dict(zip(STATES, map(tuple, rounded.tolist()), strict=True)) == dict(
        zip(STATES, TRAINED_PERCENT, strict=True)
    )


def test_trained_babygpt_has_the_reference_probabilities(babygpt_chain: MarkovChain) -> None:
    """[C], within 1e-5."""
    np.testing.assert_allclose(babygpt_chain.probabilities[:, 1], TRAINED_P1, rtol=0, atol=1e-5)


def test_trained_babygpt_labels_its_states_with_their_bits(babygpt_chain: MarkovChain) -> None:
    """000 to 111, oldest token first."""
    assert [babygpt_chain.label(state) for state in range(8)] == STATES


@pytest.mark.parametrize(("context", "p"), SHORT_P1.items(), ids=SHORT_P1.keys())
def test_trained_babygpt_on_short_contexts(babygpt: GPTModel, context: str, p: float) -> None:
    """[C]; short contexts were never trained on."""
    assert mg.build_chain(babygpt, lengths="all").row(context)[1] == pytest.approx(p, abs=1e-5)


@pytest.mark.parametrize(("step", "loss"), LOSSES.items(), ids=map("step {}".format, LOSSES))
def test_training_of_babygpt_prints_the_notebooks_losses(babygpt: GPTModel, step: int, loss: float) -> None:
    """[B], nats, each before the update of its step."""
    assert babygpt.training.losses[step] == pytest.approx(loss, abs=1e-5)


def test_training_of_babygpt_takes_50_steps(babygpt: GPTModel) -> None:
    """One loss a step."""
    assert len(babygpt.training.losses) == 50


def test_last_printed_loss_of_babygpt_in_bits(babygpt: GPTModel) -> None:
    """.6780422 bits is the loss at step 49, before the last update."""
    assert babygpt.training.losses[-1] / log(2) == pytest.approx(0.6780422, abs=1e-5)


def test_cross_entropy_of_trained_babygpt(babygpt_chain: MarkovChain, babygpt: GPTModel) -> None:
    """After the last update the model is at .6736772 bits; no model of three tokens is below .5."""
    comparison = mg.compare_to_data(babygpt_chain, _counts(babygpt_chain, babygpt.training_tokens))
    found = (comparison.cross_entropy, comparison.conditional_entropy)
    assert found == pytest.approx((0.6736772, 0.5), abs=1e-5)


def test_entropies_of_the_windows_of_babygpt(babygpt_chain: MarkovChain, babygpt: GPTModel) -> None:
    """[C], H(next | last j tokens) of the twelve windows, j = 0 to 3: .81128 .73441 .63629 .5 bits."""
    comparison = mg.compare_to_data(babygpt_chain, _counts(babygpt_chain, babygpt.training_tokens))
    assert comparison.data_entropies.tolist() == pytest.approx([0.81128, 0.73441, 0.63629, 0.5], abs=1e-5)


def test_twelve_windows_do_not_tell_babygpt_from_their_law(babygpt_chain: MarkovChain, babygpt: GPTModel) -> None:
    """Twice 1, which has .7956 .7929 .7799: as far are twice 1 and twice 0, so p is the sum of two squares."""
    comparison = mg.compare_to_data(babygpt_chain, _counts(babygpt_chain, babygpt.training_tokens))
    assert comparison.significance is not None
    squares = [TRAINED_P1[state] ** 2 + (1 - TRAINED_P1[state]) ** 2 for state in (3, 5, 6)]
    assert comparison.significance.p_values.tolist() == pytest.approx([*squares, 1], abs=1e-4)


def test_kl_rate_of_the_data_from_babygpt(
    babygpt_chain: MarkovChain, babygpt: GPTModel, stationary: mg.StationaryDistribution
) -> None:
    """.20716547 bits a token on the long run of the data, .2 .2 .2 .4 on 011, 101, 110, 111."""
    counts = _counts(babygpt_chain, babygpt.training_tokens)
    found = mg.long_run_comparison(babygpt_chain, stationary, counts).data
    assert found is not None
    assert found.kl_rate == pytest.approx(0.20716547, abs=1e-5)
    assert found.stationary.tolist() == pytest.approx([0.2, 0.2, 0.2, 0.4], abs=1e-12)


def test_edge_effect_in_the_data_of_babygpt(
    babygpt_chain: MarkovChain, babygpt: GPTModel, stationary: mg.StationaryDistribution
) -> None:
    """111 stands in 6 of 12 windows, but .4 of the time: .1. Counted in a circle, 6 of 15, nothing."""
    edges = []
    for circular in (False, True):
        counts = mg.count_ngrams(babygpt.training_tokens, vocab_size=2, context_length=3, circular=circular)
        found = mg.long_run_comparison(babygpt_chain, stationary, counts).data
        assert found is not None
        edges.append(found.edge_effect)
    assert edges == pytest.approx([0.1, 0.0], abs=1e-12)


def test_calibration_gap_of_babygpt(
    babygpt_chain: MarkovChain, babygpt: GPTModel, stationary: mg.StationaryDistribution
) -> None:
    """[C], .8197558 bits of what it generates less .6736772 of what it reads."""
    counts = _counts(babygpt_chain, babygpt.training_tokens)
    found = mg.long_run_comparison(babygpt_chain, stationary, counts)
    assert found.calibration_gap == pytest.approx(0.8197558 - 0.6736772, abs=1e-5)


def test_babygpt_follows_the_unigram_law_where_it_has_seen_nothing(
    babygpt_chain: MarkovChain, babygpt: GPTModel
) -> None:
    """After 000, 001, 010 and 100 it says 1 with .73 .78 .76 .75: nine of the twelve tokens are 1, .75."""
    found = mg.unseen_states(babygpt_chain, _counts(babygpt_chain, babygpt.training_tokens))
    distance = np.mean([abs(TRAINED_P1[state] - 0.75) for state in (0, 1, 2, 4)])
    assert (found.best.name, found.best.total_variation) == ("unigram", pytest.approx(distance, abs=1e-5))


def test_stationary_distribution_of_babygpt(stationary: mg.StationaryDistribution) -> None:
    """[C], 000 to 111."""
    np.testing.assert_allclose(stationary.probabilities, STATIONARY, rtol=0, atol=1e-6)


def test_stationary_distribution_of_babygpt_is_certified(stationary: mg.StationaryDistribution) -> None:
    """Eight well-mixed states: proven to 1e-12."""
    assert stationary.error_bound < 1e-12


def test_stationary_distribution_of_babygpt_enters_a_state_as_often_as_it_leaves(
    stationary: mg.StationaryDistribution,
) -> None:
    """001 is entered from 000 and 100, which are entered alike: pi(001) = pi(100), and pi(011) = pi(110)."""
    pi = stationary.probabilities
    assert (pi[1], pi[3]) == pytest.approx((pi[4], pi[6]), abs=1e-15)


def test_entropy_rate_of_babygpt(babygpt_chain: MarkovChain, stationary: mg.StationaryDistribution) -> None:
    """[C], bits per token."""
    assert mg.entropy_rate(babygpt_chain, stationary) == pytest.approx(0.8197558, abs=1e-5)


def test_next_token_of_babygpt_given_fewer_tokens(
    babygpt_chain: MarkovChain, stationary: mg.StationaryDistribution
) -> None:
    """[C], H(next | last j tokens) at stationarity, j = 0 to 3: .88956 .88090 .86028 .81976 bits."""
    joint = stationary.probabilities[:, None] * babygpt_chain.probabilities  # (8, 2), state and next token
    found = []
    for j in range(4):
        kept = joint.reshape(-1, 2**j, 2).sum(axis=0)  # (2^j, 2), last j tokens and next
        found.append(float(-(kept * np.log2(kept / kept.sum(axis=1, keepdims=True))).sum()))
    assert found == pytest.approx([0.88956, 0.88090, 0.86028, 0.81976], abs=1e-5)


def test_slem_of_babygpt(babygpt_chain: MarkovChain) -> None:
    """[C], the second largest modulus of the eigenvalues of the dense matrix."""
    assert np.sort(abs(np.linalg.eigvals(babygpt_chain.to_numpy())))[-2] == pytest.approx(0.6175033, abs=1e-5)


def test_return_time_of_000_in_babygpt(stationary: mg.StationaryDistribution) -> None:
    """Kac: one over the stationary probability, 54.711 steps."""
    assert 1 / stationary.probabilities[0] == pytest.approx(54.711, abs=2e-3)


def test_hitting_time_from_111_to_000_in_babygpt(babygpt_chain: MarkovChain) -> None:
    """[C], 72.408 expected steps."""
    from markovgpt.solvers.gth import gth

    assert gth(babygpt_chain.to_numpy()).hitting_times[7] == pytest.approx(72.408, abs=2e-3)


def test_visit_to_000_within_20_steps_from_111_in_babygpt(babygpt_chain: MarkovChain) -> None:
    """[C], .2349585: what arrives at 000 is taken out after every step."""
    mu, arrived = np.eye(8)[7], 0.0
    for _ in range(20):
        mu = babygpt_chain.push(mu)
        arrived, mu[0] = arrived + mu[0], 0.0
    assert arrived == pytest.approx(0.2349585, abs=1e-5)


def test_greedy_babygpt_follows_the_reference_path(babygpt_chain: MarkovChain) -> None:
    """000 > 001 > 011 > 111 > 110 > 101 > 011."""
    greedy = mg.decode(babygpt_chain, mg.Decoding(greedy=True))
    path = [np.eye(8)[0]]
    for _ in range(6):
        path.append(greedy.push(path[-1]))
    labels = [greedy.label(int(mu.argmax())) for mu in path]
    assert labels == ["000", "001", "011", "111", "110", "101", "011"]


def test_greedy_babygpt_ends_in_the_loop_0111_of_period_4(babygpt_chain: MarkovChain) -> None:
    """One recurrent class, so that all 8 states lead to it: the four rotations of 0111 by three."""
    greedy = mg.decode(babygpt_chain, mg.Decoding(greedy=True))
    loops = [([greedy.label(int(s)) for s in c.states], c.period) for c in mg.recurrent_classes(greedy)]
    assert loops == [(["011", "101", "110", "111"], 4)]


def test_babygpt_has_no_greedy_ties(babygpt_chain: MarkovChain) -> None:
    """No row is 50 to 50."""
    assert mg.greedy_ties(babygpt_chain).tolist() == []


@pytest.mark.parametrize("top_p", [0.5, 0.7, 0.76])
def test_top_p_up_to_76_percent_closes_babygpt_on_four_states(babygpt_chain: MarkovChain, top_p: float) -> None:
    """Where 1 has more than .76 it stays alone; only 111 (55 / 45) may keep both."""
    nucleus = mg.decode(babygpt_chain, mg.Decoding(top_p=top_p))
    closed = [[nucleus.label(int(s)) for s in c.states] for c in mg.recurrent_classes(nucleus)]
    assert closed == [["011", "101", "110", "111"]]


@pytest.mark.parametrize("top_p", [0.79, 0.9, 0.99])
def test_top_p_from_79_percent_leaves_babygpt_irreducible(babygpt_chain: MarkovChain, top_p: float) -> None:
    """001 (.7814) keeps its 0, and with it every state can be reached."""
    assert mg.is_irreducible(mg.decode(babygpt_chain, mg.Decoding(top_p=top_p)))


def test_babygpt_is_irreducible_and_aperiodic(babygpt_chain: MarkovChain) -> None:
    """Every probability is above 0: a de Bruijn graph, with loops at 000 and 111."""
    assert (mg.is_irreducible(babygpt_chain), mg.period(babygpt_chain)) == (True, 1)


@pytest.fixture(scope="module")
def long_chain() -> MarkovChain:
    """The chain after 500 steps: what training tends to, the law of the data as far as three tokens can tell."""
    return mg.build_chain(mg.load_model("babygpt", steps=500))


def test_entropy_rate_of_babygpt_tends_to_two_fifths_of_a_bit(long_chain: MarkovChain) -> None:
    """Only after 111, two fifths of the time, is there a fair choice."""
    assert mg.entropy_rate(long_chain, mg.stationary_distribution(long_chain)) == pytest.approx(0.4, abs=0.03)


def test_stationary_mass_of_babygpt_tends_to_the_four_states_of_the_data(long_chain: MarkovChain) -> None:
    """.4 on 111, .2 each on 110, 101 and 011."""
    pi = mg.stationary_distribution(long_chain).probabilities
    np.testing.assert_allclose(pi, [0, 0, 0, 0.2, 0, 0.2, 0.2, 0.4], rtol=0, atol=0.005)


def test_cross_entropy_of_babygpt_tends_to_half_a_bit_from_above(long_chain: MarkovChain, babygpt: GPTModel) -> None:
    """(ln 2) / 2 nats: six of the twelve windows end in a fair choice, the others in none."""
    comparison = mg.compare_to_data(long_chain, _counts(long_chain, babygpt.training_tokens))
    assert 0.5 < comparison.cross_entropy < 0.505


def test_losses_of_babygpt_fall(babygpt: GPTModel) -> None:
    """A full batch and a small learning rate: every step but few improves."""
    assert sum(later < earlier for earlier, later in pairwise(babygpt.training.losses)) >= 45
