"""What does ``markovgpt compare`` show over training, and of models that were saved on the way?"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from notebook_chain import DATA
from report_text import cells, sections

import markovgpt as mg

COURSE, ORDERS, ARROWS = (
    "babygpt in the course of training",
    "When was each order learned?",
    "When did each arrow come to its share in the data?",
)
SMALL = ["-M", "n_layer=1", "-M", "n_embd=4", "-M", "n_head=1"]
MODELS = '''
import numpy as np
import markovgpt as mg

class Round:
    """Says the other token, but for a share of the time."""
    vocab_size, context_length, name = 2, 1, "rounds"
    def __init__(self, wrong, data):
        self.law, self.training_tokens = np.log([[wrong, 1 - wrong], [1 - wrong, wrong]]), [int(t) for t in data]
    def next_logits(self, contexts):
        return self.law[contexts[:, -1]]

def rounds(data: str = "0101", steps: int = 2, checkpoint=None):
    """Comes nearer to 01010101 with every round: the wrong token has probability 1/2, 1/4, 1/8, ..."""
    for step in range(steps + 1):
        model = Round(0.5 ** (step + 1), data)
        if checkpoint is not None:
            checkpoint(step, model)
    return model

def lazy(steps: int = 2, checkpoint=None):
    """Takes a checkpoint, and never calls it."""
    return mg.from_matrix([[0.5, 0.5], [0.5, 0.5]])

def fixed():
    return mg.from_matrix([[0.5, 0.5], [0.5, 0.5]], name="fixed")
'''


@pytest.fixture(autouse=True)
def _models(_empty_folder):
    Path("models.py").write_text(MODELS, encoding="utf-8")


@pytest.fixture(scope="module")
def text():
    """What a small babygpt prints of four looks at its training, the last after it has learned all."""
    from click.testing import CliRunner

    from markovgpt.cli import main

    words = ["compare", "--over-training", "0,1,20,600", *SMALL]
    result = CliRunner().invoke(main, words, catch_exceptions=False)
    assert (result.exit_code, result.stderr) == (0, "")
    return result.stdout


@pytest.fixture(scope="session")
def checkpoints(tmp_path_factory):
    """A tiny babygpt after 0, 2 and 5 steps, saved; one of another context, and one of other letters."""
    place = tmp_path_factory.mktemp("checkpoints")
    tiny = {"n_layer": 1, "n_embd": 4, "n_head": 1}
    for steps in (0, 2, 5):
        mg.save_model(mg.load_model("babygpt", steps=steps, **tiny), place / f"after-{steps}")
    mg.save_model(mg.load_model("babygpt", steps=0, context_length=2, **tiny), place / "short")
    letters = mg.load_model("mingpt", steps=0, data="ab" * 9, validation=0.0, **tiny)
    mg.save_model(letters, place / "letters")
    return place


def test_over_training_has_a_row_for_every_step(text):
    """Those asked for, with the numbers of order 0 to 3; the excess is their sum, but for the fourth decimal."""
    rows = cells(sections(text)[COURSE][:5])
    assert rows[0][:7] == ["step", "surprise", "excess", "order 0", "order 1", "order 2", "order 3"]
    assert [row[0] for row in rows[1:]] == ["0", "1", "20", "600"]
    for row in rows[1:]:
        numbers = [float(cell) for cell in row[1:7]]
        assert numbers[0] - 0.5 == pytest.approx(numbers[1], abs=1.1e-4)
        assert sum(numbers[2:]) == pytest.approx(numbers[1], abs=3e-4)


@pytest.mark.parametrize("steps", [0, 1, 20])
def test_over_training_shows_the_model_that_so_many_steps_make(run, text, steps):
    """The same as training it for so long, and comparing it then."""
    said = sections(run("compare", "--steps", steps, *SMALL, "-o", "a.json").stdout)
    assert said
    found = json.loads(Path("a.json").read_text(encoding="utf-8"))
    (row,) = [row for row in cells(sections(text)[COURSE][1:5]) if row[0] == str(steps)]
    expected = [
        f"{found['total']['cross_entropy_bits']:.4f}",
        f"{found['total']['excess_bits']:.4f}",
        *(f"{bits:.4f}" for bits in found["total"]["not_learned_bits"]),
        f"{found['long_run']['model']['entropy_rate_bits']:.4f}",
        f"{100 * found['long_run']['unseen_mass']:.2f}%",
    ]
    assert row[1:9] == expected


def test_over_training_says_when_each_order_was_learned(text):
    """What they tell is known of the data: 1 - H0, H0 - H1, ...; none is learned before the last of these steps."""
    rows = cells(sections(text)[ORDERS][1:5])
    assert [row[1] for row in rows] == ["0.1887", "0.0769", "0.0981", "0.1363"]
    assert [row[2] for row in rows] == ["600"] * 4
    assert "All orders were learned at the same of these steps." in " ".join(sections(text)[ORDERS])


def test_over_training_says_when_arrows_came_to_their_share(text):
    """The most frequent first: 111 goes on evenly, the others with a 1."""
    rows = {row[0]: row[1:] for row in cells(sections(text)[ARROWS][1:6])}
    assert sorted(rows) == ["011 → 1", "101 → 1", "110 → 1", "111 → 0", "111 → 1"]
    assert rows["110 → 1"][0] == "100%"
    assert rows["110 → 1"][2] == "600"
    assert rows["111 → 0"][0] == "50.00%"
    assert "In all 5 of 5 came there." in " ".join(sections(text)[ARROWS])


def test_over_training_shows_some_of_the_arrows(run):
    """As many as --top says, of five."""
    lines = sections(run("compare", "--over-training", "0", "--top", 2, *SMALL).stdout)[ARROWS]
    assert len(cells(lines)) == 4
    assert "The 2 most frequent of 5 arrows." in lines[-1]


def test_over_training_watches_any_function_that_takes_a_checkpoint(run):
    """Wrong with 1/2, 1/4, 1/8, 1/32: of 0101 it is surprised by 1, log2 4/3, log2 8/7, log2 32/31 bits."""
    result = run("compare", "--model", "models.py:rounds", "--over-training", "0,1,2,4")
    said = sections(result.stdout)
    rows = cells(said["rounds in the course of training"][1:5])
    assert [row[:3] for row in rows] == [
        ["0", "1.0000", "1.0000"],
        ["1", "0.4150", "0.4150"],
        ["2", "0.1926", "0.1926"],
        ["4", "0.0458", "0.0458"],
    ]
    assert [row[-1] for row in rows] == ["0%", "0%", "0%", "100%"]
    # three windows: 0, 1, 0; frequencies 1/3 and 2/3 tell .0817 bits, the last token the other .9183
    orders = cells(said[ORDERS][1:3])
    assert [row[1] for row in orders] == ["0.0817", "0.9183"]
    assert orders[1][2] == "4"


def test_over_training_compares_with_other_data(run):
    """0110 instead of the model's own: 0 1, 1 1, 1 0 need 2/3 of a bit at least; the even model 1, the last more."""
    options = ["--model", "models.py:rounds", "-M", "data=0101", "--data", "0110", "--over-training", "0,4"]
    rows = cells(sections(run("compare", *options).stdout)["rounds in the course of training"][1:3])
    assert float(rows[0][2]) == pytest.approx(1 - 2 / 3, abs=6e-5)
    assert float(rows[1][2]) > 1


