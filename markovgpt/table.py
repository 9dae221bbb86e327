"""How does a hand-written table of probabilities become a chain?"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from markovgpt.chain import MarkovChain
from markovgpt.errors import TableError
from markovgpt.origin import Origin
from markovgpt.statespace import Lengths, StateSpace
from markovgpt.vocabulary import Vocabulary

__all__ = ["chain_from_table"]

_ROW_SUM_TOLERANCE = 1e-6


def chain_from_table(
    table: ArrayLike, *, lengths: Lengths = "full", tokens: Sequence[str] | None = None
) -> MarkovChain:
    """The chain of a hand-written table of probabilities.

    Parameters
    ----------
    table : (V**K, V) probabilities, or (V + ... + V**K, V) with ``lengths="all"``
        Row s is the next-token distribution of state s, oldest token most significant. K follows from the shape.
    lengths : "full" or "all"
        Which states the rows are.
    tokens : V texts, optional
        ``"0", "1", ...`` by default.

    Raises
    ------
    TableError
        The shape fits no K, an entry is negative or not finite, or ``|sum of a row - 1| <= 1e-6`` does not hold. Rows
        within that tolerance are divided by their sum; ``origin.row_defect`` of the chain says by how much they missed.

    Examples
    --------
    >>> chain = chain_from_table([[0.9, 0.1], [0.4, 0.6]])
    >>> chain.push([1.0, 0.0])
    array([0.9, 0.1])
    """
    try:
        probabilities = np.array(table, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise TableError(f"A table of probabilities is a rectangle of numbers: {error}.") from error
    if probabilities.ndim != 2 or 0 in probabilities.shape:
        raise TableError(f"A table has one row a state and one column a token: got shape {probabilities.shape}.")
    states = _space_of_shape(len(probabilities), probabilities.shape[1], lengths)
    vocabulary = Vocabulary.numbered(states.vocab_size) if tokens is None else Vocabulary(tokens=tuple(tokens))
    sums = _checked_sums(probabilities, states, vocabulary)  # (n,)
    origin = Origin(row_defect=max(float(sums.max()) - 1, 1 - float(sums.min())))
    probabilities /= sums[:, None]
    return MarkovChain(states=states, probabilities=probabilities, vocabulary=vocabulary, origin=origin)


def _space_of_shape(n: int, V: int, lengths: Lengths) -> StateSpace:
    K = 1
    grows = (V, lengths) != (1, "full")  # with one token there is one state of full length, whatever K
    while (space := StateSpace(vocab_size=V, context_length=K, lengths=lengths)).n_states < n and grows:
        K += 1
    if space.n_states != n:
        count = "V**K" if lengths == "full" else "V + V**2 + ... + V**K"
        raise TableError(
            f"A table with {V} columns has {count} rows for some context length K "
            f"(for example {space.n_states} rows, K={K}): got {n} rows.",
            rows=n,
            columns=V,
        )
    return space


def _checked_sums(
    probabilities: NDArray[np.float64], states: StateSpace, vocabulary: Vocabulary
) -> NDArray[np.float64]:
    sums: NDArray[np.float64] = probabilities.sum(axis=1)  # (n,)
    good = (abs(sums - 1) <= _ROW_SUM_TOLERANCE) & (probabilities >= 0).all(axis=1)  # NaN fails both
    if good.all():
        return sums
    row = int(np.argmin(good))
    raise TableError(
        f"Row {row} ({vocabulary.label(states.context(row))!r}) of the transition table must be a probability "
        f"distribution: got sum {sums[row]:.6g} and smallest entry {probabilities[row].min():.6g}, allowed error "
        f"of the sum {_ROW_SUM_TOLERANCE:g}. {int((~good).sum())} of {len(good)} rows are not one. "
        "Pass probabilities that sum to 1, not logits or counts.",
        row=row,
        sum=float(sums[row]),
    )
