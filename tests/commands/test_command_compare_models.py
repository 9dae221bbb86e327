"""What does ``markovgpt compare`` say of two models, a saved chain, and n-gram models of the data?"""

from __future__ import annotations

import json
from math import log2
from pathlib import Path

import numpy as np
import pytest
from notebook_chain import P1, STATIONARY
from report_text import cells, facts, sections

import markovgpt as mg

RUN, TEXTS, STATES = (
    "In the long run",
    "Texts of several tokens, from a start in the long run of the first",
    "States that differ most",
)
MODELS = '''
import numpy as np
import markovgpt as mg

def coin(heads: float = 0.5, name: str = "coin"):
    """Says 1 with this probability, whatever was before."""
    return mg.from_matrix([[1 - heads, heads]] * 2, name=name)

def golden():
    return mg.from_matrix([[0.5, 0.5], [1.0, 0.0]], name="golden")

def islands():
    return mg.from_matrix(np.eye(2), name="islands")

def three():
    return mg.from_matrix(np.full((3, 3), 1 / 3), name="three")

class Letters:
    vocab_size, context_length, tokens, name = 2, 1, ("a", "b"), "letters"
    def next_logits(self, contexts):
        return np.zeros((len(contexts), 2))

class Two(Letters):
    """Looks at two tokens: says 1 after 1 1 with 3/4, else evenly."""
    context_length, tokens, name = 2, ("0", "1"), "two"
    def next_logits(self, contexts):
        return np.log(np.where(contexts.all(axis=1)[:, None], [[0.25, 0.75]], [[0.5, 0.5]]))
'''

NGRAM_P1 = {"00": 1.0, "01": 1.0, "10": 1.0, "11": 6 / 9}
"""After the last two tokens of the data: 10 and 01 lead to 1, 11 does six of nine times; 00 never occurs, 0 does."""


@pytest.fixture(autouse=True)
def _models(_empty_folder):
    Path("models.py").write_text(MODELS, encoding="utf-8")


@pytest.fixture(scope="module")
def said(babygpt_folder):
    """babygpt against the n-gram model of order 2 of its data."""
    from click.testing import CliRunner

    from markovgpt.cli import main

    words = ["compare", "--model", str(babygpt_folder), "--order", "2"]
    result = CliRunner().invoke(main, words, catch_exceptions=False)
    assert (result.exit_code, result.stderr) == (0, "")
    return sections(result.stdout)


@pytest.fixture
def between(run):
    """``between("coin", "golden")``: the sections of a comparison of two models, with options."""

    def call(first, second, *options):
        result = run("compare", "--model", f"models.py:{first}", "--against", f"models.py:{second}", *options)
        assert result.exit_code == 0, result.stderr
        return sections(result.stdout)

    return call


def long_run(lines):
    """The rows of the two columns."""
    return {row[0]: row[1:] for row in cells(lines[1:5])}


def test_compare_with_an_ngram_model_counts_rows_that_differ(said):
    """All eight; the n-gram model excludes 0 in the six that do not end in 11; after 111 it prefers 1, babygpt 0."""
    found = facts("\n".join(said["babygpt against n-gram model of order 2, mle"]))
    distance = {state: abs(p - NGRAM_P1[state[1:]]) for state, p in P1.items()}
    worst = max(distance, key=distance.get)
    assert found["states"] == "8, of 3 tokens of context"
    assert found["rows"] == "8 of 8 differ at all"
    _, shown, _, where = found["worst row"].split()
    assert (float(shown), where) == (pytest.approx(distance[worst], abs=2e-6), worst)
    assert found["support"] == "in 6 states a token is possible in one of them only"
    assert found["greedy token"].startswith("another in 1 state")
    assert f"{100 * STATIONARY['111']:.2f}% of the time" in found["greedy token"]
    assert "111" in found["greedy token"]


def test_compare_with_an_ngram_model_shows_both_long_runs(said):
    """Means over the chain's own stationary distribution: of the n-gram model .4 in 11, .2 in 01 and 10, ... by hand.

    It goes from 11 on with 1 in 2/3: of 11, 10, 01 the shares are 3/5, 1/5, 1/5, and 111 has 2/3 of what 11 has.
    """
    rows = long_run(said[RUN])
    mean = sum(STATIONARY[state] * abs(p - NGRAM_P1[state[1:]]) for state, p in P1.items())
    other = {"111": 0.4, "110": 0.2, "101": 0.2, "011": 0.2}
    entropy = 0.6 * -(2 / 3 * log2(2 / 3) + 1 / 3 * log2(1 / 3))
    rate = 0.0
    for state, share in other.items():
        for q, p in ((NGRAM_P1[state[1:]], P1[state]), (1 - NGRAM_P1[state[1:]], 1 - P1[state])):
            rate += share * q * log2(q / p) if q else 0.0
    assert rows["entropy rate, bits per token"] == ["0.8198", f"{entropy:.4f}"]
    assert rows["KL rate to the other, bits per token"] == ["infinite", f"{rate:.4f}"]
    assert float(rows["mean TV of its rows to the other's"][0]) == pytest.approx(mean, abs=2e-6)
    assert float(rows["mean TV of its rows to the other's"][1]) == pytest.approx(
        sum(share * abs(P1[state] - NGRAM_P1[state[1:]]) for state, share in other.items()), abs=2e-6
    )
    assert rows["time where the greedy token differs"] == [f"{100 * STATIONARY['111']:.2f}%", "40.00%"]
    distance = sum(abs(STATIONARY[state] - other.get(state, 0)) for state in STATIONARY) / 2
    assert f"TV of their stationary distributions: {distance:.6f} (within " in " ".join(said[RUN])


