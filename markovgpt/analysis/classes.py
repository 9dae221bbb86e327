"""Which states can reach each other, which are left for good, and with which period do the others return?

Decided by exact zeros of the table, never by a tolerance.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csgraph, csr_array

from markovgpt.chain import Chain
from markovgpt.errors import ReducibleChainError

__all__ = [
    "CommunicatingClass",
    "CommunicatingClasses",
    "communicating_classes",
    "is_aperiodic",
    "is_irreducible",
    "period",
    "recurrent_classes",
]


@final
@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class CommunicatingClass:
    """States that can all reach each other.

    Attributes
    ----------
    states : (m,) int64, ascending
    recurrent : bool
        Once entered it is never left; otherwise the class is transient.
    period : int
        Greatest common divisor of the lengths of its cycles; 0 for a single state that cannot return.
    """

    states: NDArray[np.int64]
    recurrent: bool
    period: int


@final
@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class CommunicatingClasses:
    """The partition of all states into communicating classes, in the order of their lowest states.

    ``len()`` is the number of classes; iteration yields :class:`CommunicatingClass`.

    Attributes
    ----------
    class_of : (n,) int64
        Class of each state.
    recurrent : (c,) bool
        Which classes are recurrent.
    """

    class_of: NDArray[np.int64]
    recurrent: NDArray[np.bool_]
    _matrix: csr_array[Any] = field(repr=False)

    def __len__(self) -> int:
        return len(self.recurrent)

    def __iter__(self) -> Iterator[CommunicatingClass]:
        return (self[i] for i in range(len(self)))

    def __getitem__(self, i: int) -> CommunicatingClass:
        states = np.flatnonzero(self.class_of == range(len(self))[i]).astype(np.int64)
        return CommunicatingClass(
            states=states, recurrent=bool(self.recurrent[i]), period=_period(self._matrix[states][:, states])
        )

    @property
    def recurrent_classes(self) -> tuple[CommunicatingClass, ...]:
        """The classes that are never left; at least one."""
        return tuple(self[int(i)] for i in np.flatnonzero(self.recurrent))

    @property
    def n_transient_states(self) -> int:
        """Number of states that the chain leaves for good."""
        return int((~self.recurrent[self.class_of]).sum())


def communicating_classes(chain: Chain) -> CommunicatingClasses:
    """The communicating classes of a chain and which of them are recurrent.

    Examples
    --------
    >>> from markovgpt import chain_from_table
    >>> classes = communicating_classes(chain_from_table([[1.0, 0.0], [0.5, 0.5]]))
    >>> [(c.states.tolist(), c.recurrent) for c in classes]
    [([0], True), ([1], False)]
    """
    matrix = chain.to_scipy()  # (n, n)
    n_classes, found = csgraph.connected_components(matrix, directed=True, connection="strong")
    _, first, class_of = np.unique(found, return_index=True, return_inverse=True)
    rank = np.argsort(np.argsort(first))  # (c,) classes in the order of their lowest states
    class_of = rank[class_of].astype(np.int64)  # (n,)
    sources, targets = matrix.nonzero()
    left = class_of[sources] != class_of[targets]
    recurrent = np.ones(n_classes, dtype=bool)
    recurrent[class_of[sources[left]]] = False
    return CommunicatingClasses(class_of=class_of, recurrent=recurrent, _matrix=matrix)


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
    return all(c.period == 1 for c in recurrent_classes(chain))


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


def _period(matrix: csr_array[Any]) -> int:
    """Gcd over all arrows u -> v of level(u) + 1 - level(v), with levels by breadth-first search from any state."""
    if matrix.nnz == 0:
        return 0
    if matrix.diagonal().any():
        return 1
    levels = csgraph.dijkstra(matrix, unweighted=True, indices=[0])[0].astype(np.int64)  # (m,)
    sources, targets = matrix.nonzero()
    return int(np.gcd.reduce(levels[sources] + 1 - levels[targets]))
