"""What do the options of ``markovgpt analyze`` change? The JSON file tells, compared with the library."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from report_text import facts

import markovgpt as mg
from markovgpt import Decoding

ALTERNATING = "0101010101"


@pytest.fixture
def record(run):
    """``record("--untrained")``: the JSON of an analysis with these options."""

    def call(*arguments, stdin=None):
        result = run("analyze", *arguments, "-o", "result.json", stdin=stdin)
        assert result.exit_code == 0, result.stderr
        return json.loads(Path("result.json").read_text(encoding="utf-8"))

    return call


def test_untrained_is_steps_0(record):
    """The same weights, and no record of training."""
    by_name, by_number = record("--untrained"), record("--steps", 0)
    assert by_name["model"]["fingerprint"] == by_number["model"]["fingerprint"]
    assert by_name["model"]["training"] is by_number["model"]["training"] is None


def test_steps_are_the_losses_that_are_kept(record):
    """Three steps, three losses; the first two are those of the notebook: 0.663539, 0.639351, 0.628008."""
    training = record("--steps", 3)["model"]["training"]
    assert training["losses"] == pytest.approx([0.663539, 0.639351, 0.628008], abs=2e-6)
    assert training["unit"] == "nats per token"


def test_seed_chooses_the_weights(record):
    """1337 is the notebook's, the default; any other gives another network, the same one each time."""
    default, same, other, again = (
        record("--untrained", *seed)["model"]["fingerprint"]
        for seed in ([], ["--seed", 1337], ["--seed", 7], ["--seed", 7])
    )
    assert default == same != other == again


@pytest.mark.parametrize("how", ["text", "file", "file with blanks", "stdin", "-M"])
def test_data_are_counted_wherever_they_come_from(record, how):
    """0101010101 has seven windows: 010 goes on with 1 four times, 101 with 0 three times."""
    Path("data.txt").write_text(ALTERNATING, encoding="utf-8")
    Path("blanks.txt").write_text("01010\r\n 10101\n", encoding="utf-8")
    options = {
        "text": ["--data", ALTERNATING],
        "file": ["--data", "data.txt"],
        "file with blanks": ["--data", "blanks.txt"],
        "stdin": ["--data", "-"],
        "-M": ["-M", f"data={ALTERNATING}"],
    }[how]
    found = record("--untrained", *options, stdin=ALTERNATING.encode())
    expected = np.zeros((8, 2), dtype=int)
    expected[0b010, 1], expected[0b101, 0] = 4, 3
    assert found["ngrams"]["counts"] == expected.tolist()


def test_data_change_what_is_learned(record):
    """One step on other data ends in other weights; the file and the text in the same."""
    Path("data.txt").write_text(ALTERNATING, encoding="utf-8")
    notebook, text, file = (
        record("--steps", 1, *data)["model"]["fingerprint"]
        for data in ([], ["--data", ALTERNATING], ["--data", "data.txt"])
    )
    assert notebook != text == file


@pytest.mark.parametrize(
    ("options", "rule"),
    [
        pytest.param(["--temperature", 0.5], Decoding(temperature=0.5), id="temperature"),
        pytest.param(["--temperature", 1e-6], Decoding(temperature=1e-6), id="temperature near 0"),
        pytest.param(["--top-k", 1], Decoding(top_k=1), id="top-k"),
        pytest.param(["--top-p", 0.76], Decoding(top_p=0.76), id="top-p"),
        pytest.param(["--min-p", 0.3], Decoding(min_p=0.3), id="min-p"),
        pytest.param(["--greedy"], Decoding(greedy=True), id="greedy"),
        pytest.param(["--temperature", 2, "--top-p", 0.6], Decoding(temperature=2.0, top_p=0.6), id="two of them"),
    ],
)
def test_decoding_options_are_the_rule_of_the_library(record, babygpt, babygpt_folder, options, rule):
    """The table in the file is that of ``build_chain(decoding=...)``, to the last bit."""
    found = record("--model", babygpt_folder, *options)
    chain = mg.build_chain(babygpt, decoding=rule)
    np.testing.assert_array_equal(found["transitions"]["probabilities"], chain.probabilities)
    assert found["options"]["decoding"] == {
        "temperature": rule.temperature,
        "top_k": rule.top_k,
        "top_p": rule.top_p,
        "min_p": rule.min_p,
        "greedy": rule.greedy,
    }


