"""What stood before each draw of a sample, at which step after its prompt was it made, and in which call?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from markovgpt.decoding import Decoding
from markovgpt.errors import ArgumentError, ModelError
from markovgpt.testing.samples.draws import Draws, different_rows
from markovgpt.testing.samples.references import Reference

__all__ = ["MOST_DRAWS", "Evidence", "evidence_of", "evidence_of_counts"]

Integers = NDArray[np.int64]
Table = NDArray[np.float64]

MOST_DRAWS = 2**18
"""Draws that are looked at; of more, a part."""

_MOST_STEPS = 32
_MOST_CONTEXTS, _CELLS = 2**14, 2**21  # of a table of laws: rows, entries


@final
@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Evidence:
    """Draws after prompts of one length, at least K, and the right law of each. d draws after c different contexts.

    Attributes
    ----------
    reference : Reference
        The right laws, after K tokens.
    model : object, or None
        What can be asked about contexts of other lengths.
    sequences : (m, prompt_length + n) int64
    prompt_length : int
    calls : (m,) int64, ascending
        Which call of the sampler made each row.
    rows, steps, tokens : (d,) int64
        Of each draw: its row, how many draws were made before it in that row, and what was drawn.
    contexts : (c, K) int64
        The different last K tokens; fewer than K, where only draws after fewer are known.
    places : (d,) int64
        Which of them each draw was made after.
    laws : (c, V) float64
    """

    reference: Reference
    model: Any
    sequences: Integers
    prompt_length: int
    calls: Integers
    rows: Integers
    steps: Integers
    tokens: Integers
    contexts: Integers
    places: Integers
    laws: Table

    def __len__(self) -> int:
        return len(self.tokens)

    @property
    def vocab_size(self) -> int:
        """V."""
        return self.reference.vocab_size

    @property
    def context_length(self) -> int:
        """K, or how many tokens before each draw are known, if those are fewer."""
        return int(self.contexts.shape[1])

    @property
    def rule(self) -> Decoding:
        """The decoding rule that was asked for."""
        return self.reference.rule

    def only(self, which: NDArray[Any]) -> Evidence:
        """Some of the draws, by a mask ``(d,)`` or by their places."""
        return replace(
            self,
            rows=self.rows[which],
            steps=self.steps[which],
            tokens=self.tokens[which],
            places=self.places[which],
        )

    def thinned(self, most: int) -> Evidence:
        """At most so many draws, evenly from all."""
        return self if len(self) <= most else self.only(np.arange(most) * len(self) // most)

    def most_drawn(self, most: int) -> Evidence:
        """The draws after the contexts that were drawn from most, at most so many."""
        often, places = _often(self.places, most)
        kept = self.only(places >= 0)
        return replace(kept, places=places[places >= 0], contexts=self.contexts[often], laws=self.laws[often])

    def counts(self) -> Integers:
        """How often each token was drawn after each context, ``(c, V)``."""
        V = self.vocab_size
        cells = np.bincount(self.places * V + self.tokens, minlength=len(self.contexts) * V)
        return cells.reshape(len(self.contexts), V).astype(np.int64)

    def laws_after(self, contexts: Integers) -> Table | None:
        """Laws under the rule after contexts of any length, ``(g, length) -> (g, V)``; None if they cannot be had."""
        if contexts.shape[1] == self.context_length:  # as those of the right laws
            return self.reference.laws(contexts)
        logits = self.logits_after(contexts)
        return None if logits is None else self.rule.apply(logits)

    def logits_after(self, contexts: Integers) -> Table | None:
        """What the model itself answers; without one, logarithms of the chain; None if neither is to be had."""
        source = self.reference if self.model is None else Reference(self.model)
        try:
            return source.logs(contexts)
        except (ArgumentError, ModelError):  # the chain has no such length, or the model takes none
            return None


def evidence_of(
    reference: Reference,
    sequences: Integers,
    n: int,
    *,
    model: Any = None,
    calls: Integers | None = None,
    kept: NDArray[np.bool_] | None = None,
) -> Evidence | None:
    """What draws can tell besides their counts; None where prompts are shorter than K, or nothing is left.

    Of very many draws a part, and of very many contexts those that were drawn from most.

    Parameters
    ----------
    reference : Reference
        The right laws.
    sequences : (m, length + n) int64
        Rows whose last n tokens were drawn; numbers that are no tokens end a row.
    n : int
        Draws after each prompt.
    model : object, optional
        To be asked about contexts of other lengths than K.
    calls : (m,) int64, ascending, optional
        Which call of the sampler made each row; one call made all by default.
    kept : (m, n) bool, optional
        Which draws count; all by default.
    """
    V, length, n_steps = reference.vocab_size, sequences.shape[1] - n, min(n, _MOST_STEPS)
    if length < reference.context_length or not n_steps:
        return None
    sequences = sequences[: max(1, MOST_DRAWS // n_steps)]
    m = len(sequences)
    inside = np.logical_and.accumulate((sequences >= 0) & (sequences < V), axis=1)
    used = inside[:, length : length + n_steps].copy()  # (m, n_steps)
    if kept is not None:
        used &= kept[:m, :n_steps]
    whole = np.zeros(m, dtype=np.int64) if calls is None else calls[:m]
    return _made(reference, sequences, length, reference.context_length, whole, used, model)


def evidence_of_counts(reference: Reference, draws: Sequence[Draws], *, model: Any = None) -> Evidence | None:
    """The same of draws that were counted: of those after contexts of one length, which most draws have."""
    if not draws:
        return None
    part = max(draws, key=lambda one: int(one.counts.sum()))
    rows = np.column_stack([part.contexts[part.places], part.tokens])  # (pairs, length + 1)
    total = int(part.counts.sum())
    few = np.arange(min(total, MOST_DRAWS)) * total // min(total, MOST_DRAWS)
    drawn = rows[np.searchsorted(np.cumsum(part.counts), few, side="right")]  # (m, length + 1) one a draw
    length, used = part.contexts.shape[1], np.ones((len(drawn), 1), dtype=np.bool_)
    return _made(reference, drawn, length, length, np.arange(len(drawn)), used, model)


def _made(
    reference: Reference,
    sequences: Integers,
    prompt_length: int,
    context_length: int,
    calls: Integers,
    used: NDArray[np.bool_],
    model: Any,
) -> Evidence | None:
    rows, steps = np.nonzero(used)
    if not len(rows):
        return None
    V, K = reference.vocab_size, context_length
    contexts, places = different_rows(sequences[rows[:, None], (prompt_length + steps - K)[:, None] + np.arange(K)], V)
    often, places = _often(places, max(1, min(_MOST_CONTEXTS, _CELLS // V)))
    here = places >= 0
    rows, steps, contexts = rows[here], steps[here], contexts[often]
    return Evidence(
        reference=reference,
        model=model,
        sequences=sequences,
        prompt_length=prompt_length,
        calls=calls,
        rows=rows,
        steps=steps,
        tokens=sequences[rows, prompt_length + steps],
        contexts=contexts,
        places=places[here],
        laws=reference.laws(contexts),
    )


def _often(places: Integers, most: int) -> tuple[Integers, Integers]:
    """Contexts with most draws, and which of them each draw was made after; -1: none of them."""
    totals = np.bincount(places)
    often = np.argsort(-totals, kind="stable")[:most]
    often = often[totals[often] > 0]
    new = np.full(len(totals), -1)
    new[often] = np.arange(len(often))
    return often, new[places]
