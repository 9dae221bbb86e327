"""Do the fixtures give what they promise: models, chains that are never stale, golden chains, random numbers?"""

from __future__ import annotations

import json
import re

import numpy as np
import pytest

import markovgpt as mg
from markovgpt.pytest_plugin.chains import Chains
from markovgpt.pytest_plugin.golden import GoldenChains

GOLDEN = """
import markovgpt as mg
CHAIN = mg.chain_from_table({table})

def test_kept(markov_golden):
    markov_golden(CHAIN, atol=1e-4)
"""
RANDOM = """
def test_a(markov_rng):
    print("drawn a", markov_rng.integers(10**9))

def test_b(markov_rng):
    print("drawn b", markov_rng.integers(10**9))
"""


class Weighted:
    """One number is all of it; its fingerprint is that number, or is none."""

    vocab_size, context_length = 2, 1

    def __init__(self, weight, *, fingerprint=True):
        self.weight, self.calls, self._told = weight, 0, fingerprint

    @property
    def fingerprint(self):
        return str(self.weight) if self._told else ""

    def next_logits(self, contexts):
        self.calls += 1
        return np.tile([0.0, self.weight], (len(contexts), 1))


def test_chain_is_built_once():
    """The same object, and the model is not asked again."""
    chains, model = Chains(), Weighted(1.0)
    first, calls = chains.chain(model), model.calls
    assert chains.chain(model) is first
    assert model.calls == calls


def test_chain_with_other_options_is_another():
    """Options of build_chain."""
    chains, model = Chains(), Weighted(1.0)
    assert chains.chain(model).n_states == 2
    assert chains.chain(model, decoding=mg.Decoding(temperature=0.5)).row(0)[1] == pytest.approx(1 / (1 + np.exp(-2.0)))


@pytest.mark.parametrize("told", [True, False], ids=["fingerprint", "no fingerprint"])
def test_chain_of_a_model_that_changed_is_built_again(told):
    """Whether or not it has a fingerprint: never an old chain."""
    chains, model = Chains(), Weighted(0.0, fingerprint=told)
    assert chains.chain(model).row(0)[1] == 0.5
    model.weight = 1.0
    assert chains.chain(model).row(0)[1] == pytest.approx(1 / (1 + np.exp(-1.0)))


def test_chain_of_a_wrapper_with_the_same_fingerprint_is_its_own():
    """A copy that computes otherwise, as a quantised one, may carry the fingerprint of the weights it came from."""
    chains, model = Chains(), Weighted(0.0)

    class Skewed(Weighted):
        def next_logits(self, contexts):
            return np.add(super().next_logits(contexts), [0.0, 3.0])

    assert chains.chain(model) != chains.chain(Skewed(0.0))


def test_chains_are_kept_in_a_bounded_number():
    """The oldest is given up, and built again."""
    chains, models = Chains(), [Weighted(float(i)) for i in range(40)]
    first = [chains.chain(model) for model in models]
    assert chains.chain(models[-1]) is first[-1]
    assert chains.chain(models[0]) is not first[0]


def test_chain_fixture_lasts_for_the_session(run, folder):
    """Two tests, one chain."""
    folder.makepyfile(
        test_chain="seen = []\n"
        + "".join(
            f"def test_{i}(markov_model, markov_chain):\n    seen.append(markov_chain(markov_model))\n" for i in (1, 2)
        )
        + "def test_same():\n    assert seen[0] is seen[1]\n"
    )
    run("--markovgpt-model", "babygpt").assert_outcomes(passed=3)


def _golden(folder, table):
    folder.makepyfile(test_golden=GOLDEN.format(table=table))
    return folder.path / "golden" / "test_golden" / "test_kept.json"


def test_golden_chain_that_is_missing_is_a_failure_that_says_how_to_write_it(run, folder):
    """Not written by itself: a test that never looks at anything would be green."""
    place = _golden(folder, [[0.5, 0.5], [0.9, 0.1]])
    result = run("-rN")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["There is no golden chain at *test_kept.json.*--markovgpt-update-golden."])
    assert result.stdout.str().count("There is no golden chain") == 1
    assert not place.exists()


def test_golden_chain_is_written_then_kept_to_and_then_refused(run, folder):
    """Written beside the test file; within the tolerance it passes, beyond it fails in words."""
    place = _golden(folder, [[0.5, 0.5], [0.9, 0.1]])
    run("--markovgpt-update-golden").assert_outcomes(passed=1)
    assert json.loads(place.read_text())["rows"][1] == ["1", 0.9, 0.1]
    _golden(folder, [[0.5, 0.5], [0.90005, 0.09995]])
    run().assert_outcomes(passed=1)
    _golden(folder, [[0.5, 0.5], [0.8, 0.2]])
    result = run()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        ["The chain of table is not the golden one in *", "*1 of 2 differ*", "*--markovgpt-update*"]
    )


