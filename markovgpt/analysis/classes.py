"""Which states can reach each other, which are left for good, and with which period do the others return?

Decided by exact zeros of the table, never by a tolerance. A table without zeros needs no search; compiled loops search
large tables with a few bytes a state; SciPy searches all other chains through their sparse matrix.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple, final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array, csgraph

from markovgpt.chain import Chain, MarkovChain, check_is_chain
from markovgpt.errors import ReducibleChainError
from markovgpt.kernels.compiled import can_compile

__all__ = [
    "CommunicatingClass",
    "CommunicatingClasses",
    "communicating_classes",
    "is_aperiodic",
    "is_irreducible",
    "only_recurrent_class",
    "period",
    "recurrent_classes",
]

COMPILED_ABOVE = 2**16
"""States above which a table is searched by compiled loops: below, SciPy is done before numba is imported."""

Progress = Callable[[str, int, int], None]


@final
@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class CommunicatingClass:
    """States that can all reach each other.

    Attributes
    ----------
    states : (m,) int64, ascending, read-only
    recurrent : bool
        Once entered it is never left; otherwise the class is transient.
    period : int
        Greatest common divisor of the lengths of its cycles; 0 for a single state that cannot return.
    phases : (m,) int32, read-only
        Cyclic class of each state, 0 to ``period - 1``: a step inside the class leads from phase r to r + 1, modulo the
        period. The lowest state has phase 0.
    """

    states: NDArray[np.int64]
    recurrent: bool
    period: int
    phases: NDArray[np.int32]

    @property
    def cyclic_classes(self) -> tuple[NDArray[np.int64], ...]:
        """The states of each phase, ascending: the class is walked round in this order; one for a period of 0 or 1."""
        order = np.argsort(self.phases, kind="stable")  # (m,)
        return tuple(np.split(self.states[order], np.flatnonzero(np.diff(self.phases[order])) + 1))


@final
@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class CommunicatingClasses:
    """The partition of all states into communicating classes, in the order of their lowest states.

    ``len()`` is the number of classes; iteration yields :class:`CommunicatingClass`.

    Attributes
    ----------
    class_of : (n,) int32, read-only
        Class of each state.
    recurrent : (c,) bool, read-only
        Which classes are recurrent.
    periods : (c,) int64, read-only
        Their periods; 0 for a single state that cannot return.
    """

    class_of: NDArray[np.int32]
    recurrent: NDArray[np.bool_]
    periods: NDArray[np.int64]
    _order: NDArray[np.integer] = field(repr=False)  # (n,) states class by class
    _starts: NDArray[np.int64] = field(repr=False)  # (c + 1,) where each class begins among them
    _levels: NDArray[np.int32] = field(repr=False)  # (n,) steps from the lowest state of the class, inside it

    def __post_init__(self) -> None:
        for array in (self.class_of, self.recurrent, self.periods, self._order, self._starts, self._levels):
            array.setflags(write=False)

    def __len__(self) -> int:
        return len(self.recurrent)

    def __iter__(self) -> Iterator[CommunicatingClass]:
        return (self[i] for i in range(len(self)))

    def __getitem__(self, i: int) -> CommunicatingClass:
        i = range(len(self))[i]
        states = self._order[self._starts[i] : self._starts[i + 1]].astype(np.int64)  # (m,)
        period = int(self.periods[i])
        if period > 1:
            phases = self._levels[states] % np.int32(period)  # (m,)
        else:
            phases = np.broadcast_to(np.zeros(1, dtype=np.int32), states.shape)  # takes no memory
        for array in (states, phases):
            array.setflags(write=False)
        return CommunicatingClass(states=states, recurrent=bool(self.recurrent[i]), period=period, phases=phases)

    @property
    def sizes(self) -> NDArray[np.int64]:
        """Number of states of each class, ``(c,)``."""
        return np.diff(self._starts)

    @property
    def phases(self) -> NDArray[np.int32]:
        """Cyclic class of each state within its class, ``(n,)``: see :class:`CommunicatingClass`."""
        return self._levels % np.maximum(self.periods, 1).astype(np.int32)[self.class_of]

    @property
    def recurrent_classes(self) -> tuple[CommunicatingClass, ...]:
        """The classes that are never left; at least one."""
        return tuple(self[int(i)] for i in np.flatnonzero(self.recurrent))

    @property
    def n_transient_states(self) -> int:
        """Number of states that the chain leaves for good."""
        return int(self.sizes[~self.recurrent].sum())


def communicating_classes(chain: Chain, *, progress: Progress | None = None) -> CommunicatingClasses:
    """The communicating classes of a chain, and which of them are recurrent.

    Examples
    --------
    >>> from markovgpt import chain_from_table
    >>> classes = communicating_classes(chain_from_table([[1.0, 0.0], [0.5, 0.5]]))
    >>> [(c.states.tolist(), c.recurrent) for c in classes]
    [([0], True), ([1], False)]
    """
    check_is_chain(chain)
    if isinstance(chain, MarkovChain):
        table = chain.probabilities[-chain.states.sizes[-1] :]  # (V^K, V): shorter contexts only lead there
        if table.min() > 0:
            return _assembled(_of_positive_table(len(table)), n_shorter=chain.n_states - len(table))
        if len(table) > COMPILED_ABOVE and can_compile():
            return _assembled(_of_large_table(table, progress), n_shorter=chain.n_states - len(table))
    return _assembled(_of_matrix(chain))


def recurrent_classes(chain: Chain) -> tuple[CommunicatingClass, ...]:
    """The classes of states that, once entered, are never left; every finite chain has at least one."""
    return communicating_classes(chain).recurrent_classes


def is_irreducible(chain: Chain) -> bool:
    """Whether every state can reach every other."""
    return len(communicating_classes(chain)) == 1


def period(chain: Chain) -> int:
    """Period of the recurrent states: the greatest common divisor of the lengths of their cycles.

    Raises
    ------
    ReducibleChainError
        There are several recurrent classes, each with a period of its own.
    """
    return only_recurrent_class(chain, "period").period


def is_aperiodic(chain: Chain) -> bool:
    """Whether every recurrent class has period 1."""
    classes = communicating_classes(chain)
    return bool((classes.periods[classes.recurrent] == 1).all())


def only_recurrent_class(chain: Chain, question: str) -> CommunicatingClass:
    """The one recurrent class.

    Raises
    ------
    ReducibleChainError
        There are several; names them.
    """
    classes = recurrent_classes(chain)
    if len(classes) > 1:
        shown = "; ".join(_describe(chain, c) for c in classes[:5]) + ("; ..." if len(classes) > 5 else "")
        raise ReducibleChainError(
            f"The {question} of this chain is not unique: it has {len(classes)} recurrent classes ({shown}). "
            f"Which one is reached depends on the start; ask for one answer each (stationary_distributions(chain), "
            "recurrent_classes(chain)).",
            classes=tuple(c.states for c in classes),
        )
    return classes[0]


def _describe(chain: Chain, c: CommunicatingClass) -> str:
    shown = ", ".join(chain.label(int(s)) for s in c.states[:4]) + (", ..." if len(c.states) > 4 else "")
    return f"{len(c.states)} state{'s' if len(c.states) > 1 else ''}: {shown}"


class _Found(NamedTuple):
    """What a search finds out; the classes are numbered in the order of their lowest states."""

    class_of: NDArray[np.int32]  # (n,)
    recurrent: NDArray[np.bool_]  # (c,)
    periods: NDArray[np.int64]  # (c,)
    order: NDArray[np.integer]  # (n,)
    starts: NDArray[np.int64]  # (c + 1,)
    levels: NDArray[np.int32]  # (n,)


def _assembled(found: _Found, *, n_shorter: int = 0) -> CommunicatingClasses:
    """The record; contexts shorter than K are entered by nothing but a shorter one, so each is a class by itself."""
    if n_shorter:
        first = np.arange(n_shorter, dtype=np.int32)  # (n_shorter,)
        none = np.zeros(n_shorter, dtype=np.int32)
        found = _Found(
            class_of=np.concatenate([first, found.class_of + np.int32(n_shorter)]),
            recurrent=np.concatenate([none.astype(bool), found.recurrent]),
            periods=np.concatenate([none, found.periods]),
            order=np.concatenate([first, found.order + np.int32(n_shorter)]),
            starts=np.concatenate([first, found.starts + n_shorter]),
            levels=np.concatenate([none, found.levels]),
        )
    return CommunicatingClasses(
        class_of=found.class_of,
        recurrent=found.recurrent,
        periods=found.periods,
        _order=found.order,
        _starts=found.starts,
        _levels=found.levels,
    )


def _of_positive_table(n: int) -> _Found:
    """K steps lead from everywhere to everywhere, and so do K + 1."""
    return _Found(
        class_of=np.zeros(n, dtype=np.int32),
        recurrent=np.array([True]),
        periods=np.array([1], dtype=np.int64),
        order=np.arange(n, dtype=np.int32),
        starts=np.array([0, n], dtype=np.int64),
        levels=np.zeros(n, dtype=np.int32),
    )


def _of_large_table(table: NDArray[np.float64], progress: Progress | None) -> _Found:
    from markovgpt.kernels.graph import cyclic_levels, states_by_label, strong_components

    found = strong_components(table, progress=progress)
    levels, periods = cyclic_levels(table, found.labels, found.number, progress=progress)
    order, starts = states_by_label(found.labels, found.number)
    return _Found(found.labels, found.recurrent, periods, order, starts, levels)


def _of_matrix(chain: Chain) -> _Found:
    """The same by SciPy."""
    matrix = chain.to_scipy()  # (n, n)
    n = matrix.shape[0]
    c, found = csgraph.connected_components(matrix, directed=True, connection="strong")
    _, first, class_of = np.unique(found, return_index=True, return_inverse=True)
    class_of = np.argsort(np.argsort(first))[class_of]  # (n,) in the order of the lowest states
    order = np.argsort(class_of, kind="stable")  # (n,)
    starts = np.concatenate(([0], np.cumsum(np.bincount(class_of, minlength=c))))  # (c + 1,)

    sources, targets = matrix.nonzero()
    inside = class_of[sources] == class_of[targets]  # (nnz,)
    recurrent = np.ones(c, dtype=bool)
    recurrent[class_of[sources[~inside]]] = False

    sources, targets = sources[inside], targets[inside]
    lowest = order[starts[:-1]]  # (c,)
    ways = np.concatenate([sources, np.full(c, n)]), np.concatenate([targets, lowest])  # from one more state, to all
    search = coo_array((np.ones(len(ways[0])), ways), shape=(n + 1, n + 1)).tocsr()
    levels = csgraph.dijkstra(search, unweighted=True, indices=[n])[0, :n].astype(np.int32) - np.int32(1)  # (n,)

    by_class = np.argsort(class_of[sources], kind="stable")  # arrows class by class
    beyond = (levels[sources] + 1 - levels[targets]).astype(np.int64)[by_class]
    with_arrows, begins = np.unique(class_of[sources][by_class], return_index=True)
    periods = np.zeros(c, dtype=np.int64)
    if len(begins):
        periods[with_arrows] = np.gcd.reduceat(beyond, begins)
    return _Found(class_of.astype(np.int32), recurrent, periods, order, starts.astype(np.int64), levels)
