"""Is every row of a table a probability distribution?"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from markovgpt.chain import MarkovChain
from markovgpt.errors import ArgumentError
from markovgpt.sparse_chain import SparseChain
from markovgpt.testing.assertions.subjects import check_number
from markovgpt.testing.messages import failure, number

__all__ = ["assert_stochastic"]


def assert_stochastic(table: Any, *, atol: float = 1e-6) -> None:
    """Every row is a probability distribution: ``entry >= 0`` and ``|sum - 1| <= atol``, no NaN.

    Parameters
    ----------
    table : (n, m) array, tensor, nested lists, or sparse; or a chain
        Next-token probabilities (n, V), or a transition matrix (n, n).
    atol : float
        Allowed error of a row sum.

    Raises
    ------
    AssertionError
        Names the worst row, and what the table looks like instead.
    ArgumentError
        It is no table of numbers.

    Examples
    --------
    >>> assert_stochastic([[0.5, 0.5], [0.9, 0.1]])
    >>> assert_stochastic([[0.5, 0.5], [0.9, 0.2]])
    Traceback (most recent call last):
    AssertionError: The table is not stochastic
      rows       1 of 2 are no probability distributions, atol=1e-06
      worst row  1: sum 1.1, smallest entry 0.2, largest 0.9
    """
    __tracebackhide__ = True
    check_number("atol", atol)
    values = _numbers(table)
    sums, low, high = values.sum(axis=1), values.min(axis=1), values.max(axis=1)  # (n,)
    with np.errstate(invalid="ignore"):
        defects = np.where(low >= 0, abs(sums - 1), np.inf)
    defects[np.isnan(values).any(axis=1)] = np.inf
    bad = ~(defects <= atol)
    if not bad.any():
        return
    worst = int(np.argmax(defects))
    label = f" ({table.label(worst)})" if isinstance(table, MarkovChain | SparseChain) else ""
    raise AssertionError(
        failure(
            "The table is not stochastic",
            ("rows", f"{int(bad.sum()):,} of {len(values):,} are no probability distributions, atol={atol:g}"),
            (
                "worst row",
                f"{worst}{label}: sum {sums[worst]:.6g}, smallest entry {low[worst]:.6g}, largest {high[worst]:.6g}",
            ),
            ("likely", _likely(values, sums, atol)),
        )
    )


def _numbers(table: Any) -> NDArray[np.float64]:
    if isinstance(table, MarkovChain):
        return table.probabilities
    given = table.matrix if isinstance(table, SparseChain) else table
    if hasattr(given, "toarray"):
        given = given.toarray()
    if hasattr(given, "detach"):
        given = given.detach().cpu().double().numpy()
    try:
        values = np.asarray(given, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ArgumentError(f"A table is a rectangle of numbers: {error}.") from error
    if values.ndim != 2 or 0 in values.shape:
        raise ArgumentError(f"A table has rows and columns, (n, V) or (n, n): got shape {values.shape}.")
    return values


def _likely(values: NDArray[np.float64], sums: NDArray[np.float64], atol: float) -> str:
    if np.isnan(values).any():
        return f"{int(np.isnan(values).any(axis=1).sum()):,} rows hold NaN: 0/0, or a softmax of infinities"
    rows, columns = values.shape
    if rows == columns and (values >= 0).all() and (abs(values.sum(axis=0) - 1) <= atol).all():
        return "it is transposed: its columns sum to 1"
    with np.errstate(over="ignore", invalid="ignore"):
        if (values <= 0).all() and (abs(np.exp(values).sum(axis=1) - 1) <= max(atol, 1e-6)).all():
            return "these are log-probabilities: take exp"
    if (values < 0).any():
        return "these are logits: apply the softmax along the last axis"
    if (values == np.round(values)).all() and values.max() > 1:
        return "these are counts: divide every row by its sum"
    defect = float(abs(sums - 1).max())
    if defect < 0.02:
        return f"half precision: the sums are within {number(defect)}; compute the softmax in float32 or float64"
    return ""