def test_decoding_is_named_in_the_report(run, untrained_folder):
    """All that differ from the default, in their order."""
    text = run("analyze", "--model", untrained_folder, "--top-k", 1, "--temperature", 0.5).stdout
    assert facts(text)["decoding"] == "temperature 0.5, top-k 1"
    assert "All after decoding: temperature 0.5, top-k 1." in text


@pytest.mark.parametrize(("strategy", "calls"), [("auto", 1), ("batched", 1), ("loop", 8), ("prefix", 3)])
def test_strategy_changes_the_cost_and_not_the_law(record, babygpt_chain, babygpt_folder, strategy, calls):
    """Eight contexts in one call, one a call, or one position a call; probabilities within 1e-6."""
    found = record("--model", babygpt_folder, "--strategy", strategy)
    np.testing.assert_allclose(found["transitions"]["probabilities"], babygpt_chain.probabilities, rtol=0, atol=1e-6)
    assert found["enumeration"]["model_calls"] == calls


def test_batch_size_is_the_number_of_contexts_a_call(record, untrained_folder):
    """Eight contexts, three at a time: 3 + 3 + 2."""
    assert record("--model", untrained_folder, "--batch-size", 3)["enumeration"]["model_calls"] == 3


def test_max_states_lets_pass_what_fits_exactly(run, untrained_folder):
    """Eight states, a limit of eight."""
    assert run("analyze", "--model", untrained_folder, "--max-states", 8).exit_code == 0


def test_model_options_make_another_shape(record):
    """A context of 2: four states."""
    found = record("--untrained", "-M", "context_length=2", "-M", "n_layer=1")
    assert found["states"]["labels"] == ["00", "01", "10", "11"]


def test_model_config_is_overridden_by_the_command_line(record):
    """The file says 2 and 5; ``-M`` and ``--seed`` win, the rest stays."""
    Path("shape.toml").write_text("context_length = 2\nseed = 5\nn_layer = 1\n", encoding="utf-8")
    found = record("--untrained", "--model-config", "shape.toml", "-M", "context_length=1", "--seed", 6)
    twin = mg.load_model("babygpt", steps=0, context_length=1, seed=6, n_layer=1)
    assert found["model"]["fingerprint"] == twin.fingerprint


def test_mingpt_is_trained_on_text(record):
    """Characters of the text are the vocabulary; the last tenth is kept for validation."""
    Path("book.txt").write_text("abc" * 40, encoding="utf-8")
    options = ["-M", "context_length=2", "-M", "n_layer=1", "-M", "n_embd=8", "--steps", 2]
    found = record("--model", "mingpt", "--data", "book.txt", *options)
    assert found["model"]["tokens"] == ["a", "b", "c"]
    assert found["states"]["n_states"] == 9
    assert found["model"]["training"]["n_validation_tokens"] == 12
    assert found["ngrams"]["n_seen_states"] == 3


def test_ngram_is_counted_in_text(record):
    """Order 2 of a b c a b c ...: the three contexts that occur, each with one next token; others fall back."""
    Path("book.txt").write_text("abc" * 10, encoding="utf-8")
    found = record("--model", "ngram", "--data", "book.txt", "-M", "order=2")
    assert found["model"]["name"] == "n-gram model of order 2, mle"
    assert found["states"]["n_states"] == 9
    assert found["ngrams"]["n_seen_states"] == 3
    assert found["ngrams"]["cross_entropy_bits"] == 0
    smoothed = record("--model", "ngram", "--data", "book.txt", "-M", "order=2", "-M", "smoothing=kneser-ney")
    assert smoothed["model"]["name"] == "n-gram model of order 2, kneser-ney"
    assert smoothed["ngrams"]["cross_entropy_bits"] > 0


def test_model_option_may_hold_equal_signs_and_commas(record):
    """``-M data=a=b,c``: the text after the first equal sign, four kinds of characters and more."""
    options = ["-M", "context_length=1", "-M", "n_layer=1", "-M", "n_embd=8", "--steps", 0]
    found = record("--model", "mingpt", "-M", "data=a=b,ca=b,c", *options)
    assert found["model"]["tokens"] == [",", "=", "a", "b", "c"]
