"""In which recurrent class does the chain end, from a given start? Probabilities with proven bounds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import fsum
from typing import Any, final

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import coo_array, csgraph

from markovgpt.analysis.classes import CommunicatingClass, CommunicatingClasses, communicating_classes
from markovgpt.chain import MarkovChain, check_is_chain
from markovgpt.errors import ArgumentError, NotComputedError
from markovgpt.kernels.compiled import can_compile
from markovgpt.solvers.absorbing import Ending, absorb_by_elimination, absorb_by_pushing, absorb_by_returning
from markovgpt.sparse_chain import SparseChain

__all__ = ["Absorption", "absorption_probabilities"]

ELIMINATION_LIMIT = 4096
"""Most states, classes included, of an elimination; where more can be passed on the way, mass is pushed."""

Progress = Callable[[str, int, int], None]


@final
@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Absorption:
    """Probability of ending in each recurrent class, in the order of their lowest states.

    Attributes
    ----------
    probabilities : (c,) float64, read-only
        The best guess, between the bounds.
    lower, upper : (c,) float64, read-only
        Proven: ``lower <= exact probability <= upper``, rounding included.
    method : str
        "one class" (nothing to compute), "elimination", "pushing" or "returning to the start".
    steps : int
        Pushes or cycles that were made; 0 for the other methods.
    classes : tuple of CommunicatingClass
        The recurrent classes.
    """

    probabilities: NDArray[np.float64]
    lower: NDArray[np.float64]
    upper: NDArray[np.float64]
    method: str
    steps: int
    classes: tuple[CommunicatingClass, ...]

    def __post_init__(self) -> None:
        for array in (self.probabilities, self.lower, self.upper):
            array.setflags(write=False)

    @property
    def error_bound(self) -> float:
        """Proven: no probability is wrong by more than this."""
        return float(max((self.upper - self.probabilities).max(), (self.probabilities - self.lower).max()))


def absorption_probabilities(
    chain: MarkovChain | SparseChain,
    start: int | str | Sequence[int] | ArrayLike,
    *,
    tolerance: float = 1e-12,
    max_steps: int = 10_000,
    classes: CommunicatingClasses | None = None,
    progress: Progress | None = None,
) -> Absorption:
    """Where the chain ends: the probability of each recurrent class.

    By elimination, accurate in every digit, where the start leads through at most 4,096 states that are left for good;
    otherwise by pushing mass until at most ``tolerance`` is on its way, which the bounds include. Where the rest hardly
    shrinks, the chain is sent back to the start from every class that it enters, and the stationary law of that chain
    is solved and proven.

    Parameters
    ----------
    chain : MarkovChain or SparseChain
        n states.
    start : state, "uniform", or (n,) probabilities
        A state is its index, its label or its tokens (whole numbers); numbers with a decimal point are a distribution.
    tolerance, max_steps
        When pushing stops. Look at the bounds.
    classes : CommunicatingClasses, optional
        Of this chain, if they are known.
    progress : callable, optional
        Told what is done, how far it is, and how far it goes.

    Raises
    ------
    ArgumentError
        The start is no state and no distribution.

    Examples
    --------
    A gambler with 1 of 3 coins wins with probability 1/3.

    >>> import markovgpt as mg
    >>> game = mg.chain_from_table([[1, 0, 0, 0], [0.5, 0, 0.5, 0], [0, 0.5, 0, 0.5], [0, 0, 0, 1]])
    >>> ends = mg.absorption_probabilities(game, 1)
    >>> ends.probabilities.round(12).tolist(), ends.error_bound < 1e-12
    ([0.666666666667, 0.333333333333], True)
    """
    law = _start_law(chain, start)  # (n,)
    found = communicating_classes(chain, progress=progress) if classes is None else classes
    recurrent = np.flatnonzero(found.recurrent)  # (c,)
    number = np.full(len(found), -1, dtype=np.int32)
    number[recurrent] = np.arange(len(recurrent), dtype=np.int32)
    class_of = number[found.class_of]  # (n,) of the recurrent ones; -1 for a transient state
    if len(recurrent) == 1:
        ending, method = Ending(probabilities=np.ones(1), lower=np.ones(1), upper=np.ones(1), steps=0), "one class"
    else:
        try:
            ending, method = _by_elimination(chain, law, class_of, len(recurrent)), "elimination"
        except NotComputedError:
            method = "pushing"
            defect = float(abs(chain.pull(np.ones(chain.n_states)) - 1).max())
            ending = absorb_by_pushing(
                chain.push,
                law,
                class_of,
                len(recurrent),
                terms=_most_terms(chain),
                defect=defect,
                tolerance=tolerance,
                max_steps=max_steps,
                progress=progress,
            )
            if ending.upper.sum() - ending.lower.sum() > 1e-6 and can_compile():
                returned = _by_returning(chain, law, class_of, len(recurrent), progress)
                if (returned.upper - returned.lower).max() < (ending.upper - ending.lower).max():
                    ending, method = returned, "returning to the start"
    return Absorption(
        probabilities=ending.probabilities,
        lower=ending.lower,
        upper=ending.upper,
        method=method,
        steps=ending.steps,
        classes=found.recurrent_classes,
    )


def _start_law(chain: MarkovChain | SparseChain, start: Any) -> NDArray[np.float64]:
    check_is_chain(chain)
    n = chain.n_states
    if isinstance(start, str) and start == "uniform":
        return np.full(n, 1 / n)
    if not isinstance(start, str | int | np.integer) and np.asarray(start).dtype.kind == "f":
        law = np.array(start, dtype=np.float64)  # (n,)
        total = fsum(law.ravel().tolist())
        if law.shape != (n,) or not (law.min() >= 0 and abs(total - 1) <= 1e-6):
            raise ArgumentError(
                f"A start is a state, 'uniform', or {n} probabilities that sum to 1: got shape {law.shape}, sum "
                f"{total:.6g}, smallest {law.min(initial=np.inf):.6g}."
            )
        return law / total
    law = np.zeros(n)
    law[chain.state(start)] = 1.0
    return law


def _by_elimination(
    chain: MarkovChain | SparseChain, law: NDArray[np.float64], class_of: NDArray[np.int32], n_classes: int
) -> Ending:
    """Raises NotComputedError where the start leads through too many states."""
    passed, arrows = _transient_part(chain, law, class_of)  # (m,)
    sources, targets, p = arrows
    place = np.full(chain.n_states, -1, dtype=np.int64)
    place[passed] = np.arange(len(passed))
    begins = np.flatnonzero(law)
    inside = class_of[targets] < 0  # (a,)
    ends = np.union1d(class_of[targets[~inside]], class_of[begins][class_of[begins] >= 0])  # (c',) that can be reached
    if 1 + len(passed) + len(ends) > ELIMINATION_LIMIT:
        raise NotComputedError(f"Elimination takes up to {ELIMINATION_LIMIT:,} states.")
    column = np.full(n_classes, -1, dtype=np.int64)
    column[ends] = np.arange(len(ends))

    transition = np.zeros((len(passed), len(passed)))
    transition[place[sources[inside]], place[targets[inside]]] = p[inside]
    into = np.zeros((len(passed), len(ends)))
    np.add.at(into, (place[sources[~inside]], column[class_of[targets[~inside]]]), p[~inside])
    weights = np.zeros(len(passed) + len(ends))
    weights[place[begins[class_of[begins] < 0]]] = law[begins[class_of[begins] < 0]]
    for end in np.unique(class_of[begins][class_of[begins] >= 0]).tolist():
        weights[len(passed) + column[end]] = fsum(law[begins[class_of[begins] == end]].tolist())
    found = absorb_by_elimination(transition, into, weights, roundings=_widest_row(chain) + 2)
    whole = [np.zeros(n_classes) for _ in range(3)]
    for array, values in zip(whole, (found.probabilities, found.lower, found.upper), strict=True):
        array[ends] = values
    return Ending(probabilities=whole[0], lower=whole[1], upper=whole[2], steps=0)


def _by_returning(
    chain: MarkovChain | SparseChain,
    law: NDArray[np.float64],
    class_of: NDArray[np.int32],
    n_classes: int,
    progress: Progress | None,
) -> Ending:
    """The chain that starts again from every class that it enters: state 0, the states passed, and the classes."""
    n = chain.n_states
    number = np.where(class_of < 0, np.arange(1, n + 1), n + 1 + class_of)  # (n,) of states and classes
    transient = np.flatnonzero(class_of < 0)
    sources, targets, p = _arrows(chain, transient)
    begins, ends = np.flatnonzero(law), n + 1 + np.arange(n_classes)
    rows = np.concatenate([np.zeros(len(begins), dtype=np.int64), sources + 1, ends])
    columns = np.concatenate([number[begins], number[targets], np.zeros(n_classes, dtype=np.int64)])
    values = np.concatenate([law[begins], p, np.ones(n_classes)])
    every = coo_array((values, (rows, columns)), shape=(n + 1 + n_classes, n + 1 + n_classes)).tocsr()
    reached = np.sort(csgraph.breadth_first_order(every, 0, return_predecessors=False))
    reached_ends = reached[reached > n] - n - 1

    def report(text: str) -> None:
        if progress is not None:
            progress(f"absorption: {text}", 0, 0)

    roundings = _widest_row(chain) + 2
    found = absorb_by_returning(every[reached][:, reached], len(reached_ends), roundings=roundings, report=report)
    whole = [np.zeros(n_classes) for _ in range(3)]
    for array, shares in zip(whole, (found.probabilities, found.lower, found.upper), strict=True):
        array[reached_ends] = shares
    return Ending(probabilities=whole[0], lower=whole[1], upper=whole[2], steps=found.steps)


def _transient_part(
    chain: MarkovChain | SparseChain, law: NDArray[np.float64], class_of: NDArray[np.int32]
) -> tuple[NDArray[np.int64], tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]]:
    """Transient states that the start leads to, ``(m,)``, and the arrows out of them, ``(a,)`` each."""
    seen = np.zeros(chain.n_states, dtype=np.bool_)
    frontier = np.flatnonzero((law > 0) & (class_of < 0))
    n_seen = 0
    parts = []
    while len(frontier):
        n_seen += len(frontier)
        if n_seen > ELIMINATION_LIMIT:
            raise NotComputedError(f"Elimination takes up to {ELIMINATION_LIMIT:,} states.")
        seen[frontier] = True
        parts.append(_arrows(chain, frontier))
        targets = parts[-1][1]
        frontier = np.unique(targets[(class_of[targets] < 0) & ~seen[targets]])
    none = (np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64), np.zeros(0))
    sources, ends, p = (np.concatenate(arrays) for arrays in zip(none, *parts, strict=True))
    return np.flatnonzero(seen), (sources, ends, p)


def _arrows(
    chain: MarkovChain | SparseChain, states: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Sources, targets and probabilities of the arrows out of some states, ``(a,)`` each."""
    if isinstance(chain, MarkovChain):
        laws = chain.probabilities[states]  # (r, V)
        kept = laws > 0
        return np.repeat(states, kept.sum(axis=1)), chain.states.successors(states)[kept], laws[kept]
    rows = chain.matrix[states]  # (r, n)
    return np.repeat(states, np.diff(rows.indptr)), rows.indices.astype(np.int64), rows.data


def _widest_row(chain: MarkovChain | SparseChain) -> int:
    return chain.vocab_size if isinstance(chain, MarkovChain) else int(np.diff(chain.matrix.indptr).max())


def _most_terms(chain: MarkovChain | SparseChain) -> int:
    """Most products that one entry of ``mu P`` adds up, or of ``P f``."""
    if isinstance(chain, MarkovChain):
        return chain.vocab_size + 1  # from V contexts, or from one that is shorter as well
    return max(_widest_row(chain), int(np.bincount(chain.matrix.indices).max()))
