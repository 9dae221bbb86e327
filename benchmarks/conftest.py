"""How large are the largest chains, and the texts, that are benchmarked? And what is told of the machine?"""

from contextlib import suppress
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version

import pytest
import render

from markovgpt.benchmarking.machine import this_machine


def pytest_addoption(parser):
    parser.addoption("--largest", type=int, default=12, help="Longest context of the chains of two tokens.")
    parser.addoption("--characters", type=int, default=100_000, help="Length of the text that is counted.")
    parser.addoption("--clean-models", type=int, default=8, help="Right models that no check may fail for.")
    parser.addoption("--seeds", type=int, default=1, help="Seeds with which every mutant is looked for.")


def pytest_benchmark_update_machine_info(machine_info):
    """What it is, and not what it is called."""
    machine_info.clear()
    machine_info.update(asdict(this_machine()))
    with suppress(PackageNotFoundError):
        machine_info["versions"]["transformers"] = version("transformers")  # some rows are there with it only


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item):
    """What has no place on the page of results is a failure here, and not when the page is written."""
    result = yield
    benchmark = item.funcargs.get("benchmark")
    if benchmark is not None:
        fault = render.unprintable(benchmark.group or benchmark.name, benchmark.extra_info)
        assert not fault, fault
    return result