def test_golden_chain_that_is_right_is_not_written_again(run, folder):
    """So that a diff shows what changed, and nothing else."""
    place = _golden(folder, [[0.5, 0.5], [0.9, 0.1]])
    run("--markovgpt-update-golden")
    _golden(folder, [[0.5, 0.5], [0.90005, 0.09995]])
    run("--markovgpt-update-golden").assert_outcomes(passed=1)
    assert json.loads(place.read_text())["rows"][1] == ["1", 0.9, 0.1]
    _golden(folder, [[0.5, 0.5], [0.8, 0.2]])
    run("--markovgpt-update-golden").assert_outcomes(passed=1)
    assert json.loads(place.read_text())["rows"][1] == ["1", 0.8, 0.2]


def test_golden_chain_that_is_damaged_is_mended_by_an_update(run, folder):
    """And refused without one."""
    place = _golden(folder, [[0.5, 0.5], [0.9, 0.1]])
    place.parent.mkdir(parents=True)
    place.write_text("{", encoding="utf-8")
    result = run()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["No golden chain can be read from *"])
    run("--markovgpt-update-golden").assert_outcomes(passed=1)
    run().assert_outcomes(passed=1)


def test_two_golden_chains_of_a_test_need_names(tmp_path):
    """The second would be compared with the first."""
    a, b = mg.chain_from_table([[0.5, 0.5]] * 2), mg.chain_from_table([[0.4, 0.6]] * 2)
    named = GoldenChains(tmp_path / "test_x.py", "test_x.py::test_a", update=True)
    named(a)
    named(b, "warm")
    assert len(list(tmp_path.rglob("*.json"))) == 2
    with pytest.raises(pytest.fail.Exception, match="two golden chains under one name: give each a name"):
        named(b)


def test_golden_chains_of_different_tests_have_different_files(tmp_path):
    """Also where a name has to be changed for the file system."""
    names = ["test_a", "test_b", "A::test_a", "test_a[x/y]", "test_a[x_y]", "test_a[x:y]", "t" * 300, "t" * 299]
    places = [GoldenChains(tmp_path / "test_x.py", f"test_x.py::{name}", update=False).path() for name in names]
    assert len({str(place).lower() for place in places}) == len(names)
    assert all(place.parent == tmp_path / "golden" / "test_x" for place in places)
    assert all(re.fullmatch(r"[\w.\[\]=,+-]{1,130}", place.name) for place in places)


def _drawn(result):
    return dict(re.findall(r"drawn (\w) (\d+)", result.stdout.str()))


def test_random_numbers_do_not_depend_on_other_tests(run, folder):
    """Alone, together, and in the other order."""
    folder.makepyfile(test_random=RANDOM)
    both = _drawn(run("-s"))
    assert set(both) == {"a", "b"}
    assert _drawn(run("-s", "test_random.py::test_b", "test_random.py::test_a")) == both
    assert _drawn(run("-s", "-k", "test_b")) == {"b": both["b"]}


def test_random_numbers_depend_on_the_test_and_on_the_seed(run, folder):
    """Four different numbers."""
    folder.makepyfile(test_random=RANDOM)
    first, second = _drawn(run("-s")), _drawn(run("-s", "--markovgpt-seed", 1))
    assert len({*first.values(), *second.values()}) == 4


def test_options_of_a_test_are_those_of_its_marker_then_of_the_run(run, folder):
    """Marker, command line, ini file, default."""
    folder.makeini("[pytest]\nmarkovgpt_n = 300\nmarkovgpt_seed = 4\n")
    folder.makepyfile(
        test_options="import pytest\n"
        "@pytest.mark.markovgpt(alpha=0.01)\n"
        "def test_marked(markov_options):\n"
        "    assert markov_options == {'alpha': 0.01, 'n': 300, 'seed': 9}\n"
        "def test_plain(markov_options):\n"
        "    assert markov_options == {'alpha': 1e-6, 'n': 300, 'seed': 9}\n"
    )
    run("--markovgpt-seed", 9, "--strict-markers").assert_outcomes(passed=2)


@pytest.mark.parametrize(
    ("marker", "message"),
    [
        ("alpha=2", "The marker's alpha is the rate of false alarms, a number between 0 and 1: got 2."),
        ("n=0", "The marker's n is a whole number of at least 1: got 0."),
        ("seed=True", "The marker's seed is a whole number of at least 0: got True."),
        ("sead=1", "The marker markovgpt takes alpha=, n=, seed=, atol= and timeout=: got sead=."),
        ("3", "The marker markovgpt takes alpha=, n=, seed=, atol= and timeout=: got 3 without a name."),
    ],
)
def test_marker_that_cannot_be_is_an_error_of_its_test(run, folder, marker, message):
    """Even if the test uses none of it."""
    folder.makepyfile(test_marked=f"import pytest\n@pytest.mark.markovgpt({marker})\ndef test_it():\n    pass\n")
    result = run()
    result.assert_outcomes(errors=1)
    assert message in result.outlines


def test_option_that_build_chain_has_not_is_refused(run, folder):
    """By its name, with those that there are."""
    folder.makepyfile(
        test_option="import pytest\nfrom models import fair\nfrom markovgpt import ArgumentError\n"
        "def test_it(markov_chain):\n"
        "    with pytest.raises(ArgumentError, match=\"has no option 'topk': its options are lengths, decoding,\"):\n"
        "        markov_chain(fair, topk=3)\n"
    )
    folder.syspathinsert()
    run().assert_outcomes(passed=1)
