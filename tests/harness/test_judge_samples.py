"""Is a sampler judged rightly: no false alarm, every wrong rule found and named?"""

from __future__ import annotations

import numpy as np
import pytest
import torch
from samples import CHAIN, TABLE, K, V, drawn

import markovgpt as mg
from markovgpt.errors import ArgumentError
from markovgpt.testing import judge_samples, wrong_rules


def test_no_alarm_in_200_right_samplers():
    """200 random chains, each sampled rightly: alpha = 1e-6 means none is rejected."""
    rng = np.random.default_rng(3)
    for seed in range(200):
        table = rng.dirichlet(np.full(3, rng.choice([0.1, 1.0, 10.0])), size=9)
        verdict = judge_samples(mg.chain_from_table(table), drawn(table, 300, 4, seed, context_length=2))
        assert verdict.ok, verdict


def test_family_false_alarm_rate_is_honest():
    """alpha = 0.1, 400 right samplers: at most 40 are expected; more than 58 has a probability of 0.2%."""
    rng = np.random.default_rng(4)
    alarms = 0
    for seed in range(400):
        table = rng.dirichlet(np.full(2, 1.0), size=4)
        alarms += not judge_samples(
            mg.chain_from_table(table), drawn(table, 100, 3, seed, context_length=2), alpha=0.1
        ).ok
    assert 4 <= alarms <= 58  # and the test is not empty: it does reject


def test_family_rate_is_honest_where_a_draw_decides_how_often_its_state_is_seen():
    """States that are left rarely, in long texts: numbers of draws depend on the draws, and alpha still holds."""
    table = np.array([[0.97, 0.03], [0.1, 0.9]])
    chain = mg.chain_from_table(table)
    alarms = sum(
        not judge_samples(chain, drawn(table, 20, 80, seed, context_length=1), alpha=0.1).ok for seed in range(400)
    )
    assert alarms <= 58


def test_one_wrong_row_of_tv_5_percent_is_found():
    """27 states, 20,000 prompts x 4 tokens: TV 0.05 in the row of 221, which is met 5,000 times, ten of ten."""
    wrong, state = TABLE.copy(), 25
    wrong[state] += [0.05, -0.05, 0.0]
    for seed in range(10):
        verdict = judge_samples(CHAIN, drawn(wrong, 20_000, 4, seed))
        assert [verdict.labels[i] for i in verdict.rejected] == [CHAIN.label(state)]


def test_the_message_of_a_failure_has_the_promised_form():
    """The example of the specification, with a hidden top_k of 2."""
    sample = drawn(mg.decode(CHAIN, mg.Decoding(top_k=2)).probabilities, 20_000, 4, 0)
    text = judge_samples(CHAIN, sample).message(sampler="TinyGPT.generate", seed=0, reproduce="again")
    lines = text.splitlines()
    assert lines[:4] == [
        "TinyGPT.generate does not sample from the chain of table",
        "  options    none   seed=0",
        "  reference  exact chain: 27 states x 3 tokens, computed, not sampled",
        "  test       G-test per state, 27 tests, Holm, family false-alarm rate 1e-06; 80000 transitions drawn",
    ]
    assert lines[4] == "  verdict    27 of 27 states rejected"
    assert lines[5].split() == ["state", "next", "exact", "sampled", "draws", "evidence"]
    assert [line.split()[-1] for line in lines[6:9]] == sorted(
        (line.split()[-1] for line in lines[6:9]), key=float, reverse=True
    )
    assert lines[-3].startswith("  largest row distance: TV 0.")
    assert lines[-2].startswith("  likely     a default top_k=2 is applied (that law is at mean TV 0.00")
    assert lines[-1] == "  reproduce  again"


def test_evidence_is_what_a_token_adds_to_g():
    """A token of probability 1/4 that never comes in 400 draws adds 2 * 400 / 4 = 200."""
    chain = mg.chain_from_table([[0.25, 0.75], [0.25, 0.75]])
    verdict = judge_samples(chain, [[1] * 401])
    assert verdict.evidence[0] == pytest.approx(200)
    assert verdict.sampled[0] == 0
    assert "0/400   G 200" in str(verdict)


