"""How long does the program take to say anything? Whole processes, as the user starts them."""

import subprocess
import sys

import pytest

CALLS = {
    "python alone": ["-c", "pass"],
    "import markovgpt": ["-c", "import markovgpt"],
    "--help": ["-m", "markovgpt", "--help"],
    "analyze --help": ["-m", "markovgpt", "analyze", "--help"],
    "analyze --model babygpt": ["-m", "markovgpt", "analyze", "--model", "babygpt"],
}


@pytest.mark.benchmark(group="start-up")
@pytest.mark.parametrize("arguments", CALLS.values(), ids=CALLS.keys())
def test_startup(benchmark, arguments):
    result = benchmark.pedantic(
        subprocess.run,
        args=([sys.executable, *arguments],),
        kwargs={"capture_output": True, "check": True},
        rounds=5,
        warmup_rounds=1,
    )
    assert result.returncode == 0
