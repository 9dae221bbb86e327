"""What does a user read after a slip in ``markovgpt compare``? One message, mostly before any training."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

MODELS = """
import numpy as np
import markovgpt as mg

def golden():
    return mg.from_matrix([[0.5, 0.5], [1.0, 0.0]], name="golden")

class Broken:
    vocab_size, context_length, training_tokens = 2, 1, [0, 1, 0, 1]
    def next_logits(self, contexts):
        raise RuntimeError("out of order")

class Vain(Broken):
    training_tokens = "0101"
    def next_logits(self, contexts):
        return np.zeros((len(contexts), 2))

class Strange(Vain):
    training_tokens = [0, 1, 2]
"""


@pytest.fixture(autouse=True)
def _models(_empty_folder):
    Path("models.py").write_text(MODELS, encoding="utf-8")


@pytest.fixture
def _no_training(monkeypatch):
    """A step that is made fails the test."""
    from markovgpt.models import recipe

    def train(*_: object, **__: object) -> None:
        raise AssertionError("trained before the options were checked")

    monkeypatch.setattr(recipe, "train", train)


@pytest.mark.usefixtures("_no_training")
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param(["--against", "a", "--order", 1], "--against and --order ask different questions", id="two ways"),
        pytest.param(["--order", 1, "--over-training", "0"], "--order and --over-training ask", id="two others"),
        pytest.param(["--order", -1], "-1 is not in the range x>=0", id="order"),
        pytest.param(["--order", "two"], "'two' is not a valid integer", id="order is no number"),
        pytest.param(["--smoothing", "none", "--order", 1], "'none' is not one of 'mle', 'add-alpha'", id="smoothing"),
        pytest.param(["--correction", "none"], "'none' is not one of 'holm', 'benjamini-hochberg'", id="correction"),
        pytest.param(["--unknown", "drop"], "'drop' is not one of 'error', 'skip'", id="unknown"),
        pytest.param(["--sequences", "word"], "'word' is not one of 'file', 'line'", id="sequences"),
        pytest.param(["--level", 1], "1.0 is not in the range 0<x<1", id="level"),
        pytest.param(["--level", "nan"], "nan is not in the range 0<x<1", id="level is nan"),
        pytest.param(["--rare", -1], "-1 is not in the range x>=0", id="rare"),
        pytest.param(["--top", 0], "0 is not in the range x>=1", id="top"),
        pytest.param(["--lengths", "all"], "No such option", id="lengths"),
        pytest.param(["--temperature", 0], "temperature must be a number above 0: got 0.0", id="temperature"),
        pytest.param(["-o", "a.txt"], "Invalid value for '-o': 'a.txt' ends in none of .json, .md, .png", id="-o"),
        pytest.param(["--graph", "a.md"], "Invalid value for '--graph': 'a.md' ends in none of .svg", id="--graph"),
        pytest.param(["--data", "gone.txt"], "There is no data file 'gone.txt'", id="data"),
        pytest.param(["--data", ""], "The data are empty", id="no data"),
        pytest.param(["--held-out", "gone.txt"], "There is no data file 'gone.txt'", id="held out"),
        pytest.param(["--data", "01012"], "character '2' at position 4", id="unknown token"),
        pytest.param(["--data", "0101", "--data", "01"], "babygpt is trained on one text: got 2", id="two texts"),
        pytest.param(["--data", "0101", "-M", "data=01", "--steps", 3, "-M", "steps=3"], "steps is given", id="steps"),
    ],
)
def test_compare_is_refused_before_training(refused, arguments, message):
    """Of babygpt, that would be trained for 50 steps."""
    assert message in refused("compare", *arguments)


@pytest.mark.usefixtures("_no_training")
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param(["-A", "steps=3"], "-A needs --against.", id="-A"),
        pytest.param(["--smoothing", "mle"], "--smoothing needs --order.", id="smoothing"),
        pytest.param(["--order", 1, "-A", "steps=3"], "-A needs --against.", id="-A with order"),
        pytest.param(
            ["--against", "a", "--smoothing", "mle"], "--smoothing needs --order.", id="smoothing with against"
        ),
        pytest.param(
            ["--against", "a", "--held-out", "01"], "--held-out would change nothing with --against", id="held"
        ),
        pytest.param(["--against", "a", "--circular"], "--circular would change nothing with --against", id="circular"),
        pytest.param(["--order", 1, "--rare", 3], "--rare would change nothing with --order: leave it out.", id="rare"),
        pytest.param(["--order", 1, "--level", 0.9], "--level would change nothing with --order", id="level"),
        pytest.param(["--over-training", "0", "--graph", "g.svg"], "--graph would change nothing with", id="graph"),
        pytest.param(["--over-training", "0", "--correction", "holm"], "--correction would change", id="correction"),
        pytest.param(
            ["--checkpoint", "a", "--model", "b"], "--model would change nothing with --checkpoint", id="model"
        ),
        pytest.param(["--checkpoint", "a", "-M", "steps=1"], "-M would change nothing with --checkpoint", id="-M"),
    ],
)
def test_compare_refuses_options_that_would_change_nothing(refused, arguments, message):
    """An option that is passed over would be believed to have worked."""
    assert message in refused("compare", *arguments)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param([], "golden keeps no training data to compare with. Give some: --data FILE", id="no data"),
        pytest.param(["--data", "0"], "Counting what follows 1 tokens needs 2 in a row", id="too short"),
        pytest.param(["--data", "0101", "--held-out", "1"], "needs 2 in a row", id="held out too short"),
        pytest.param(["--data", "0101", "--held-out", "012"], "character '2' at position 2", id="held out unknown"),
        pytest.param(
            ["--data", "0101", "--start-token", "2"], "'2' is no token of golden, which has 2: 0 1", id="start"
        ),
        pytest.param(["--data", "0101", "--end-token", ""], "'' is no token of golden", id="end"),
        pytest.param(["--data", "0101", "--circular", "--end-token", "0"], "have no start and no end", id="circular"),
        pytest.param(["--data", "-"], "The data in standard input are empty.", id="stdin"),
        pytest.param(["--data", "-", "--data", "-"], "Standard input can be read only once", id="stdin twice"),
        pytest.param(["--data", "bad.json"], "bad.json", id="json"),
        pytest.param(["--data", "bad.npy"], "bad.npy", id="npy"),
        pytest.param(["--data", "large.npy"], "large.npy", id="token out of range"),
        pytest.param(["--data", "latin.txt"], "latin.txt are not UTF-8 text", id="latin"),
        pytest.param(["--data", "folder"], "folder", id="folder"),
        pytest.param(["--data", "????", "--unknown", "skip"], "4 unknown tokens are left out", id="all skipped"),
        pytest.param(["--data", "0101", "--steps", 3], "", id="steps of a function that takes none"),
        pytest.param(
            ["--data", "0101", "--max-states", 1, "--top-k", 1], "Only a chain can be compared", id="decoding"
        ),
    ],
)
def test_compare_of_a_finished_model_is_refused(refused, arguments, message):
    """The golden mean, which takes no data and keeps none."""
    Path("bad.json").write_text("{", encoding="utf-8")
    Path("bad.npy").write_bytes(b"no array")
    np.save("large.npy", np.array([0, 1, 2]))
    Path("latin.txt").write_bytes(b"0101\xe4")
    Path("folder").mkdir()
    assert message in refused("compare", "--model", "models.py:golden", *arguments)


@pytest.mark.parametrize("option", [["--sequences", "line"], ["--unknown", "skip"]], ids=["sequences", "unknown"])
def test_compare_refuses_ways_of_reading_where_nothing_is_read(run, babygpt_folder, option):
    """The training data of a saved model are tokens already; held-out data are read."""
    result = run("compare", "--model", babygpt_folder, *option)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "the training data of babygpt are one sequence of its tokens already" in result.stderr
    assert run("compare", "--model", babygpt_folder, *option, "--held-out", "0101").exit_code == 0


def test_compare_refuses_a_graph_of_too_many_states(run, babygpt_folder):
    """The report is printed, and says why there is no chain; then exit code 2."""
    result = run("compare", "--model", babygpt_folder, "--max-states", 7, "--graph", "g.svg")
    assert result.exit_code == 2
    assert "Too many states: 2^3 = 8 states" in result.stdout
    assert result.stderr == "Error: --graph needs a chain: this one has too many states.\n"
    assert not Path("g.svg").exists()


def test_compare_shows_where_a_model_fails(run):
    """Its own traceback, for its author, then one line; exit code 3."""
    result = run("compare", "--model", "models.py:Broken")
    assert (result.exit_code, result.stdout) == (3, "")
    assert "RuntimeError: out of order" in result.stderr
    assert result.stderr.splitlines()[-1].startswith("Error: ")


@pytest.mark.parametrize(
    ("model", "message"),
    [("Vain", "`training_tokens` of Vain must be a sequence of whole numbers"), ("Strange", "2")],
)
def test_compare_refuses_training_tokens_that_are_none(refused, model, message):
    """A text, and a token that the model does not have."""
    assert message in refused("compare", "--model", f"models.py:{model}")


@pytest.mark.parametrize("way", [[], ["--order", 1], ["--over-training", "0,1"], ["--against", "models.py:golden"]])
def test_compare_of_an_unknown_model_is_refused(refused, way):
    """Exit code 3, in every way to compare."""
    assert "There is no model 'babygpd'" in refused("compare", "--model", "babygpd", *way, code=3)
