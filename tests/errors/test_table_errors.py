"""What is no table of next-token probabilities."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import markovgpt as mg
from markovgpt import TableError
from markovgpt.report.contents import report_sections

_ROWS = "must be a probability distribution"


@pytest.mark.parametrize(
    ("bad_row", "message"),
    [
        pytest.param([0.5, 0.43], r"got sum 0\.93 and smallest entry 0\.43", id="sum too small"),
        pytest.param([0.5, 0.51], r"got sum 1\.01", id="sum too large"),
        pytest.param([0.0, 0.0], r"got sum 0 ", id="zeros"),
        pytest.param([1.01, -0.01], r"smallest entry -0\.01", id="negative"),
        pytest.param([np.nan, 1.0], r"got sum nan", id="NaN"),
        pytest.param([np.inf, 0.0], r"got sum inf", id="infinite"),
        pytest.param([0.5, 0.5 + 2e-6], r"allowed error of the sum 1e-06", id="just outside the tolerance"),
    ],
)
def test_chain_from_table_refuses_a_row_that_is_no_law(bad_row: list[float], message: str) -> None:
    """Row 5 of eight, which is 101: row, label, sum and smallest entry are named."""
    table = np.full((8, 2), 0.5)
    table[5] = bad_row
    with pytest.raises(TableError, match=rf"^Row 5 \('101'\) of the transition table {_ROWS}: .*{message}") as caught:
        mg.chain_from_table(table)
    assert caught.value.facts["row"] == 5


def test_chain_from_table_counts_the_rows_that_are_no_laws() -> None:
    """Logits in place of probabilities: every row is wrong, the first is shown."""
    with pytest.raises(TableError, match=r"^Row 0 .* 4 of 4 rows are not one. Pass probabilities .*, not logits"):
        mg.chain_from_table(np.tile([1.5, -0.3], (4, 1)))


@pytest.mark.parametrize(
    ("table", "message"),
    [
        pytest.param([0.5, 0.5], r"one row a state and one column a token: got shape \(2,\)", id="a vector"),
        pytest.param(np.full((2, 2, 2), 0.5), r"got shape \(2, 2, 2\)", id="a cube"),
        pytest.param(0.5, r"got shape \(\)", id="a number"),
        pytest.param(np.empty((0, 2)), r"got shape \(0, 2\)", id="no rows"),
        pytest.param(np.empty((2, 0)), r"got shape \(2, 0\)", id="no columns"),
        pytest.param([[0.5, 0.5], [1.0]], "is a rectangle of numbers", id="ragged"),
        pytest.param([["a", "b"]], "is a rectangle of numbers", id="texts"),
    ],
)
def test_chain_from_table_refuses_what_is_no_table(table: Any, message: str) -> None:
    """Two dimensions, numbers, at least one row and column."""
    with pytest.raises(TableError, match=message):
        mg.chain_from_table(table)


@pytest.mark.parametrize(
    ("rows", "lengths", "message"),
    [
        pytest.param(
            5, "full", r"A table with 2 columns has V\*\*K rows for some context length K .*: got 5 rows", id="5"
        ),
        pytest.param(3, "full", "got 3 rows", id="3"),
        pytest.param(1, "full", "got 1 rows", id="1"),
        pytest.param(8, "all", r"has V \+ V\*\*2 \+ \.\.\. \+ V\*\*K rows .*: got 8 rows", id="8 for all lengths"),
    ],
)
def test_chain_from_table_refuses_a_number_of_rows_that_fits_no_k(rows: int, lengths: Any, message: str) -> None:
    """Two columns need 2, 4, 8, ... rows, or 2, 6, 14, ... for all lengths."""
    with pytest.raises(TableError, match=message) as caught:
        mg.chain_from_table(np.full((rows, 2), 0.5), lengths=lengths)
    assert caught.value.facts == {"rows": rows, "columns": 2}


def test_chain_from_table_refuses_texts_that_are_not_one_a_token() -> None:
    """Two columns, three texts."""
    with pytest.raises(TableError, match=r"2 token texts: got .* 3 texts"):
        mg.chain_from_table([[0.5, 0.5], [0.5, 0.5]], tokens=["a", "b", "c"])


def test_rows_that_miss_1_within_the_tolerance_are_divided_and_the_worst_is_stated() -> None:
    """Sums of 1 - 3e-7 and 1 + 1e-7: both rows sum to 1 afterwards, and the chain, its model and its report know by
    how much they missed.
    """
    table = np.array([[0.5, 0.5 - 3e-7], [0.25, 0.75 + 1e-7]])
    chain = mg.chain_from_table(table)
    np.testing.assert_allclose(chain.probabilities.sum(axis=1), 1, rtol=1e-15)
    assert chain.origin.row_defect == pytest.approx(3e-7, rel=1e-6)
    built = mg.build_chain(mg.from_matrix(table))
    assert built.origin.row_defect == chain.origin.row_defect
    about, *_ = report_sections(mg.analyze(mg.from_matrix(table)))
    assert about.notes == ("Rows were divided by their sums, which missed 1 by up to 3.0e-07.",)