def test_over_training_without_states_to_enumerate_has_no_long_run(run):
    """Eight states, seven allowed: columns of the chain are empty, bits are there."""
    result = run("compare", "--over-training", "0", "--max-states", 7, *SMALL, "-o", "a.json", "-o", "a.svg")
    (step,) = json.loads(Path("a.json").read_text(encoding="utf-8"))["steps"]
    assert (step["entropy_rate_bits"], step["unseen_mass"], step["certified"]) == (None, None, False)
    assert len(cells(sections(result.stdout)[COURSE][1:2])[0]) == 9
    assert "Entropy rate of the chain" not in Path("a.svg").read_text(encoding="utf-8")


def test_over_training_takes_steps_in_any_order_and_twice(run):
    """1,0,0,1 is 0,1."""
    rows = cells(sections(run("compare", "--over-training", "1,0, 0,1", *SMALL).stdout)[COURSE][1:3])
    assert [row[0] for row in rows] == ["0", "1"]


def test_over_training_decodes_as_it_is_told(run):
    """At a high temperature nothing is learned: one bit of surprise."""
    options = ["--model", "models.py:rounds", "--over-training", "2", "--temperature", 1e6]
    (row,) = cells(sections(run("compare", *options).stdout)["rounds in the course of training"][1:2])
    assert row[1] == "1.0000"


