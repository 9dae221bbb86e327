"""Does a shortcut give the laws that ``next_logits`` gives? Some contexts are asked both ways, before and after.

Before the long run, so that a cache that is not to be trusted costs no time; and some states of the finished table, so
that no error stays unseen that shows in large batches only.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from markovgpt.answers import checked_logits, next_logits_and_outside
from markovgpt.enumeration.closeness import TOLERANCE, law_gaps
from markovgpt.enumeration.passes import every_position
from markovgpt.enumeration.rounding import RoundingError, rounding_error
from markovgpt.enumeration.strategy import Block
from markovgpt.enumeration.trie import context_digits, walk_trie
from markovgpt.errors import ModelError
from markovgpt.gpt_weights import GPTWeights
from markovgpt.model import LanguageModel, model_name, vocabulary_of
from markovgpt.statespace import StateSpace

__all__ = ["StateSample", "sampled_states", "try_out_passes", "try_out_sessions"]

_N_STATES = 48  # of the finished table
_N_DRAWN = 10  # contexts drawn beforehand
_SMALL_BATCH = 3  # rows: so few that sessions are forked more than once

Integers = NDArray[np.int64]
Asked = tuple[Integers, NDArray[np.float64], NDArray[np.float64]]  # numbers (m,), logits (m, V), outside (m,)


class StateSample:
    """Some states of a space, the first and the last among them, whose logits are noted as blocks come.

    ``logits`` (m, V) and ``outside`` (m,) are where they are noted, if they are to outlive the program.
    """

    def __init__(
        self,
        states: StateSpace,
        *,
        logits: NDArray[np.float64] | None = None,
        outside: NDArray[np.float64] | None = None,
    ) -> None:
        self._states = states
        self._chosen = sampled_states(states)  # (m,)
        m = len(self._chosen)
        self._logits = np.full((m, states.vocab_size), np.nan) if logits is None else logits  # (m, V)
        self._outside = np.zeros(m) if outside is None else outside  # (m,)

    def note(self, block: Block) -> None:
        """Keep the logits of the chosen states that are in a block."""
        first, after = np.searchsorted(self._chosen, [block.start, block.start + len(block.logits)])
        places = self._chosen[first:after] - block.start
        self._logits[first:after], self._outside[first:after] = block.logits[places], block.outside[places]

    def compare(self, model: LanguageModel, *, how: str) -> int:
        """Ask the model about whole contexts, and compare; the tokens that it was given.

        Raises
        ------
        ModelError
            The laws differ; names the context where they differ most.
        """
        return _compare(model, self._by_length(), how=how)

    def rounding(self, weights: GPTWeights) -> RoundingError:
        """How far the logits that were noted are from those of the same weights in float64."""
        errors = [
            rounding_error(weights, context_digits(numbers, length, self._states.vocab_size), logits)
            for length, parts in self._by_length().items()
            for numbers, logits, _ in parts
        ]
        return RoundingError(*(max(error[i] for error in errors) for i in range(2)))

    def _by_length(self) -> dict[int, list[Asked]]:
        states = self._states
        asked: dict[int, list[Asked]] = {}
        for length in range(states.shortest, states.context_length + 1):
            first, after = np.searchsorted(self._chosen, [states.offset(length), states.offset(length + 1)])
            if first < after:
                here = slice(first, after)
                numbers = self._chosen[here] - states.offset(length)
                asked[length] = [(numbers, self._logits[here], self._outside[here])]
        return asked


def sampled_states(states: StateSpace) -> Integers:
    """The states of a :class:`StateSample`, ``(m,)`` ascending: the same for every table of the same size."""
    drawn = np.random.default_rng(0).integers(0, states.n_states, _N_STATES)
    return np.unique(np.concatenate([drawn, [0, states.n_states - 1]]))


def try_out_sessions(model: LanguageModel, states: StateSpace) -> int:
    """Walk parts of the trie by sessions, twice, and compare; the tokens that the model was given.

    Contexts drawn at random, the first and the last, all in one go; then all combinations of two tokens at the first
    two and the last two places, in sessions so small that each is forked again after what follows has been walked.

    Raises
    ------
    ModelError
        A session failed, or laws differ; names the context where they differ most.
    """
    asked: dict[int, list[Asked]] = {}
    positions = 0
    for contexts, batch_size in ((_drawn(states), 2**10), (_combinations(states), _SMALL_BATCH)):
        only = _beginnings(contexts, states)
        for level in walk_trie(model, shortest=states.shortest, batch_size=batch_size, only=only):
            asked.setdefault(level.length, []).append((level.numbers, level.logits, level.outside))
            positions += level.token_positions
    return positions + _compare(model, asked, how="by session().feed and .fork")


def try_out_passes(model: LanguageModel, states: StateSpace) -> int:
    """Ask ``all_logits`` about some contexts of length K and compare; the tokens that the model was given.

    Raises
    ------
    ModelError
        ``all_logits`` failed, or laws differ, as they do if it looks at later tokens; names the context.
    """
    K = states.context_length
    numbers = _drawn(states)
    contexts = context_digits(numbers, K, states.vocab_size)  # (m, K)
    every, outside = every_position(model, contexts)
    asked: dict[int, list[Asked]] = {}
    for length in range(states.shortest, K + 1):
        logits = checked_logits(every[:, length - 1], contexts[:, :length], model, method="all_logits")
        asked[length] = [(numbers // states.vocab_size ** (K - length), logits, outside[:, length - 1])]
    return contexts.size + _compare(model, asked, how="by all_logits")


def _compare(model: LanguageModel, asked: dict[int, list[Asked]], *, how: str) -> int:
    """Compare what was answered with ``next_logits``, by lengths; the tokens that it was given."""
    worst, where, limit, n, n_differ, positions = -1.0, (), TOLERANCE, 0, 0, 0
    for length, parts in sorted(asked.items()):
        numbers, logits, outside = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
        contexts = context_digits(numbers, length, model.vocab_size)  # (m, length)
        expected, expected_outside = next_logits_and_outside(model, contexts)
        inside, other_law, allowed = law_gaps(logits, expected)
        gaps = np.maximum(inside, abs(outside - expected_outside))  # (m,)
        differs = other_law | ~(gaps <= allowed)  # (m,)
        if differs.any() and gaps[differs].max() > worst:
            row = np.flatnonzero(differs)[gaps[differs].argmax()]
            worst, where, limit = float(gaps[row]), tuple(contexts[row].tolist()), allowed
        n, n_differ, positions = n + len(contexts), n_differ + int(differs.sum()), positions + contexts.size
    if n_differ:
        raise ModelError(
            f"{model_name(model)} gives other laws {how} than by next_logits: after "
            f"{vocabulary_of(model).label(where)!r} probabilities differ by {worst:.2g} (allowed: {limit:.2g}, and "
            f"the same tokens impossible). {n_differ} of {n} contexts that were compared differ.",
            context=where,
            difference=worst,
        )
    return positions


def _drawn(states: StateSpace) -> Integers:
    """Contexts of length K as numbers, the first and the last among them."""
    n = states.vocab_size**states.context_length
    return np.unique(np.concatenate([np.random.default_rng(0).integers(0, n, _N_DRAWN), [0, n - 1]]))


def _combinations(states: StateSpace) -> Integers:
    """Contexts of length K as numbers: all with one of two tokens at the first and last two places each."""
    V, K = states.vocab_size, states.context_length
    rng, numbers = np.random.default_rng(1), np.zeros(1, dtype=np.int64)
    for place in range(K):
        tokens = rng.choice(V, size=min(V, 2), replace=False)
        tokens = tokens if place < 2 or place >= K - 2 else tokens[:1]
        numbers = (numbers[:, None] * V + tokens).ravel()
    return np.unique(numbers)


def _beginnings(numbers: Integers, states: StateSpace) -> list[Integers]:
    """The beginnings of contexts of length K, of each length from 1 on."""
    V, K = states.vocab_size, states.context_length
    return [np.unique(numbers // V ** (K - length)) for length in range(1, K + 1)]
