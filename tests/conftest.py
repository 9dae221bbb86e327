"""What do many tests share? The trained notebook model, its chain, and how hypothesis runs."""

from __future__ import annotations

import os

import pytest
from hypothesis import settings

import markovgpt as mg

pytest_plugins = ("pytester",)  # tests of our pytest plugin run a pytest of their own

# Repeatable by default: the same examples in every run, and no clock, since the machine may be busy. Looking for new
# counterexamples is a decision: pytest tests/laws --hypothesis-profile=explore
settings.register_profile("repeatable", deadline=None, derandomize=True, database=None, max_examples=30)
settings.register_profile("explore", deadline=None, database=None, max_examples=500)
settings.load_profile("repeatable")

# A test that starts another Python must not start a torch with more threads than the machine has to spare.
os.environ.setdefault("OMP_NUM_THREADS", "1")


@pytest.fixture(scope="session")
def untrained():
    """babygpt before its first step."""
    return mg.load_model("babygpt", steps=0)


@pytest.fixture(scope="session")
def babygpt():
    """babygpt after the notebook's 50 steps."""
    return mg.load_model("babygpt")


@pytest.fixture(scope="session")
def babygpt_chain(babygpt):
    """The 8-state chain of the trained babygpt."""
    return mg.build_chain(babygpt)
