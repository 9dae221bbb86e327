"""What does a user read after a slip on the command line? One message, exit code 2, before anything is trained."""

from __future__ import annotations

import re
from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def _no_training(monkeypatch):
    """Every mistake here can be seen before the first step: a step that is made all the same fails the test."""
    from markovgpt.models import recipe

    def train(*_: object, **__: object) -> None:
        raise AssertionError("trained before the options were checked")

    monkeypatch.setattr(recipe, "train", train)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param(["analise"], "No such command 'analise'", id="command"),
        pytest.param(["analyze", "--greedyy"], "No such option", id="option"),
        pytest.param(["analyze", "babygpt"], "Got unexpected extra argument (babygpt)", id="model without --model"),
        pytest.param(["analyze", "--model"], "Option '--model' requires an argument.", id="no value"),
        pytest.param(["analyze", "--lengths", "some"], "'some' is not one of 'full', 'all'", id="lengths"),
        pytest.param(["analyze", "--strategy", "fast"], "'fast' is not one of 'auto'", id="strategy"),
        pytest.param(["analyze", "--top-k", "two"], "'two' is not a valid integer", id="top-k is no number"),
        pytest.param(["analyze", "--max-states", 0], "0 is not in the range x>=1", id="max-states"),
        pytest.param(["analyze", "--batch-size", 0], "0 is not in the range x>=1", id="batch-size"),
        pytest.param(["analyze", "--top", 0], "0 is not in the range x>=1", id="top"),
    ],
)
def test_program_refuses_what_it_does_not_know(refused, arguments, message):
    """click says which word, in words that its versions change."""
    assert message in refused(*arguments)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param(["--temperature", 0], r"temperature must be a number above 0: got 0\.0\..*--greedy", id="T = 0"),
        pytest.param(["--temperature", -1], r"temperature must be a number above 0: got -1\.0", id="T < 0"),
        pytest.param(["--temperature", "nan"], "temperature must be a number above 0: got nan", id="T = nan"),
        pytest.param(["--temperature", "inf"], "temperature must be a number above 0: got inf", id="T = inf"),
        pytest.param(["--top-k", 0], "top_k must be a whole number of at least 1: got 0", id="k = 0"),
        pytest.param(["--top-p", 0], r"top_p must be above 0 and at most 1: got 0\.0", id="p = 0"),
        pytest.param(["--top-p", 1.1], r"top_p must be above 0 and at most 1: got 1\.1", id="p > 1"),
        pytest.param(["--top-p", "nan"], "top_p must be above 0 and at most 1: got nan", id="p = nan"),
        pytest.param(["--min-p", -0.1], r"min_p must be from 0 to 1: got -0\.1", id="min-p < 0"),
        pytest.param(["--min-p", 2], r"min_p must be from 0 to 1: got 2\.0", id="min-p > 1"),
    ],
)
@pytest.mark.parametrize("command", ["analyze", "draw"])
def test_decoding_is_refused(refused, command, arguments, message):
    """The rule, what was given, and for temperature 0 the option that is meant."""
    assert re.match(message, refused(command, *arguments))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param(["-M", "step=3"], "babygpt has no option 'step'. Did you mean steps? It takes data, ", id="key"),
        pytest.param(["-M", "zebra=3"], "has no option 'zebra'. It takes data, steps, seed,", id="key like none"),
        pytest.param(["-M", "steps=many"], "steps must be a whole number: got 'many'.", id="whole number"),
        pytest.param(["-M", "steps=1.5"], "steps must be a whole number: got '1.5'.", id="fraction"),
        pytest.param(["-M", "steps"], "-M steps=500: got 'steps'", id="no equal sign"),
        pytest.param(["-M", "=3"], "-M steps=500: got '=3'", id="no key"),
        pytest.param(["-M", "seed=1", "-M", "seed=2"], "The model option seed stands twice: '1' and '2'.", id="twice"),
        pytest.param(["--seed", 1, "-M", "seed=2"], "seed is given twice: --seed 1 and -M seed=2.", id="both ways"),
        pytest.param(["--steps", 5, "-M", "steps=5"], "steps is given twice", id="both ways alike"),
        pytest.param(["--data", "0101", "-M", "data=1"], "data is given twice", id="data both ways"),
        pytest.param(["--untrained", "--steps", 5], "--untrained means --steps 0, but --steps 5", id="untrained steps"),
        pytest.param(["--untrained", "-M", "steps=5"], "--untrained means --steps 0, but", id="untrained -M steps"),
        pytest.param(["--steps", -1], "steps must be at least 0: got -1.", id="steps < 0"),
        pytest.param(["-M", "context_length=0"], "context_length must be a whole number of at least 1", id="K = 0"),
        pytest.param(["-M", "n_head=3"], "n_embd must be a multiple of n_head", id="heads"),
        pytest.param(["-M", "model=x"], "babygpt has no option 'model'.", id="an option called model"),
        pytest.param(["-M", "progress=x"], "progress is no option of a model", id="an option called progress"),
        pytest.param(["-M", "check=x"], "check is no option of a model", id="an option called check"),
        pytest.param(["--model", "mingpt"], "mingpt takes either data to be trained on (--data FILE)", id="no data"),
        pytest.param(
            ["--model", "mingpt", "-M", "vocab_size=3", "--steps", 5],
            "cannot be trained for 5 steps without data",
            id="steps without data",
        ),
        pytest.param(
            ["--model", "mingpt", "--data", "abcabc", "-M", "loss=first"],
            "loss must be one of last, all: got 'first'.",
            id="a choice",
        ),
        pytest.param(
            ["--model", "mingpt", "-M", "vocab_size=3", "-M", "bias=perhaps"],
            "bias must be true or false: got 'perhaps'.",
            id="a truth value",
        ),
    ],
)
def test_model_option_is_refused(refused, arguments, message):
    """What is wrong with it, and what the model takes."""
    assert message in refused("analyze", *arguments)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        pytest.param("a.toml", "steps =", "The model options in a.toml are not valid: ", id="no TOML"),
        pytest.param("a.json", "{", "are not valid: ", id="no JSON"),
        pytest.param("a.json", "[1]", "must be a table of keys: got list.", id="no table"),
        pytest.param("a.yaml", "steps: 1", "ends in .toml or .json: got a.yaml", id="suffix"),
        pytest.param("a.toml", "step = 1", "has no option 'step'. Did you mean steps?", id="key"),
        pytest.param("a.toml", "steps = 0.5", "steps must be a whole number: got 0.5.", id="fraction"),
        pytest.param("a.toml", 'steps = "many"', "steps must be a whole number: got 'many'.", id="text"),
        pytest.param("a.json", '{"steps": null}', "steps must be a whole number: got None.", id="null"),
        pytest.param("a.json", '{"steps": true}', "steps must be a whole number: got True.", id="true"),
    ],
)
def test_model_config_is_refused(refused, name, text, message):
    """A file of options is as strict as the options themselves."""
    Path(name).write_text(text, encoding="utf-8")
    assert message in refused("analyze", "--model-config", name)