def test_the_message_of_a_pass_says_what_would_have_been_seen():
    verdict = judge_samples(CHAIN, drawn(TABLE, 2000, 4, 0))
    assert verdict.ok
    assert verdict.likely is None
    assert f"a row distance of TV {verdict.resolution:.4g} would have been seen" in str(verdict)
    few = judge_samples(CHAIN, drawn(TABLE, 2, 1, 0))
    assert "too few draws" in str(few)


def test_a_wrong_row_at_the_resolution_is_found():
    """The promise: at that distance a wrong row is found with 99% at least. The worst case is a fair coin."""
    right = mg.chain_from_table([[0.5, 0.5], [0.5, 0.5]])
    found = 0
    for seed in range(50):
        distance = judge_samples(right, drawn(right.probabilities, 1, 1000, seed, context_length=1)).smallest[0]
        wrong = np.array([[0.5 - distance, 0.5 + distance], [0.5, 0.5]])
        sample = np.column_stack(
            [np.zeros(600, dtype=np.int64), drawn(wrong[:1].repeat(2, 0), 600, 1, seed, context_length=1)[:, 1]]
        )
        verdict = judge_samples(right, sample)
        found += not verdict.ok and verdict.smallest[0] <= distance
    assert found >= 48


RULES = {
    "default": (mg.Decoding(), None),
    "cold": (mg.Decoding(temperature=0.6), None),
    "top-k": (mg.Decoding(top_k=2), None),
    "nucleus": (mg.Decoding(temperature=1.4, top_p=0.75), None),
}


@pytest.mark.parametrize("asked", RULES)
def test_every_wrong_rule_that_is_rejected_is_named(asked):
    """Each known mistake is sampled: where its law is another one, it is rejected and named, or one with that law."""
    decoding = RULES[asked][0]
    logs = np.log(TABLE)
    right = decoding.apply(logs)
    rules = wrong_rules(decoding, V)
    checked = 0
    for seed, (name, rule) in enumerate(rules.items()):
        law = rule(logs)
        if (abs(law - right).sum(axis=1) / 2).mean() < 0.05:
            continue
        verdict = judge_samples(CHAIN, drawn(law, 20_000, 2, seed), decoding=decoding)
        assert not verdict.ok
        assert verdict.likely is not None, name
        named = rules[verdict.likely.rule](logs)
        assert (abs(named - law).sum(axis=1) / 2).mean() < 0.01, (name, verdict.likely)
        checked += 1
    assert checked >= 4


def test_temperature_after_top_p_is_told_from_before():
    """Logits are divided first: the nucleus of the hot law is larger."""
    decoding = mg.Decoding(temperature=2.0, top_p=0.6)
    law = wrong_rules(decoding, V)["the temperature is applied after top_p"](np.log(TABLE))
    verdict = judge_samples(CHAIN, drawn(law, 20_000, 2, 0), decoding=decoding)
    assert verdict.likely.rule == "the temperature is applied after top_p"


def test_ties_at_the_top_k_cut_are_kept():
    """Three equal tokens and top_k = 2: all are kept; a sampler that keeps two is named."""
    table = np.array([[1 / 3, 1 / 3, 1 / 3], [0.5, 0.25, 0.25], [0.2, 0.4, 0.4]])
    chain, decoding = mg.chain_from_table(table), mg.Decoding(top_k=2)
    law = np.array([[1 / 2, 1 / 2, 0], [2 / 3, 1 / 3, 0], [0, 1 / 2, 1 / 2]])
    verdict = judge_samples(chain, drawn(law, 3000, 2, 0, context_length=1), decoding=decoding)
    assert verdict.likely.rule == "ties at the top_k cut are broken: the lowest tokens are kept"


def test_a_draw_of_probability_zero_fails_at_once():
    """One draw is enough, whatever alpha is."""
    chain = mg.chain_from_table([[0.5, 0.5, 0.0]] * 3)
    verdict = judge_samples(chain, [[0, 1, 0, 2]], alpha=1e-300)
    assert not verdict.ok
    assert verdict.adjusted.min() == 0
    assert str(verdict).splitlines()[6].split() == ["0", "2", "0", "0.5", "1/2", "impossible"]