def test_checkpoints_are_compared_in_the_order_of_their_steps(run, checkpoints):
    """After 0 and 5 steps, given the other way round; their names stand for the steps."""
    names = [str(checkpoints / "after-5"), str(checkpoints / "after-0")]
    result = run("compare", "--checkpoint", names[0], "--checkpoint", names[1], "-o", "a.json")
    rows = cells(sections(result.stdout)["Saved models in the course of training"][1:3])
    assert [row[0] for row in rows] == names[::-1]
    found = json.loads(Path("a.json").read_text(encoding="utf-8"))["steps"]
    assert [step["step"] for step in found] == [0, 5]
    excess = [mg.compare_to_data(mg.load_model(name), counts_of(mg.load_model(name))).excess for name in names[::-1]]
    assert [step["excess_bits"] for step in found] == pytest.approx(excess, abs=1e-12)


def counts_of(model):
    return mg.count_ngrams(model.training_tokens, vocab_size=2, context_length=3)


def test_checkpoints_are_compared_in_their_own_order_when_steps_do_not_tell(run, checkpoints):
    """The same one twice, and one that says nothing of its training, which has other data."""
    names = [str(checkpoints / "after-2")] * 2
    result = run("compare", *(word for name in names for word in ("--checkpoint", name)), "-o", "a.json")
    assert [row[0] for row in cells(sections(result.stdout)["Saved models in the course of training"][1:3])] == names
    assert [step["step"] for step in json.loads(Path("a.json").read_text(encoding="utf-8"))["steps"]] == [0, 1]


def test_checkpoints_are_compared_with_several_data(run, checkpoints):
    """Two texts: none is trained on. Windows 0001 of one, 1110 of the other."""
    options = ["--data", "0001", "--data", "1110", "-o", "a.json"]
    run("compare", "--checkpoint", checkpoints / "after-0", *options)
    found = json.loads(Path("a.json").read_text(encoding="utf-8"))
    assert (found["arrows"]["context"], found["arrows"]["token"]) == ([0, 7], [1, 0])
    assert DATA.count("000") == 0


@pytest.mark.parametrize(
    ("other", "message"),
    [
        pytest.param("letters", "have the same tokens: ", id="tokens"),
        pytest.param("short", "look at the same number of tokens: ", id="context"),
    ],
)
def test_checkpoints_are_refused_that_cannot_be_of_one_training(refused, checkpoints, other, message):
    """Says which one, and what it has."""
    said = refused("compare", "--checkpoint", checkpoints / "after-0", "--checkpoint", checkpoints / other)
    assert message in said
    assert other in said


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param(["0,x"], "numbers of training steps between commas, such as 0,1,2,5,10: got '0,x'", id="word"),
        pytest.param([""], "numbers of training steps between commas, such as 0,1,2,5,10: got ''", id="nothing"),
        pytest.param(["0,-1"], "at which to look, at least 0: got [-1, 0]", id="negative"),
        pytest.param(["0", "--steps", 3], "give it without --steps, --untrained and -M steps", id="steps"),
        pytest.param(["0", "--untrained"], "give it without --steps, --untrained and -M steps", id="untrained"),
        pytest.param(["0", "-M", "steps=3"], "give it without --steps, --untrained and -M steps", id="-M steps"),
        pytest.param(["0", "--model", "models.py:fixed"], "fixed cannot be watched in training", id="fixed"),
        pytest.param(["0", "--model", "ngram"], "ngram cannot be watched in training", id="ngram"),
        pytest.param(["0,1", "--model", "models.py:lazy"], "Training never came to any of the steps 0, 1", id="lazy"),
        pytest.param(["0", "-M", "data=01"], "Training needs at least context_length + 1 = 4 tokens", id="short data"),
        pytest.param(["0", "--data", "01012"], "character '2' at position 4", id="unknown token"),
    ],
)
def test_over_training_is_refused(refused, arguments, message):
    """One line, exit code 2, whatever the slip."""
    assert message in refused("compare", "--over-training", *arguments)