def test_model_config_is_refused_when_there_is_none(refused):
    """The file is named."""
    assert "nowhere.toml cannot be read" in refused("analyze", "--model-config", "nowhere.toml")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param(["-M", "context_length=30"], r"2\^30 = 1,073,741,824 states, a table of 16 GiB", id="K = 30"),
        pytest.param(["-M", "context_length=21"], r"2,097,152 states.*The limit is 1,048,576", id="just above"),
        pytest.param(["--lengths", "all", "-M", "context_length=20"], "all contexts of 1 to 20 of 2 tokens", id="all"),
        pytest.param(["--max-states", 7], r"2\^3 = 8 states.*limit is 7; raise it with --max-states 8", id="own limit"),
        pytest.param(["-M", "context_length=2000"], "a number of 603 digits", id="beyond any machine"),
    ],
)
@pytest.mark.parametrize("command", ["analyze", "draw"])
def test_too_many_states_are_refused_before_training(refused, command, arguments, message):
    """How many, how large, which limit, and which context would fit."""
    said = refused(command, *arguments)
    assert said.startswith("Too many states: ")
    assert re.search(message, said)
    assert re.search(r"With 2 tokens, context_length=\d+ is the longest that fits\.$", said)


@pytest.mark.parametrize("name", ["a.pdf", "a", "json", "a.json.gz", ""])
def test_output_of_unknown_kind_is_refused_before_training(refused, name):
    """The suffixes that there are stand in the message."""
    assert f"'-o': {name!r} ends in none of .json, .md, .npz" in refused("analyze", "-o", name)


