"""``markovgpt generate``: does it print what the library draws?"""

from __future__ import annotations

import pytest
from click.testing import CliRunner

import markovgpt as mg
from markovgpt.cli import main

MODEL = mg.load_model("babygpt", steps=0)


def run(*arguments):
    return CliRunner().invoke(main, ["generate", "--untrained", *arguments])


def test_generate_prints_prompt_and_drawn_tokens():
    """The rows of ``markovgpt.generate``, a line each."""
    result = run("--prompt", "011", "-n", "20", "--samples", "3", "--sample-seed", "5")
    rows = mg.generate(MODEL, [[0, 1, 1]] * 3, 20, seed=5)
    assert result.exit_code == 0
    assert result.output.splitlines() == ["".join(map(str, row)) for row in rows.tolist()]


def test_generate_is_the_same_for_the_same_seed_and_another_for_another():
    texts = [run("--prompt", "0", "-n", "60", "--sample-seed", seed).output for seed in ("1", "1", "2")]
    assert texts[0] == texts[1] != texts[2]


def test_generate_takes_decoding_options():
    result = run("--prompt", "01", "-n", "12", "--greedy")
    expected = mg.generate(MODEL, [[0, 1]], 12, seed=0, temperature=0)[0]
    assert result.output.strip() == "".join(map(str, expected.tolist()))
    for temperature in ("0.01", "0"):
        cold = run("--prompt", "01", "-n", "12", "--temperature", temperature)
        assert cold.output == result.output


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--prompt", ""), "--prompt has at least one token: got none."),
        (("--prompt", "012"), "character '2' at position 2"),
        (("--prompt", "0", "--temperature", "-1"), "at least 0; 0 always takes the likeliest token: got -1.0"),
        (
            ("--prompt", "0", "--temperature", "nan", "--greedy"),
            "at least 0; 0 always takes the likeliest token: got nan",
        ),
        (("--prompt", "0", "-n", "0"), "0 is not in the range"),
        ((), "Missing option '--prompt'"),
    ],
)
def test_generate_refuses_wrong_use(arguments, message):
    result = run(*arguments)
    assert result.exit_code == 2
    assert message in result.output
