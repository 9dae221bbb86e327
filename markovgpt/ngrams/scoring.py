"""How surprised is a model by counted data, and how surprised are n-gram models of every order?"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import NDArray

from markovgpt.answers import next_token_logits
from markovgpt.errors import ArgumentError
from markovgpt.model import LanguageModel, check_is_model, model_name
from markovgpt.ngrams.counts import NgramCounts
from markovgpt.ngrams.model import NgramModel
from markovgpt.ngrams.smoothing import SMOOTHINGS, Smoothing
from markovgpt.ngrams.table import CountTable, Integers

__all__ = ["Baseline", "baselines", "cross_entropy"]

_BLOCK = 2**22  # logits at a time: 32 MiB

_ASKED = 2048  # contexts at a time, at most: a network needs room for much besides their logits

_LOOKED_UP = 2**18  # contexts at a time, where no logits are needed

Floats = NDArray[np.float64]


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """How well one n-gram model predicts.

    Attributes
    ----------
    order : int
        Number of tokens that the next one depends on.
    smoothing : str
        See :mod:`markovgpt.ngrams.smoothing`.
    training_bits : float, bits per token
        Cross-entropy on the data that it was counted from.
    heldout_bits : float, bits per token, or None
        On other data, infinite where it excludes what occurs there; None where there are none.
    """

    order: int
    smoothing: Smoothing
    training_bits: float
    heldout_bits: float | None


def cross_entropy(model: LanguageModel, counts: NgramCounts) -> float:
    """Average surprise of a model at counted data, in bits per token.

    ``- sum c(h, t) log2 p(t | h) / sum c(h, t)`` over the contexts h of K tokens, the full length of the counts. A
    model of longer contexts is asked about K tokens, one of shorter contexts about the last of them: every model is
    judged at the same positions. Each distinct context is asked once.

    Parameters
    ----------
    model : LanguageModel
        V tokens.
    counts : NgramCounts
        Of the same V tokens: the training data, or others.

    Returns
    -------
    float, bits per token
        0 if everything was certain, ``log2(V)`` for the uniform law; infinite if a token has probability 0 that occurs.

    Raises
    ------
    ArgumentError
        Not a model, or of another number of tokens.
    ModelError
        The model raised, or returned something that is not a law.

    Examples
    --------
    >>> import markovgpt as mg
    >>> counts = mg.count_ngrams([0, 1, 0, 1, 1], vocab_size=2, context_length=1)
    >>> cross_entropy(mg.from_matrix([[0, 1], [0.5, 0.5]]), counts)
    0.5
    """
    check_is_model(model)
    if model.vocab_size != counts.vocab_size:
        raise ArgumentError(
            f"{model_name(model)} has {model.vocab_size} tokens, the counts have {counts.vocab_size}. Count with the "
            "tokens of the model: vocab_size=model.vocab_size.",
            vocab_size=model.vocab_size,
        )
    length = min(model.context_length, counts.context_length)
    table = counts.suffixes(length)
    return float(_surprises(model, table, length) @ (table.counts / table.n_counted))


def baselines(
    training: NgramCounts,
    heldout: NgramCounts | None = None,
    *,
    orders: Iterable[int] | None = None,
    smoothings: Iterable[Smoothing] = SMOOTHINGS,
) -> tuple[Baseline, ...]:
    """What n-gram models of these orders and smoothings reach: the numbers that another model has to beat.

    All are judged at the same positions, those with the full context of the counts before them.

    Parameters
    ----------
    training, heldout : NgramCounts
        The data of the models, and others of the same tokens to judge them by.
    orders : integers, optional
        0 to the longest context in ``training`` by default.
    smoothings : names
        With their default settings.

    Raises
    ------
    ArgumentError
        There is no such order or smoothing; the held-out counts are of other tokens, or of shorter contexts than an
        order needs.

    Examples
    --------
    >>> import markovgpt as mg
    >>> counts = mg.count_ngrams([0, 1] * 8, vocab_size=2, context_length=1)
    >>> [(row.order, round(row.training_bits, 4)) for row in baselines(counts, smoothings=["mle"])]
    [(0, 1.0), (1, 0.0)]
    """
    ks = range(training.context_length + 1) if orders is None else tuple(orders)
    if heldout is not None and max(ks, default=0) > heldout.context_length:
        raise ArgumentError(
            f"Held-out counts after {heldout.context_length} tokens cannot judge a model of order {max(ks)}. Count "
            f"them with context_length={max(ks)}.",
            order=max(ks),
        )
    rows = []
    for smoothing in smoothings:
        for order in ks:
            model = NgramModel(training, order=order, smoothing=smoothing)
            rows.append(
                Baseline(
                    order=order,
                    smoothing=smoothing,
                    training_bits=cross_entropy(model, training),
                    heldout_bits=None if heldout is None else cross_entropy(model, heldout),
                )
            )
    return tuple(rows)


def _surprises(model: LanguageModel, table: CountTable, length: int) -> Floats:
    """``-log2 p`` of every gram of the table, ``(e,)``."""
    surprises, row_of = np.empty(len(table.tokens)), table.row_of
    step = _LOOKED_UP if isinstance(model, NgramModel) else max(1, min(_ASKED, _BLOCK // table.vocab_size))
    for start in range(0, len(table), step):
        stop = min(start + step, len(table))
        here = slice(table.starts[start], table.starts[stop])
        contexts = _tokens(table.contexts[start:stop], table.vocab_size, length)  # (b, length)
        surprises[here] = _surprises_after(model, contexts, row_of[here] - start, table.tokens[here])
    return surprises


def _surprises_after(model: LanguageModel, contexts: Integers, rows: Integers, tokens: Integers) -> Floats:
    """``-log2 p`` of tokens after some of the contexts, given by their rows: ``(b, length), (e,), (e,) -> (e,)``."""
    if isinstance(model, NgramModel):
        with np.errstate(divide="ignore"):
            known: Floats = 0.0 - np.log2(model.probabilities_of(contexts[rows], tokens))
        return known
    logits = next_token_logits(model, contexts)  # (b, V)
    logits = logits - logits.max(axis=1, keepdims=True)
    norms = np.log(np.exp(logits).sum(axis=1))  # (b,)
    asked: Floats = (norms[rows] - logits[rows, tokens]) / np.log(2)
    return asked


def _tokens(numbers: Integers, vocab_size: int, length: int) -> Integers:
    """Contexts by number as tokens, oldest first: ``(m,) -> (m, length)``."""
    weights = vocab_size ** np.arange(length - 1, -1, -1, dtype=np.int64)  # (length,)
    tokens: Integers = numbers[:, None] // weights % vocab_size
    return tokens
