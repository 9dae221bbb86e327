"""When are two chains equal, and what is said if they should be and are not?"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from strategies import chains

import markovgpt as mg
from markovgpt.origin import Origin
from markovgpt.pytest_plugin.explaining import explain
from markovgpt.testing import approx_chain

TABLE = [[0.5, 0.5], [0.9, 0.1], [0.25, 0.75], [0.6, 0.4]]


def _chain(table=TABLE, **options):
    return mg.chain_from_table(table, **options)


def _changed(row, law):
    table = np.array(TABLE)
    table[row] = law
    return table


@given(chain=chains())
def test_chain_is_equal_to_its_copy(chain):
    """Made again from the same numbers; the hashes agree, as they must, and so do the fingerprints."""
    vocabulary = mg.Vocabulary(tokens=chain.vocabulary.tokens)
    copy = mg.MarkovChain(states=chain.states, probabilities=chain.probabilities.copy(), vocabulary=vocabulary)
    assert chain == copy
    assert hash(chain) == hash(copy)
    assert chain.fingerprint == copy.fingerprint


def test_chain_is_equal_wherever_it_came_from():
    """The name and all else of its origin are no part of the law."""
    assert _chain() == replace(_chain(), origin=Origin(model="another name", strategy="batched", seconds=3.0))


@pytest.mark.parametrize(
    "other",
    [
        _chain(_changed(2, [0.25 + 2**-54, 0.75 - 2**-54 * 2])),
        _chain(tokens=["a", "b"]),
        _chain(TABLE[:2]),
        _chain([*TABLE, [0.5, 0.5], [0.5, 0.5]], lengths="all"),
        "a chain",
        None,
    ],
    ids=["last bit", "texts", "shorter contexts", "contexts of all lengths", "text", "nothing"],
)
def test_chain_is_not_equal_to(other):
    """One bit is enough; other things are simply not equal."""
    assert _chain() != other


def test_equal_chains_are_one_in_a_set():
    """By the hash and by equality."""
    assert len({_chain(), _chain(), _chain(TABLE[:2])}) == 2


def test_explanation_names_the_rows_that_differ():
    """By label, with both laws, and the largest distance: |0.25 - 0.2| = 0.05."""
    chain = "<MarkovChain of table: 4 states, V=2, K=2, lengths='full'>"
    assert explain(_chain(), _chain(_changed(2, [0.2, 0.8]))) == [
        f"{chain} == {chain}",
        "  rows       1 of 4 differ; largest TV 0.05 at '10'",
        "  '10'       [0.25, 0.75] != [0.2, 0.8]",
    ]


def test_explanation_shows_the_first_rows_of_many():
    """Five of eight, and how many others; six tokens of seven."""
    one, other = np.eye(7)[[0] * 7], np.eye(7)[[1] * 7]
    lines = explain(_chain(one), _chain(other))
    assert lines[1] == "  rows       7 of 7 differ; largest TV 1 at '0'"
    assert lines[2] == "  '0'        [1, 0, 0, 0, 0, 0, ...] != [0, 1, 0, 0, 0, 0, ...]"
    assert lines[7:] == ["  ... and 2 other rows"]


@pytest.mark.parametrize(
    ("other", "line"),
    [
        (_chain(tokens=["0", "b"]), "  texts      token 1 is '1' != 'b'"),
        (_chain(TABLE[:2]), "  context    2 != 1"),
        (_chain([*TABLE, [0.5, 0.5], [0.5, 0.5]], lengths="all"), "  lengths    full != all"),
        (_chain(np.full((3, 3), 1 / 3)), "  tokens     2 != 3"),
    ],
    ids=["texts", "context", "lengths", "tokens"],
)
def test_explanation_names_other_states_and_tokens(other, line):
    """What there is to say before rows can be compared."""
    assert line in explain(_chain(), other)


def test_explanation_of_a_rounding_names_the_tolerance():
    """One bit: what to write instead."""
    assert explain(_chain(), _chain(_changed(0, [0.5 + 1e-9, 0.5 - 1e-9])))[-1] == (
        "  likely     rounding: compare with approx_chain(expected, atol=1e-6) of markovgpt.testing"
    )


def test_explanation_of_nearly_equal_chains_is_theirs():
    """With the tolerance, on either side."""
    other = approx_chain(_chain(_changed(2, [0.2, 0.8])), atol=0.01)
    for lines in (explain(_chain(), other), explain(other, _chain())):
        assert "approx_chain(" in lines[0]
        assert any("atol=0.01" in line for line in lines)


@pytest.mark.parametrize("pair", [(1, 2), (_chain(), 3), ("a", _chain())], ids=["numbers", "chain left", "chain right"])
def test_other_things_are_left_to_others(pair):
    """Nothing is said."""
    assert explain(*pair) is None


def test_failing_assertion_shows_the_explanation(run, folder):
    """In a run of pytest, for ``==`` alone."""
    folder.makepyfile(
        test_equal="import markovgpt as mg\n"
        "a, b = mg.chain_from_table([[0.5, 0.5], [0.9, 0.1]]), mg.chain_from_table([[0.5, 0.5], [0.8, 0.2]])\n"
        "def test_equal():\n    assert a == b\n"
        "def test_same():\n    assert a is b\n"
    )
    result = run()
    result.assert_outcomes(failed=2)
    result.stdout.fnmatch_lines(
        ["E *assert <MarkovChain of table: *> == <MarkovChain of table: *>", "E *1 of 2 differ*"]
    )
    assert result.stdout.str().count("1 of 2 differ") == 1
