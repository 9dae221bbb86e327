"""Which part of a chain is drawn? All states, or the heaviest; and the arrows among them that can be taken."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from markovgpt.chain import MarkovChain
from markovgpt.drawing.differences import CountsAfter, colour_scale, shares_after
from markovgpt.drawing.masses import stationary_masses
from markovgpt.errors import ArgumentError
from markovgpt.sparse_chain import SparseChain

__all__ = ["Drawable", "GraphEdge", "GraphNode", "StateGraph", "state_graph"]

Drawable = MarkovChain | SparseChain

_Shares = dict[int, NDArray[np.float64] | None]  # of each token after a drawn state in the data, if it occurs there

_STEPS = 64


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class GraphNode:
    """One drawn state; ``mass`` is its stationary probability and ``seen`` whether training visited it, if known."""

    state: int
    label: str
    mass: float | None = None
    seen: bool | None = None


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class GraphEdge:
    """One drawn arrow between states.

    Attributes
    ----------
    source, target : int
        The states.
    token, name : int, str
        The token's number, -1 where it is no single one, and its text.
    probability : float
        Of the step, above 0.
    difference : float, optional
        The same minus the step's share in the data; None where no data say what follows ``source``.
    """

    source: int
    target: int
    token: int
    name: str
    probability: float
    difference: float | None = None


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class StateGraph:
    """The drawn part of a chain.

    Attributes
    ----------
    nodes : tuple of GraphNode
        In the order of the states.
    edges : tuple of GraphEdge
        Arrows among ``nodes`` with a probability above 0.
    names : tuple of V str
        Names of all tokens.
    n_states : int
        States of the whole chain.
    share : float
        Probability of ``nodes`` together: stationary, or after ``steps`` steps.
    leaving : float
        Probability that a step from ``nodes`` (by the same law) leads to a state that is not drawn.
    steps : int, optional
        Where no stationary distribution is known, and only a part is drawn: steps from the uniform law that chose it.
    vouched : bool
        False if the masses come from a result that is not certified.
    worst_cut : float
        Most probability that was cut off at one drawn state before its arrows were divided by their sum.
    difference_scale : float, optional
        The difference from the data that gets the full colour; None where the picture is not compared with data.
    excluded, worst_excluded : int, float
        Steps that the data take from drawn states and the model excludes, so that they have no arrow; the largest
        share of such a step in the data.
    """

    nodes: tuple[GraphNode, ...]
    edges: tuple[GraphEdge, ...]
    names: tuple[str, ...]
    n_states: int
    share: float = 1.0
    leaving: float = 0.0
    steps: int | None = None
    vouched: bool = True
    worst_cut: float = 0.0
    difference_scale: float | None = None
    excluded: int = 0
    worst_excluded: float = 0.0
    compared_with: str = "the data"

    @property
    def is_part(self) -> bool:
        """Whether states were left out."""
        return len(self.nodes) < self.n_states

    @property
    def mass_shown(self) -> float | None:
        """Stationary probability of the drawn states together, if known."""
        return None if self.nodes[0].mass is None else self.share

    @property
    def heaviest(self) -> GraphNode:
        """The drawn state of the greatest stationary probability; the first where none is known."""
        return max(self.nodes, key=lambda node: node.mass or 0.0)

    def places(self) -> dict[int, int]:
        """Position in ``nodes`` of every drawn state."""
        return {node.state: place for place, node in enumerate(self.nodes)}


def state_graph(
    chain: Drawable,
    *,
    stationary: Any = None,
    seen: ArrayLike | None = None,
    data: CountsAfter | None = None,
    compared_with: str = "the data",
    max_nodes: int = 64,
) -> StateGraph:
    """The picture's contents: at most ``max_nodes`` states, and every possible step among them.

    Above that, the heaviest states by stationary probability are drawn. Where none is known (too large, several
    recurrent classes), those that are likeliest after some steps from the uniform law; that law is never called
    stationary, and sets no sizes.

    Parameters
    ----------
    chain : MarkovChain or SparseChain
        n states.
    stationary : (n,) array, or an object with ``probabilities`` (n,), optional
        See :func:`stationary_masses`.
    seen : (n,) bool, optional
        Whether a state occurred in training. ``data`` say it too; at most one of the two.
    data : callable, state -> (V,) counts, optional
        How often each token follows a state in the data; asked about drawn states only.
    compared_with : str
        What to call these data.
    max_nodes : int
        Most states drawn, at least 1.

    Raises
    ------
    ArgumentError
        An argument has the wrong shape or value.

    Examples
    --------
    >>> from markovgpt import chain_from_table
    >>> graph = state_graph(chain_from_table([[0.9, 0.1], [1.0, 0.0]]))
    >>> [(edge.source, edge.target, edge.name, edge.probability) for edge in graph.edges]
    [(0, 0, '0', 0.9), (0, 1, '1', 0.1), (1, 0, '0', 1.0)]
    """
    n = chain.n_states
    if isinstance(max_nodes, bool) or not isinstance(max_nodes, int | np.integer) or max_nodes < 1:
        raise ArgumentError(f"max_nodes must be a whole number of at least 1: got {max_nodes!r}.", max_nodes=max_nodes)
    if seen is not None and data is not None:
        raise ArgumentError("Give seen or data, not both: data say which states were seen.")
    visited = None if seen is None else _flags(seen, n)
    masses, vouched = stationary_masses(chain, stationary)
    steps, weights = None, masses  # (n,)
    if n <= max_nodes:
        drawn = np.arange(n)
    else:
        if weights is None:
            steps = _STEPS
            weights = _pushed(chain, steps)
        drawn = np.sort(np.argsort(-weights, kind="stable")[:max_nodes])  # (m,)
    shares: _Shares = {}
    if data is not None:
        n_contexts = n if isinstance(chain, MarkovChain) else len(chain.contexts)  # an end is followed by nothing
        asked = drawn[drawn < n_contexts].tolist()
        shares = {s: shares_after(data, s, vocab_size=chain.vocab_size) for s in asked}
    edges, leaving = _arrows(chain, drawn, shares)
    excluded = _excluded(chain, shares)  # (e,)
    share = 1.0 if weights is None else float(weights[drawn].sum())
    return StateGraph(
        nodes=tuple(
            GraphNode(
                state=s,
                label=chain.label(s),
                mass=None if masses is None else float(masses[s]),
                seen=_was_seen(s, visited, shares),
            )
            for s in drawn.tolist()
        ),
        edges=edges,
        compared_with=compared_with,
        names=chain.vocabulary.names,
        n_states=n,
        worst_cut=0.0 if chain.cut is None else float(chain.cut[drawn].max()),
        share=share,
        leaving=0.0 if weights is None else float(weights[drawn] @ leaving / share),
        steps=steps,
        vouched=vouched,
        difference_scale=None if data is None else colour_scale(edge.difference for edge in edges),
        excluded=len(excluded),
        worst_excluded=float(excluded.max(initial=0.0)),
    )


def _flags(seen: ArrayLike, n: int) -> NDArray[np.bool_]:
    flags = np.asarray(seen)
    if flags.shape != (n,) or flags.dtype != np.bool_:
        raise ArgumentError(
            f"seen must hold True or False for each of the {n:,} states: got {flags.dtype} of shape {flags.shape}."
        )
    return flags


def _pushed(chain: Drawable, steps: int) -> NDArray[np.float64]:
    mu = np.full(chain.n_states, 1 / chain.n_states)  # (n,)
    for _ in range(steps):
        mu = chain.push(mu)
    return mu


def _was_seen(state: int, visited: NDArray[np.bool_] | None, shares: _Shares) -> bool | None:
    if visited is not None:
        return bool(visited[state])
    return shares[state] is not None if state in shares else None


def _excluded(chain: Drawable, shares: _Shares) -> NDArray[np.float64]:
    """Shares in the data of the steps that the chain does not have, ``(e,)``."""
    parts = [law[(law > 0) & (chain.row(state) == 0)] for state, law in shares.items() if law is not None]
    return np.concatenate([np.empty(0), *parts])


def _arrows(
    chain: Drawable, drawn: NDArray[np.int64], shares: _Shares
) -> tuple[tuple[GraphEdge, ...], NDArray[np.float64]]:
    """Steps among the drawn states, and the probability ``(m,)`` with which each of them is left for others."""
    kept = set(drawn.tolist())
    edges: list[GraphEdge] = []
    leaving = np.zeros(len(drawn))  # (m,)
    for place, source in enumerate(drawn.tolist()):
        law = shares.get(source)  # (V,)
        for target, token, probability in _steps(chain, source):
            if target not in kept:
                leaving[place] += probability
                continue
            edges.append(
                GraphEdge(
                    source=source,
                    target=target,
                    token=token,
                    name=chain.vocabulary.names[token] if token >= 0 else "",
                    probability=probability,
                    difference=None if law is None or token < 0 else probability - float(law[token]),
                )
            )
    return tuple(edges), leaving


def _steps(chain: Drawable, source: int) -> Sequence[tuple[int, int, float]]:
    """Target, token and probability of every possible step from a state."""
    if isinstance(chain, MarkovChain):
        law = chain.probabilities[source]  # (V,)
        tokens = np.flatnonzero(law > 0)
        targets = chain.states.successors(np.array([source]))[0, tokens]
        return list(zip(targets.tolist(), tokens.tolist(), law[tokens].tolist(), strict=True))
    matrix = chain.matrix
    here = slice(matrix.indptr[source], matrix.indptr[source + 1])
    columns = (matrix.indices[here].tolist(), chain.arrow_tokens[here].tolist(), matrix.data[here].tolist())
    return [step for step in zip(*columns, strict=True) if step[2] > 0]
