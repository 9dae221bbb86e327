"""What is no sample of a chain: refused, with what to do instead."""

from __future__ import annotations

import pytest
from samples import CHAIN, drawn

import markovgpt as mg
from markovgpt.errors import ArgumentError
from markovgpt.testing import judge_samples


@pytest.mark.parametrize(
    ("sequences", "message"),
    [
        ([[0, 1]], "The first 3 tokens of each sequence are the prompt"),
        ([[0, 1, 1]], "Nothing was drawn"),
        ([], "no sequences to judge"),
        ([[0, 1, 5, 1]], r"A prompt consists of tokens 0..2: got \[0, 1, 5\]"),
        ([[0.5, 1, 1, 1]], "Tokens are whole numbers"),
        ("0111", "Sequences are rows of tokens"),
        (["0111"], "A sequence is a row of tokens"),
        (7, "Sequences are rows of tokens"),
    ],
)
def test_judge_refuses_what_is_no_sample(sequences, message):
    with pytest.raises(ArgumentError, match=message):
        judge_samples(CHAIN, sequences)


@pytest.mark.parametrize("alpha", [0, 1, -1, 2, float("nan"), "small", True])
def test_judge_refuses_an_alpha_that_is_no_probability(alpha):
    with pytest.raises(ArgumentError, match="alpha is the rate of false alarms, a number between 0 and 1: got"):
        judge_samples(CHAIN, [[0, 0, 0, 0]], alpha=alpha)


def test_judge_refuses_a_chain_that_was_decoded_and_a_rule():
    decoded = mg.decode(CHAIN, mg.Decoding(top_k=2))
    with pytest.raises(ArgumentError, match="decoded already"):
        judge_samples(decoded, [[0, 0, 0, 0]], decoding=mg.Decoding(temperature=2))
    assert judge_samples(decoded, drawn(decoded.probabilities, 200, 2, 0)).options == "top-k 2"


def test_judge_refuses_a_chain_of_reachable_contexts():
    walk = mg.reachable_chain(mg.load_model("babygpt", steps=0), "000")
    with pytest.raises(ArgumentError, match="Pass the model"):
        judge_samples(walk, [[0, 0, 0, 0]])
