"""How much slower is an empty run of pytest with the plugin? Whole processes, with and without it in turn."""

import os
import resource
import statistics
import subprocess
import sys
from importlib.metadata import entry_points

import pytest

ROUNDS = 21
FOUND_BY_ITSELF = any(point.name == "markovgpt" for point in entry_points(group="pytest11"))
CALLS = {
    "with the plugin": [] if FOUND_BY_ITSELF else ["-p", "markovgpt.pytest_plugin"],
    "without": ["-p", "no:markovgpt"],
}


def cpu_seconds_of(arguments, folder):
    """Processor time of an empty run: wall time of so short a thing says more of the machine's other work."""
    env = dict(os.environ) if FOUND_BY_ITSELF else {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(  # noqa: S603  # our own program
        [sys.executable, "-m", "pytest", "-q", *arguments], cwd=folder, env=env, capture_output=True, check=False
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert done.returncode == pytest.ExitCode.NO_TESTS_COLLECTED, done.stdout
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


@pytest.mark.benchmark(group="start-up: an empty run of pytest")
def test_pytest_startup(benchmark, tmp_path):
    """Reported: with and without it the least and the median, in milliseconds of processor time."""
    rounds = ROUNDS if benchmark.enabled else 1
    found = {name: [] for name in CALLS}

    def measure():
        for number in range(rounds):
            for name in list(CALLS) if number % 2 else reversed(CALLS):
                found[name].append(cpu_seconds_of(CALLS[name], tmp_path))

    benchmark.pedantic(measure, rounds=1)
    benchmark.extra_info["method"] = f"all {len(CALLS) * rounds} runs"
    for what, figure in (("least", min), ("median", statistics.median)):
        with_it, without = (1000 * figure(found[name]) for name in CALLS)
        benchmark.extra_info[f"{what} without the plugin, ms"] = without
        benchmark.extra_info[f"{what} with it, ms"] = with_it