def test_save_model_is_refused_before_training_when_the_folder_cannot_be_made(refused):
    """A file stands in the way."""
    Path("file").write_text("", encoding="utf-8")
    assert "the folder file cannot be made: File exists." in refused("analyze", "--save-model", "file")
    assert "the folder file/kept cannot be made: Not a directory." in refused("analyze", "--save-model", "file/kept")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param(["--end", "1"], "need --reachable-from CONTEXT", id="end"),
        pytest.param(["--min-probability", 0.1], "need --reachable-from CONTEXT", id="min-probability"),
        pytest.param(["--min-reach", 0.1], "need --reachable-from CONTEXT", id="min-reach"),
        pytest.param(["--outside", "absorb"], "need --reachable-from CONTEXT", id="outside"),
        pytest.param(["--tokens", "0,7"], "'7' is no token of babygpt, which has 2: 0 1.", id="unknown token"),
        pytest.param(["--tokens", "0,"], "'' is no token of babygpt", id="empty token"),
        pytest.param(["--tokens", "0,0"], "needs different tokens from 0..1", id="token twice"),
        pytest.param(["--likely-tokens", 1], "--likely-tokens needs --prefix", id="likely without prefix"),
        pytest.param(["--likely-tokens", 1, "--prefix", ""], "a context of at least one token", id="empty prefix"),
        pytest.param(["--likely-tokens", 9, "--prefix", "0"], "is from 1 to 2: got 9", id="too many likely"),
        pytest.param(["--tokens", "0", "--likely-tokens", 1, "--prefix", "0"], "give one of them", id="both choices"),
        pytest.param(["--prefix", "2"], "Token outside the vocabulary: character '2' at position 0", id="prefix"),
        pytest.param(["--prefix", "010"], "looks back 3 tokens, of which the prompt takes 3", id="no room"),
        pytest.param(["--reachable-from", "2"], "'2' in the context '2' is no token", id="start"),
        pytest.param(["--reachable-from", ""], "The start must be 1 to 3 tokens of 0..1: got", id="empty start"),
        pytest.param(["--reachable-from", "0101"], "The start must be 1 to 3 tokens", id="long start"),
        pytest.param(["--reachable-from", "0", "--end", "2"], "'2' is no token of babygpt", id="unknown end"),
        pytest.param(["--reachable-from", "0", "--lengths", "all"], "not with --reachable-from", id="lengths"),
        pytest.param(["--reachable-from", "0", "--strategy", "loop"], "not with --reachable-from", id="strategy"),
        pytest.param(["--reachable-from", "0", "--max-states", 3], "More than 3 contexts can be reached", id="limit"),
        pytest.param(
            ["--reachable-from", "0", "--min-probability", 1], "min_probability must be from 0 to below 1", id="cut 1"
        ),
        pytest.param(["--reachable-from", "0", "--min-reach", 1], "min_reach must be from 0 to below 1", id="reach 1"),
        pytest.param(["--reachable-from", "0", "--min-probability", "nan"], "from 0 to below 1: got nan", id="cut nan"),
    ],
)
def test_part_of_a_model_is_refused(refused, untrained_folder, arguments, message):
    """Which options belong together, and which tokens there are."""
    assert message in refused("analyze", "--model", untrained_folder, *arguments)
