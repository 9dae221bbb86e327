"""What is an n-gram model? Counts and a smoothing, behind the protocol of a language model."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from markovgpt.errors import ArgumentError
from markovgpt.ngrams.counts import NgramCounts
from markovgpt.ngrams.smoothing import SmoothedLaw, Smoothing, smoothed_law
from markovgpt.ngrams.table import Integers
from markovgpt.vocabulary import Vocabulary

__all__ = ["NgramModel"]


@final
@dataclass(frozen=True, eq=False, slots=True, init=False)
class NgramModel:
    """The Markov chain of order k of some data: the next token depends on the k before it, as it did there.

    Of order 0 every token is drawn by its frequency, whatever stands before. A context of fewer than k tokens has the
    law of its own length.

    Parameters
    ----------
    counts : NgramCounts
        V tokens, contexts of up to K.
    order : int, optional
        k, the number of tokens that the next one depends on, 0 to K; K by default.
    smoothing : "mle", "add-alpha", "witten-bell" or "kneser-ney"
        Relative frequencies (of the longest suffix that was seen, for a context that never was), or a law that leaves
        something for what was not seen: see :mod:`markovgpt.ngrams.smoothing`.
    alpha : float
        Of "add-alpha": how often every token is taken to have been seen besides.
    discount : float, or k + 1 of them, optional
        Of "kneser-ney", 0 to 1; estimated from the counts by default.
    vocabulary : Vocabulary, optional
        Texts of the V tokens; their numbers by default.
    training_tokens : (n,) integers, optional
        The data, where they are one sequence: reports compare with them.

    Attributes
    ----------
    law : SmoothedLaw
        Probabilities after contexts of 0 to k tokens, without logarithms.
    name : str
        Order and smoothing, for reports.

    Raises
    ------
    ArgumentError
        No such order or smoothing, a setting out of range or of another smoothing, or a vocabulary of another size.

    Examples
    --------
    >>> import markovgpt as mg
    >>> words = mg.Vocabulary.of_text("abracadabra")
    >>> counts = mg.count_ngrams(words.encode("abracadabra"), vocab_size=5, context_length=2)
    >>> model = NgramModel(counts, order=1, vocabulary=words)
    >>> mg.build_chain(model).row("a")
    array([0.  , 0.5 , 0.25, 0.25, 0.  ])
    >>> model.name
    'n-gram model of order 1, mle'
    """

    counts: NgramCounts
    order: int
    law: SmoothedLaw
    vocabulary: Vocabulary
    name: str
    training_tokens: Integers | None

    def __init__(
        self,
        counts: NgramCounts,
        *,
        order: int | None = None,
        smoothing: Smoothing = "mle",
        alpha: float = 1.0,
        discount: float | Sequence[float] | None = None,
        vocabulary: Vocabulary | None = None,
        training_tokens: ArrayLike | None = None,
    ) -> None:
        longest = counts.context_length if order is None else order
        law = smoothed_law(counts, longest, smoothing=smoothing, alpha=alpha, discount=discount)
        words = Vocabulary.numbered(counts.vocab_size) if vocabulary is None else vocabulary
        if len(words) != counts.vocab_size:
            raise ArgumentError(
                f"Counts of {counts.vocab_size} tokens need a vocabulary of as many: got {len(words)}. Count with "
                "vocab_size=len(vocabulary).",
                tokens=len(words),
            )
        setting = f" {alpha:g}" if smoothing == "add-alpha" else "" if discount is None else f" {discount}"
        for name, value in (
            ("counts", counts),
            ("order", longest),
            ("law", law),
            ("vocabulary", words),
            ("name", f"n-gram model of order {longest}, {smoothing}{setting}"),
            ("training_tokens", None if training_tokens is None else np.asarray(training_tokens)),
        ):
            object.__setattr__(self, name, value)

    def __repr__(self) -> str:
        return f"<NgramModel: {self.name}, V={self.vocab_size}>"

    @property
    def vocab_size(self) -> int:
        """V."""
        return self.counts.vocab_size

    @property
    def context_length(self) -> int:
        """The order, but at least 1: the states of a chain have a token."""
        return max(self.order, 1)

    @property
    def tokens(self) -> tuple[str, ...]:
        """Texts of the V tokens."""
        return self.vocabulary.tokens

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the law."""
        digest = hashlib.sha256(f"{self.vocab_size} {self.order}".encode())
        for level in self.law.levels[-1]:
            for array in (level.table.contexts, level.table.tokens, level.shares, level.rests):
                digest.update(array.tobytes())
        return digest.hexdigest()

    def next_logits(self, contexts: Integers) -> NDArray[np.float64]:
        """Logarithms of the next-token law, ``(batch, length) -> (batch, V)``; -inf for what cannot come."""
        with np.errstate(divide="ignore"):
            logits: NDArray[np.float64] = np.log(self.law.rows(self._last(contexts)))
        return logits

    def probabilities_of(self, contexts: Integers, tokens: Integers) -> NDArray[np.float64]:
        """The probability of one token after each context, ``(m, length), (m,) -> (m,)``."""
        return self.law.of_tokens(self._last(contexts), tokens)

    def _last(self, contexts: Integers) -> Integers:
        return contexts[:, max(contexts.shape[1] - self.order, 0) :]
