"""What do --tokens, --prefix, --reachable-from and --end make of a model? The report, compared with the library."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from report_text import facts, sections

import markovgpt as mg

MODELS = '''
import numpy as np
import markovgpt as mg

def word():
    """A letter goes on with an "a" or a "b", or ends the word: with 1/4 each, 1/2."""
    law = np.log([0.25, 0.25, 0.5])
    return mg.from_callable(
        lambda contexts: np.tile(law, (len(contexts), 1)),
        vocab_size=3, context_length=2, tokens=["a", "b", "."], name="word",
    )

def lines():
    """A letter or the end of the line, one half each."""
    return mg.from_matrix([[0.5, 0.5]] * 2, tokens=["a", "\\n"], name="lines")

def trap():
    """From "a" to the end or to "b", one half each; "b" is kept for ever."""
    return mg.from_matrix([[0, 0.5, 0.5], [0, 1, 0], [0, 0, 1]], tokens=["a", "b", "."], name="trap")
'''


@pytest.fixture(autouse=True)
def _models(_empty_folder):
    Path("models.py").write_text(MODELS, encoding="utf-8")


@pytest.fixture
def record(run):
    """``record("--end", ".")``: the text and the JSON of an analysis of ``word``."""

    def call(*arguments):
        result = run("analyze", "--model", "models.py:word", *arguments, "-o", "a.json")
        assert result.exit_code == 0, result.stderr
        return result.stdout, json.loads(Path("a.json").read_text(encoding="utf-8"))

    return call


@pytest.mark.parametrize("listing", [["--tokens", "b,."], ["--tokens", "b", "--tokens", "."], ["--tokens", "#1,2"]])
def test_tokens_are_chosen_by_text_or_number(record, listing):
    """b and the end, 1/4 and 1/2, become 1/3 and 2/3; a quarter of the probability is left out."""
    text, found = record(*listing)
    assert found["model"]["tokens"] == ["b", "."]
    np.testing.assert_allclose(found["transitions"]["probabilities"], [[1 / 3, 2 / 3]] * 4, rtol=1e-12)
    np.testing.assert_allclose(found["states"]["cut"], [0.25] * 4, rtol=1e-12)
    assert facts(text)["states with a cut"] == "4 of 4"
    assert facts(text)["worst state"].startswith("25.00% of the probability in")
    assert facts(text)["on the long run"] == "25.00% of the probability, per token"


def test_all_tokens_leave_nothing_out(record):
    """A restriction to everything is none: no section on it."""
    text, found = record("--tokens", "a,b,.")
    assert "What was left out" not in sections(text)
    assert found["states"]["cut"] == [0.0] * 9


def test_prefix_takes_its_room_in_the_context(record):
    """One token of the two that the model looks back."""
    _, found = record("--prefix", "a")
    assert found["model"]["context_length"] == 1
    assert found["states"]["labels"] == ["a", "b", "."]


def test_prefix_conditions_the_law(run, babygpt, babygpt_folder):
    """P(. | c) of the prompted model is P(. | 0 c): contexts 0a, 0b of the whole model."""
    run("analyze", "--model", babygpt_folder, "--prefix", "0", "-o", "a.json")
    found = json.loads(Path("a.json").read_text(encoding="utf-8"))
    whole = mg.build_chain(babygpt)
    for label, law in zip(found["states"]["labels"], found["transitions"]["probabilities"], strict=True):
        np.testing.assert_allclose(law, whole.row(f"0{label}"), rtol=0, atol=1e-6)


def test_likely_tokens_are_those_after_the_prefix(record):
    """After "a" the end is the likeliest; then a, the lower of two that tie."""
    _, found = record("--prefix", "a", "--likely-tokens", 2)
    assert found["model"]["tokens"] == [".", "a"]


def test_end_is_a_state_of_its_own(record):
    """From "a": contexts a, aa, ab, ba, bb and the end, which is reached with 1/2 in each step: 2 steps on average."""
    text, found = record("--reachable-from", "a", "--end", ".")
    assert found["states"]["labels"] == ["a", "aa", "ab", "ba", "bb", "(end)"]
    assert facts(text)["states"] == "6: the contexts reachable from 'a', and (end)"
    assert facts(text)["expected"] == "2.0000 steps from a to the end, the ending token counted"
    assert facts(text)["median"] == "1 step"
    assert found["lengths"]["probabilities"][:5] == [0.0, 0.5, 0.25, 0.125, 0.0625]
    assert found["lengths"]["unit"] == "steps"


def test_entropy_of_a_sequence_is_that_of_its_tokens(record):
    """1.5 bits a token (1/4, 1/4, 1/2), two tokens on average: 3 bits."""
    text, _ = record("--reachable-from", "a", "--end", ".")
    assert facts(text)["entropy"] == "3.0000 bits a sequence, 1.5000 bits a token"


def test_end_may_lead_back_to_the_start(record):
    """One class, no length; the start is where half of all steps lead."""
    text, found = record("--reachable-from", "a", "--end", ".", "--at-end", "restart")
    assert found["states"]["labels"] == ["a", "aa", "ab", "ba", "bb"]
    assert found["stationary"]["probabilities"][0] == pytest.approx(0.5)
    assert found["lengths"] is None
    assert "Length of a sequence" not in sections(text)


def test_rare_arrows_are_cut_and_the_rest_divided(record):
    """A threshold of 0.3 leaves the end alone, which had 0.5."""
    text, found = record("--reachable-from", "a", "--end", ".", "--min-probability", 0.3)
    assert found["states"]["labels"] == ["a", "(end)"]
    assert found["states"]["cut"] == [0.5, 0.0]
    assert found["lengths"]["probabilities"] == [0.0, 1.0]
    assert facts(text)["on the long run"] == "50.00% of the model's sequences leave this chain before they end"


def test_rare_contexts_are_cut(record):
    """From "a", "aa" and "ab" are reached with 1/4 each: at a threshold of 0.3 the end alone is left."""
    _, found = record("--reachable-from", "a", "--end", ".", "--min-reach", 0.3)
    assert found["states"]["labels"] == ["a", "(end)"]
    assert found["states"]["cut"] == [0.5, 0.0]


def test_what_is_cut_may_lead_elsewhere(record):
    """Without division: half ends at once, half leaves."""
    text, found = record("--reachable-from", "a", "--end", ".", "--min-probability", 0.3, "--outside", "absorb")
    assert found["states"]["labels"] == ["a", "(end)", "(elsewhere)"]
    assert found["transitions"]["data"] == [0.5, 0.5, 1.0, 1.0]
    assert facts(text)["on the long run"] == "50.00% of the sequences leave"


def test_restricted_tokens_can_be_walked(record):
    """Without "b": from "a", a third goes on and two thirds end; the expected length is 3/2."""
    text, found = record("--tokens", "a,.", "--reachable-from", "a", "--end", ".")
    assert found["states"]["labels"] == ["a", "aa", "(end)"]
    assert facts(text)["expected"].startswith("1.5000 steps")


def test_reachable_report_names_the_cost_and_the_states(record):
    """Five contexts, 1 + 4 * 2 tokens, in as many calls as the walk is deep: 3."""
    text, _ = record("--reachable-from", "a", "--end", ".")
    assert facts(text)["contexts"].startswith("6 in 3 calls of the model (reachable), 9 token positions")


@pytest.mark.parametrize("end", ["\\n", "\n", "⏎", "#1"], ids=repr)
def test_end_may_be_the_end_of_a_line(run, end):
    """As typed in a shell, as it is, as it is shown, or by its number: 2 steps on average."""
    result = run("analyze", "--model", "models.py:lines", "--reachable-from", "a", "--end", end)
    assert result.exit_code == 0, result.stderr
    assert facts(result.stdout)["expected"].startswith("2.0000 steps from a to the end")


def test_sequence_that_never_ends_is_no_length(run):
    """Half of the sequences are trapped in "b": they have no length, and the others have one step."""
    result = run("analyze", "--model", "models.py:trap", "--reachable-from", "a", "--end", ".", "-o", "a.json")
    found = json.loads(Path("a.json").read_text(encoding="utf-8"))["lengths"]
    assert found["probabilities"][1] == found["remaining"] == 0.5
    assert facts(result.stdout)["expected"].endswith("; of those that end")
    assert "50.00% of the sequences have not ended after 1 step, or never end." in result.stdout


def test_end_that_cannot_be_reached_gives_no_length(run):
    """From "b" there is no way to the end: the report does not invent a number."""
    result = run("analyze", "--model", "models.py:trap", "--reachable-from", "b", "--end", ".")
    assert result.exit_code == 0
    assert "expected" not in facts(result.stdout)