def test_numbers_that_are_no_tokens_are_a_finding():
    """A padded output layer draws token V; what follows it is not counted."""
    verdict = judge_samples(CHAIN, [[0, 1, 2, 0, 3, 0, 0], [0, 0, 0, 1, 1, 1, 1]])
    assert not verdict.ok
    assert verdict.n_draws == 6
    assert "1 drawn numbers are no tokens (0..2), first 3 after (1, 2, 0)" in str(verdict)
    assert "padded rows" in str(verdict)


def test_sequences_of_different_lengths_are_one_sample():
    whole = drawn(TABLE, 500, 6, 1)
    rows = [row[: K + 1 + i % 6].tolist() for i, row in enumerate(whole)]
    verdict = judge_samples(CHAIN, rows)
    assert verdict.n_draws == sum(len(row) - K for row in rows)
    assert verdict.ok


def test_mistake_is_named_in_one_long_text_as_well():
    """A single row of 20,000 draws, and of rows of different lengths."""
    cold = mg.decode(CHAIN, mg.Decoding(temperature=0.5)).probabilities
    for sequences in (
        drawn(cold, 1, 20_000, 0),
        [row[: K + 1 + i % 60].tolist() for i, row in enumerate(drawn(cold, 900, 60, 0))],
    ):
        assert judge_samples(CHAIN, sequences).likely.rule == "a default temperature=0.5 is applied"


def test_tensors_and_lists_and_arrays_give_the_same_verdict():
    sample = drawn(TABLE, 100, 2, 1)
    verdicts = [judge_samples(CHAIN, given) for given in (sample, sample.tolist(), torch.tensor(sample))]
    assert len({tuple(v.statistics) for v in verdicts}) == 1


def test_statistics_are_those_of_the_definition():
    """G = 2 sum c ln(c / (n p)) of one state, counted by hand: 6 and 14 draws of a fair coin."""
    chain = mg.chain_from_table([[0.5, 0.5], [0.5, 0.5]])
    verdict = judge_samples(chain, [[0, 0]] * 6 + [[0, 1]] * 14)
    assert verdict.statistics.tolist() == pytest.approx([2 * (6 * np.log(6 / 10) + 14 * np.log(14 / 10))])
    assert verdict.distances.tolist() == pytest.approx([0.2])


def test_a_model_beyond_enumeration_is_asked_about_visited_states_only():
    """V^K = 50^40: a sampler of the same law passes, one that is greedy in one context of many is rejected."""
    rng = np.random.default_rng(0)
    weights = rng.normal(size=(50, 50))

    class Large:
        vocab_size, context_length, name = 50, 40, "large"
        asked = 0

        def next_logits(self, contexts):
            Large.asked += len(contexts)
            return weights[contexts[:, -1]]

    law = np.exp(weights) / np.exp(weights).sum(axis=1, keepdims=True)
    last = np.repeat(np.arange(4), 1000)
    prompts = np.concatenate([np.tile(rng.integers(0, 50, size=39), (4000, 1)), last[:, None]], axis=1)
    good = np.array([rng.choice(50, p=law[t]) for t in last])
    bad = np.where(last == 3, law[3].argmax(), good)
    verdict = judge_samples(Large(), np.column_stack([prompts, good]))
    assert verdict.ok
    assert Large.asked == 4
    assert verdict.n_states is None
    assert "exact law: 4 visited states x 50 tokens" in str(verdict)
    assert len(judge_samples(Large(), np.column_stack([prompts, bad])).rejected) == 1


def test_shorter_prompts_need_a_chain_of_all_lengths():
    """One token of prompt: states of length 1, 2 and 3 are visited."""
    model = mg.load_model("babygpt", steps=0)
    sample = model.generate(np.tile([[0], [1]], (200, 1)), 4, seed=0)
    assert judge_samples(mg.build_chain(model, lengths="all"), sample, prompt_length=1).ok
    assert judge_samples(model, sample, prompt_length=1).ok
    with pytest.raises(ArgumentError, match="A state of this chain has 3 tokens: got 1"):
        judge_samples(mg.build_chain(model), sample, prompt_length=1)


def test_own_rules_replace_the_known_ones():
    """A rule is a function of logarithms."""
    backwards = {"tokens are reversed": lambda logs: np.exp(logs[:, ::-1])}
    verdict = judge_samples(CHAIN, drawn(TABLE[:, ::-1], 20_000, 1, 0), rules=backwards)
    assert verdict.likely.rule == "tokens are reversed"
