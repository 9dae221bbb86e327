"""How long does the program take to say anything? Whole processes, as the user starts them."""

import subprocess
import sys

import pytest

CALLS = {
    "python alone": ["-c", "pass"],
    "import markovgpt": ["-c", "import markovgpt"],
    "import markovgpt, torch, numba": ["-c", "import markovgpt, torch, numba"],
    "--help": ["-m", "markovgpt", "--help"],
    "analyze --help": ["-m", "markovgpt", "analyze", "--help"],
    "bench --help": ["-m", "markovgpt", "bench", "--help"],
    "analyze --model babygpt": ["-m", "markovgpt", "analyze", "--model", "babygpt"],
}


@pytest.mark.benchmark(group="start-up: one command")
@pytest.mark.parametrize("method", CALLS)
def test_startup(benchmark, method):
    benchmark.extra_info |= {"method": method, "reference": method == "python alone"}
    result = benchmark.pedantic(
        subprocess.run,
        args=([sys.executable, *CALLS[method]],),
        kwargs={"capture_output": True, "check": True},
        rounds=5,
        warmup_rounds=1,
    )
    assert result.returncode == 0