def test_compare_with_an_ngram_model_shows_distances_of_texts(said):
    """Of one token it is the mean distance of the rows; longer texts tell more; up to 16 all are gone through."""
    rows = cells(said[TEXTS][1:8])
    assert [row[0] for row in rows] == ["1", "2", "4", "8", "16", "32", "64"]
    assert rows[0][1] == long_run(said[RUN])["mean TV of its rows to the other's"][0]
    values = [float(row[1]) for row in rows]
    assert values == sorted(values)
    assert [row[-1] for row in rows] == ["exact"] * 5 + ["bounds"] * 2
    assert all(float(row[1]) <= float(row[2]) for row in rows[5:])


def test_compare_with_an_ngram_model_lists_states_by_distance(said):
    """The farthest first, with what each says next."""
    rows = cells(said[STATES][1:9])
    distance = {state: abs(p - NGRAM_P1[state[1:]]) for state, p in P1.items()}
    assert [row[0] for row in rows] == sorted(distance, key=distance.get, reverse=True)
    assert {row[0]: float(row[-4]) for row in rows} == pytest.approx(distance, abs=2e-6)
    assert {row[0]: row[-1] for row in rows} == {state: f"{100 * pi:.2f}%" for state, pi in STATIONARY.items()}


@pytest.mark.parametrize("order", [0, 1, 2, 3])
@pytest.mark.parametrize("smoothing", ["mle", "kneser-ney"])
def test_compare_with_an_ngram_model_of_every_order(run, babygpt, babygpt_chain, babygpt_folder, order, smoothing):
    """Those of the library, 0 to K."""
    result = run("compare", "--model", babygpt_folder, "--order", order, "--smoothing", smoothing, "-o", "a.json")
    counts = mg.count_ngrams(babygpt.training_tokens, vocab_size=2, context_length=3)
    other = mg.build_chain(mg.NgramModel(counts, order=order, smoothing=smoothing))
    other = mg.lift(other, 3) if other.context_length < 3 else other
    found = json.loads(Path("a.json").read_text(encoding="utf-8"))
    expected = abs(babygpt_chain.probabilities - other.probabilities).sum(axis=1) / 2
    assert found["rows"]["total_variation"] == pytest.approx(expected.tolist(), abs=1e-15)
    assert result.stdout.startswith(f"babygpt against n-gram model of order {order}, {smoothing}")


def test_compare_with_an_ngram_model_of_other_data(run, babygpt_folder):
    """0 0 0 1 0 0 0 1, of order 1: after 0 a 0 in 4 of 6, after 1 a 0."""
    run("compare", "--model", babygpt_folder, "--data", "00010001", "--order", 1, "-o", "a.json")
    found = json.loads(Path("a.json").read_text(encoding="utf-8"))["rows"]["total_variation"]
    law = {"0": 2 / 6, "1": 0.0}
    assert found == pytest.approx([abs(p - law[state[-1]]) for state, p in P1.items()], abs=2e-6)


def test_compare_with_itself_finds_nothing(between):
    """All distances at the lower end of their scale; the name tells the two apart."""
    said = between("coin", "coin")
    found = facts("\n".join(said["coin against the other coin"]))
    assert (found["rows"], found["greedy token"]) == ("0 of 2 differ at all", "the same in every state")
    assert "worst row" not in found
    assert long_run(said[RUN])["KL rate to the other, bits per token"] == ["0.0000", "0.0000"]
    assert [row[1] for row in cells(said[TEXTS][1:8])] == ["0.000000"] * 7
    assert said[STATES] == ["  No row differs."]


def test_compare_of_two_coins_is_that_of_coins(between):
    """1/2 against 3/4: TV 1/4 of one toss, 1/4 of two, (|1/4 - 1/16| + 2 |1/4 - 3/16| + |1/4 - 9/16|) / 2 = 5/16."""
    said = between("coin", "coin", "-A", "heads=0.75", "-A", "name=bent")
    assert "coin against bent" in said
    rows = cells(said[TEXTS][1:3])
    assert [float(row[1]) for row in rows] == pytest.approx([1 / 4, 5 / 16])
    rates = long_run(said[RUN])["KL rate to the other, bits per token"]
    kl = [1 / 2 * log2(2) + 1 / 2 * log2(2 / 3), 3 / 4 * log2(3 / 2) + 1 / 4 * log2(1 / 2)]
    assert [float(rate) for rate in rates] == pytest.approx(kl, abs=6e-5)


