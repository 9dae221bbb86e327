"""What is the chain of a model? One array of next-token probabilities over a state space."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from os import PathLike
from typing import TYPE_CHECKING, Any, Protocol, final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from markovgpt import operators
from markovgpt.decoding import Decoding, check_is_rule
from markovgpt.errors import ArgumentError, NotComputedError, TableError
from markovgpt.origin import Origin
from markovgpt.statespace import StateSpace
from markovgpt.vocabulary import Vocabulary

if TYPE_CHECKING:
    from scipy.sparse import csr_array

__all__ = ["Chain", "MarkovChain", "check_dense_size", "check_is_chain", "decode"]

_DENSE_LIMIT = 10_000


class Chain(Protocol):
    """What every question about a chain needs: :class:`MarkovChain`, a sparse chain, or your own operator."""

    @property
    def n_states(self) -> int: ...

    def push(self, mu: ArrayLike) -> NDArray[np.float64]:
        """``mu P``, ``(n,) -> (n,)``."""
        ...

    def pull(self, f: ArrayLike) -> NDArray[np.float64]:
        """``P f``, ``(n,) -> (n,)``."""
        ...

    def to_scipy(self) -> csr_array[Any]:
        """The transition matrix ``(n, n)``, only entries above 0 stored."""
        ...

    def label(self, state: int) -> str:
        """Printable name of a state."""
        ...


def check_is_chain(thing: object) -> None:
    """Refuse what no question about a chain can be asked of.

    Raises
    ------
    ArgumentError
        Says how a chain is made of what was given.
    """
    if all(hasattr(thing, name) for name in ("n_states", "push", "pull", "to_scipy", "label")):
        return
    if hasattr(thing, "next_logits"):
        hint = "It is a model: ask about its chain, build_chain(model)."
    elif isinstance(thing, str | PathLike):
        hint = "Load it: load_chain(path), or build_chain(load_model(name))."
    else:
        hint = "A table of next-token laws (V^K, V) becomes one by chain_from_table(), a model by build_chain()."
    raise ArgumentError(f"This is a question about a chain: got {type(thing).__name__}. {hint}")


@final
@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class MarkovChain:
    """A chain over contexts: from state s, token t is drawn with probability ``probabilities[s, t]``.

    Where it leads is arithmetic (:meth:`StateSpace.successors`), so this one array is the whole chain.

    Attributes
    ----------
    states : StateSpace
        n states of V tokens.
    probabilities : (n, V) float64, read-only
        Next-token distribution of every state; rows sum to 1.
    vocabulary : Vocabulary
        Texts of the V tokens.
    origin : Origin
        Where the chain came from.
    cut : (n,) float64, or None
        For a restricted vocabulary: the probability that the model's own law gave to other tokens, in each state. Rows
        are divided by the rest.

    Two chains are equal (``==``) if they have the same states, the same texts of tokens and the same probabilities, to
    the last bit; where they came from, and what was cut, may differ. Nearly equal chains:
    :func:`markovgpt.testing.approx_chain`.

    >>> from markovgpt import chain_from_table
    >>> chain_from_table([[0.5, 0.5], [0.9, 0.1]]) == chain_from_table([[0.5, 0.5], [0.9, 0.1]])
    True
    """

    states: StateSpace
    probabilities: NDArray[np.float64]
    vocabulary: Vocabulary
    origin: Origin = field(default_factory=Origin)
    cut: NDArray[np.float64] | None = None

    def __post_init__(self) -> None:
        expected = (self.states.n_states, self.states.vocab_size)
        if self.probabilities.shape != expected or len(self.vocabulary) != expected[1]:
            raise TableError(
                f"A chain of {expected[0]} states and {expected[1]} tokens needs a table of shape {expected} and "
                f"{expected[1]} token texts: got shape {self.probabilities.shape} and {len(self.vocabulary)} texts."
            )
        self.probabilities.setflags(write=False)

    def __repr__(self) -> str:
        V, K, lengths = self.states.vocab_size, self.states.context_length, self.states.lengths
        return f"<MarkovChain of {self.origin.model}: {self.n_states} states, V={V}, K={K}, lengths={lengths!r}>"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, MarkovChain):
            return NotImplemented
        return (
            self.states == other.states
            and self.vocabulary.tokens == other.vocabulary.tokens
            and np.array_equal(self.probabilities, other.probabilities)
        )

    def __hash__(self) -> int:
        """Cheap: chains with the same states and tokens share it."""
        return hash((self.states.vocab_size, self.context_length, self.states.lengths, self.vocabulary.tokens))

    @property
    def n_states(self) -> int:
        """Number of states, n."""
        return len(self.probabilities)

    @property
    def vocab_size(self) -> int:
        """Number of tokens, V."""
        return self.states.vocab_size

    @property
    def context_length(self) -> int:
        """Longest context, K."""
        return self.states.context_length

    @property
    def fingerprint(self) -> str:
        """SHA-256 of state space and probabilities: equal for equal chains."""
        head = f"{self.states.vocab_size},{self.states.context_length},{self.states.lengths};"
        digest = hashlib.sha256(head.encode())
        digest.update(np.ascontiguousarray(self.probabilities).reshape(-1).view(np.uint8).data)  # no copy of the table
        return digest.hexdigest()

    def push(self, mu: ArrayLike) -> NDArray[np.float64]:
        """One step of a distribution, ``mu P``: ``(n,) -> (n,)``."""
        return operators.push(self.probabilities, self._vector(mu), sizes=self.states.sizes)

    def pull(self, f: ArrayLike) -> NDArray[np.float64]:
        """Expected value of a function of the state after one step, ``P f``: ``(n,) -> (n,)``."""
        return operators.pull(self.probabilities, self._vector(f), sizes=self.states.sizes)

    def row(self, state: int | str | Sequence[int]) -> NDArray[np.float64]:
        """Next-token distribution ``(V,)`` of a state, given as its index, its label or its tokens."""
        row: NDArray[np.float64] = self.probabilities[self.state(state)]
        return row

    def state(self, state: int | str | Sequence[int]) -> int:
        """Index of a state, given as its index, its label (``"011"``) or its tokens (``(0, 1, 1)``)."""
        if isinstance(state, str):
            return self.states.index(self.vocabulary.parse(state))
        if isinstance(state, int | np.integer):
            self.states.length(int(state))  # refuses an index outside the space
            return int(state)
        return self.states.index(state)

    def label(self, state: int) -> str:
        """Printable name of a state: the texts of its tokens, oldest first."""
        return self.vocabulary.label(self.states.context(state))

    def to_scipy(self) -> csr_array[Any]:
        """The transition matrix as ``scipy.sparse.csr_array`` ``(n, n)``; only entries above 0 are stored."""
        from scipy.sparse import csr_array

        kept = self.probabilities > 0  # (n, V)
        counts = np.concatenate(([0], np.cumsum(kept.sum(axis=1))))  # (n + 1,)
        targets = self.states.successors(np.arange(self.n_states))  # (n, V), ascending in every row
        matrix = csr_array((self.probabilities[kept], targets[kept], counts), shape=(self.n_states, self.n_states))
        matrix.has_sorted_indices = True
        return matrix

    def to_numpy(self) -> NDArray[np.float64]:
        """The transition matrix as a dense array ``(n, n)``; up to 10,000 states.

        Raises
        ------
        NotComputedError
            More states: the dense matrix would not be of use. ``to_scipy()`` has no such limit.
        """
        check_dense_size(self.n_states)
        dense: NDArray[np.float64] = self.to_scipy().toarray()
        return dense

    def _vector(self, values: ArrayLike) -> NDArray[np.float64]:
        vector = np.asarray(values, dtype=np.float64)
        if vector.shape != (self.n_states,):
            raise ArgumentError(f"A vector over {self.n_states} states is needed: got shape {vector.shape}.")
        return vector

    def _repr_svg_(self) -> str:
        from markovgpt.drawing import draw  # upward, for notebooks only; see the contract in pyproject.toml

        return draw(self).svg()

    def _repr_html_(self) -> str:
        from markovgpt.drawing import draw  # upward, for notebooks only; see the contract in pyproject.toml

        return draw(self).html()


def check_dense_size(n_states: int) -> None:
    """Refuse a dense matrix that would be of no use.

    Raises
    ------
    NotComputedError
        More than 10,000 states.
    """
    if n_states > _DENSE_LIMIT:
        raise NotComputedError(
            f"The dense matrix of {n_states} states would take {n_states**2 * 8 / 1e9:.1f} GB (limit: {_DENSE_LIMIT} "
            "states). Use to_scipy() for the sparse matrix, or push() and pull(), which need no matrix."
        )


def decode(chain: MarkovChain, decoding: Decoding) -> MarkovChain:
    """The chain of the same model under a decoding rule, without asking the model again.

    Raises
    ------
    ArgumentError
        The chain has been decoded already: rules do not commute, so start from the undecoded chain.
    """
    check_is_chain(chain)
    check_is_rule(decoding)
    if not chain.origin.decoding.is_default:
        raise ArgumentError(
            f"This chain was decoded already ({chain.origin.decoding.describe()}). "
            "Apply the rule to the chain that was built without decoding."
        )
    with np.errstate(divide="ignore"):
        logs = np.log(chain.probabilities)  # (n, V)
    probabilities = decoding.apply(logs)
    before, now = chain.origin.n_underflows, decoding.underflows(logs, probabilities)
    if before and decoding != Decoding(temperature=decoding.temperature):  # nobody knows which of them it would keep
        before = None
    origin = replace(chain.origin, decoding=decoding, n_underflows=None if before is None else before + now)
    return replace(chain, probabilities=probabilities, origin=origin)
