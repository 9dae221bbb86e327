"""When does ``markovgpt compare --fail-above`` fail? Exit code 1 above a limit, 0 up to it, 2 without a number."""

from __future__ import annotations

from pathlib import Path

import pytest

# Of babygpt against its data: excess .1737, worst context .2201, KL rate .2072, unseen .1736 (test_command_compare.py).
# Against its n-gram model of order 2: worst state 000, .2684; 111 has another likeliest token; long run .1736 apart.


def call(run, folder, *arguments):
    return run("compare", "--model", folder, *arguments)


@pytest.mark.parametrize(
    ("limit", "code"),
    [
        pytest.param("0.17", 1, id="excess by default, above"),
        pytest.param("0.18", 0, id="excess by default, below"),
        pytest.param("excess=0.17", 1, id="excess, above"),
        pytest.param("tv=0.22", 1, id="tv, above"),
        pytest.param("tv=0.221", 0, id="tv, below"),
        pytest.param("kl-rate=0.2", 1, id="kl-rate, above"),
        pytest.param("kl-rate=0.21", 0, id="kl-rate, below"),
        pytest.param("unseen=0.17", 1, id="unseen, above"),
        pytest.param("unseen=0.18", 0, id="unseen, below"),
        pytest.param("0", 1, id="nothing allowed"),
        pytest.param("inf", 0, id="all allowed"),
    ],
)
def test_fail_above_judges_a_comparison_with_data(run, babygpt_folder, limit, code):
    """The report is printed all the same."""
    result = call(run, babygpt_folder, "--fail-above", limit)
    assert result.exit_code == code
    assert result.stdout.startswith("babygpt against its training data")


@pytest.mark.parametrize(
    ("limit", "code"),
    [
        pytest.param("0.268", 1, id="tv by default, above"),
        pytest.param("0.269", 0, id="tv by default, below"),
        pytest.param("greedy=0", 1, id="greedy, above"),
        pytest.param("greedy=1", 0, id="greedy, at the limit"),
        pytest.param("long-run=0.17", 1, id="long-run, above"),
        pytest.param("long-run=0.18", 0, id="long-run, below"),
        pytest.param("kl-rate=9", 1, id="kl-rate, infinite"),
    ],
)
def test_fail_above_judges_a_comparison_with_a_model(run, babygpt_folder, limit, code):
    """What the n-gram model excludes, the first model writes: an infinite rate is above every number."""
    assert call(run, babygpt_folder, "--order", 2, "--fail-above", limit).exit_code == code


@pytest.mark.parametrize(
    ("limit", "code"), [("0.42", 1), ("0.43", 0), ("unseen=0.41", 1), ("unseen=0.42", 0), ("tv=0.4", 1), ("tv=0.6", 0)]
)
def test_fail_above_judges_the_last_step_of_training(run, limit, code):
    """After one step the excess is .4224, after none .4573; 41.13% of the time in contexts never seen."""
    assert run("compare", "--over-training", "0,1", "--fail-above", limit).exit_code == code


def test_fail_above_says_what_is_above_and_by_how_much(run, babygpt_folder):
    """Two of three, in the order asked for; in one message, the last line."""
    limits = ["--fail-above", "tv=0.1", "--fail-above", "unseen=1", "--fail-above", "0.1"]
    result = call(run, babygpt_folder, *limits)
    assert result.exit_code == 1
    assert result.stderr.startswith("Error: Above the limit: total variation of the worst context: 0.2200")
    assert "allowed 0.1; excess over the data's own frequencies, bits per token: 0.1736" in result.stderr
    assert "never seen" not in result.stderr


def test_fail_above_writes_the_files_first(run, babygpt_folder):
    """A script wants to look at what failed."""
    result = call(run, babygpt_folder, "--fail-above", "0.1", "-o", "a.json", "--graph", "g.dot")
    assert result.exit_code == 1
    assert Path("a.json").exists()
    assert Path("g.dot").exists()


def test_fail_above_fails_on_an_infinite_excess(run, babygpt_folder):
    """Greedy decoding excludes what occurs."""
    result = call(run, babygpt_folder, "--greedy", "--fail-above", "1e9")
    assert (result.exit_code, "inf, allowed 1e+09" in result.stderr) == (1, True)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param(
            ["--fail-above", "long-run=1"], "long-run: it was not computed in this comparison", id="of models"
        ),
        pytest.param(
            ["--max-states", 7, "--fail-above", "unseen=1"], "Computed were excess, tv.", id="too many states"
        ),
        pytest.param(
            ["--data", "0001", "--fail-above", "kl-rate=1"], "Computed were excess, tv, unseen.", id="no chain"
        ),
        pytest.param(
            ["--order", 2, "--fail-above", "unseen=1"], "Computed were tv, kl-rate, long-run, greedy.", id="of data"
        ),
    ],
)
def test_fail_above_refuses_what_was_not_computed(run, babygpt_folder, arguments, message):
    """No number is not a small number: exit code 2, and what there is instead."""
    result = call(run, babygpt_folder, *arguments)
    assert result.exit_code == 2
    assert message in result.stderr


@pytest.mark.parametrize(
    ("limit", "message"),
    [
        pytest.param("nonsense=1", "there is no metric 'nonsense'. Known are excess, tv, kl-rate", id="metric"),
        pytest.param("tv=x", "a limit is a number of at least 0, for example tv=0.05: got 'x'", id="word"),
        pytest.param("tv=", "a limit is a number of at least 0, for example tv=0.05: got ''", id="nothing"),
        pytest.param("nan", "for example excess=0.05: got 'nan'", id="nan"),
        pytest.param("-1", "for example excess=0.05: got '-1'", id="negative"),
    ],
)
def test_fail_above_refuses_what_is_no_limit(refused, limit, message):
    """Before anything is trained."""
    assert message in refused("compare", "--fail-above", limit)


def test_fail_above_refuses_over_training_what_is_not_known_of_a_step(refused):
    """Steps have no KL rate."""
    message = refused("compare", "--over-training", "0,1", "--fail-above", "kl-rate=1")
    assert message == "Over training, --fail-above knows excess, tv and unseen: those of the last step."