def test_compare_lifts_the_shorter_context(between):
    """Four states of two tokens; the coin has the same row in all, and only after 1 1 the other differs."""
    for said in (between("coin", "Two"), between("Two", "coin")):
        (title,) = [title for title in said if " against " in title]
        found = facts("\n".join(said[title]))
        assert found["states"] == "4, of 2 tokens of context"
        assert found["rows"] == "1 of 4 differ at all"
        assert found["worst row"] == "TV 0.250000 at 11"


def test_compare_decodes_both_models(between):
    """Greedy, a coin that leans to 1 and one that leans there more are the same."""
    said = between("coin", "coin", "-M", "heads=0.6", "-A", "heads=0.9", "-A", "name=bent", "--greedy")
    assert facts("\n".join(said["coin against bent"]))["rows"] == "0 of 2 differ at all"


def test_compare_with_a_saved_chain(run, babygpt_chain, babygpt_folder):
    """Its own, and one of order 0, whatever the case of its suffix."""
    mg.save_chain(babygpt_chain, "own.npz")
    result = run("compare", "--model", babygpt_folder, "--against", "own.npz", "--fail-above", 0)
    assert result.exit_code == 0
    assert result.stdout.startswith("babygpt against own.npz")
    mg.save_chain(mg.chain_from_table(np.tile([[0.25, 0.75]], (2, 1))), "coin.npz")
    Path("coin.npz").rename("coin.NPZ")
    run("compare", "--model", babygpt_folder, "--against", "coin.NPZ", "-o", "a.json")
    found = json.loads(Path("a.json").read_text(encoding="utf-8"))
    assert found["rows"]["total_variation"] == pytest.approx([abs(p - 0.75) for p in P1.values()], abs=2e-6)


def test_compare_with_a_chain_of_several_ends_says_so(between):
    """Islands have no one long run: texts begin in every state alike. One toss differs in half of 1/2 + 1/2."""
    said = between("islands", "coin")
    assert "islands has several recurrent classes, and so no one long run." in " ".join(said[RUN])
    texts = cells(said["Texts of several tokens, from every start alike"][1:2])
    assert float(texts[0][1]) == 0.5
    assert (
        between("coin", "islands")[RUN][-1].strip() == "islands has several recurrent classes, and so no one long run."
    )


def test_compare_with_a_model_of_too_many_states_is_refused_before_training(refused):
    """Sixteen states, fifteen allowed."""
    options = ["--model", "models.py:coin", "--against", "babygpt", "-A", "context_length=4", "-A", "steps=0"]
    assert "Too many states: 2^4 = 16 states" in refused("compare", *options, "--max-states", 15)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param(["--against", "models.py:three"], "got 2 and 3 tokens (0 1 against 0 1 2)", id="more tokens"),
        pytest.param(["--against", "models.py:Letters"], "token 0 is '0' in the first and 'a'", id="other tokens"),
        pytest.param(["--against", "gone.npz"], "No chain can be read from gone.npz: No such file", id="no file"),
        pytest.param(["--against", "models.npz"], "No chain can be read from models.npz", id="no chain"),
        pytest.param(["--against", "walk.npz"], "walk.npz holds only the contexts that a walk reached", id="walk"),
        pytest.param(
            ["--against", "walk.npz", "-A", "steps=3"], "-A gives options to a model: walk.npz", id="-A of a file"
        ),
        pytest.param(["--against", "models.py:coin", "-A", "tails=1"], "has no option 'tails'", id="-A unknown"),
        pytest.param(["--against", "models.py:coin", "-A", "heads"], "got 'heads'", id="-A no value"),
        pytest.param(
            ["--against", "models.py:coin", "--data", "01"], "--data is of use only where the first", id="data"
        ),
        pytest.param(
            ["--order", 2, "--data", "0101"], "The model has a context of 1: --order is 0 to 1, got 2.", id="order"
        ),
        pytest.param(["--order", 1], "golden keeps no training data to compare with", id="no data"),
        pytest.param(["--order", 1, "--data", "2"], "character '2' at position 0", id="unknown token"),
    ],
)
def test_compare_with_a_model_is_refused(refused, arguments, message):
    """Of the golden mean: one line, exit code 2."""
    Path("models.npz").write_bytes(b"PK no chain")
    mg.save_chain(mg.reachable_chain(mg.from_matrix([[0.5, 0.5], [1.0, 0.0]]), "0"), "walk.npz")
    assert message in refused("compare", "--model", "models.py:golden", *arguments)


def test_compare_with_no_model_is_refused(refused):
    """Exit code 3, as everywhere; the name that was meant."""
    assert "There is no model 'babygpd'. Did you mean babygpt?" in refused("compare", "--against", "babygpd", code=3)


def test_compare_with_an_order_beyond_the_context_is_refused_before_training(refused, monkeypatch):
    """The network of the notebook looks at three tokens."""
    from markovgpt.models import recipe

    def train(*_: object, **__: object) -> None:
        raise AssertionError("trained before the order was checked")

    monkeypatch.setattr(recipe, "train", train)
    assert refused("compare", "--order", 4) == "The model has a context of 3: --order is 0 to 3, got 4."
