"""How do data become an n-gram model? The built-in model ``ngram``."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from markovgpt.data.corpus import read_corpus
from markovgpt.data.reading import Sequences, read_stream
from markovgpt.data.scan import scan_vocabulary
from markovgpt.data.sources import Data
from markovgpt.data.stream import BOUNDARY, GAP, Integers
from markovgpt.model import Progress, SizeCheck
from markovgpt.ngrams.counts import count_stream
from markovgpt.ngrams.model import NgramModel
from markovgpt.ngrams.smoothing import Smoothing
from markovgpt.vocabulary import TokenKind, Vocabulary

__all__ = ["ngram"]


def ngram(
    *,
    data: Data,
    vocabulary: TokenKind = "char",
    order: int = 3,
    smoothing: Smoothing = "mle",
    alpha: float = 1.0,
    discount: float | None = None,
    circular: bool = False,
    sequences: Sequences = "file",
    progress: Progress | None = None,
    check: SizeCheck | None = None,
) -> NgramModel:
    """The Markov chain of some order of the user's data.

    Parameters
    ----------
    data : str, path, or list of these
        As of :func:`markovgpt.count_data`. Its tokens become the vocabulary.
    vocabulary : "char", "word" or "byte"
        How text is cut into tokens.
    order, smoothing, alpha, discount
        See :class:`markovgpt.NgramModel`.
    circular : bool
        The first token of each sequence follows its last.
    sequences : "file" or "line"
        What of a text is one sequence: all of it, or each line. Lines are counted as they are read; files are held in
        memory, for a report that compares the model with its data, where these are one sequence with two ends.
    progress, check : callable, optional
        See :data:`markovgpt.model.Progress` and :data:`markovgpt.model.SizeCheck`.

    Raises
    ------
    ArgumentError
        No such order, smoothing, or setting of it.
    DataError
        The data cannot be read, or have no sequence of more than ``order`` tokens.
    """
    words, stream = _read(data, vocabulary, sequences, progress)
    context_length = max(order, 1)
    if check is not None:
        check(len(words), context_length)
    held = None if sequences == "line" else np.concatenate(list(stream))  # (n,)
    counts = count_stream(
        stream if held is None else [held], vocab_size=len(words), context_length=context_length, circular=circular
    )
    one = held[held >= 0] if held is not None and counts.n_sequences == 1 and not circular else None
    return NgramModel(
        counts,
        order=order,
        smoothing=smoothing,
        alpha=alpha,
        discount=discount,
        vocabulary=words,
        training_tokens=one,
    )


def _read(
    data: Data, kind: TokenKind, sequences: Sequences, progress: Progress | None
) -> tuple[Vocabulary, Iterator[Integers]]:
    """The tokens that occur, and the stream of them."""
    if data != "-":
        words = scan_vocabulary(data, kind, sequences=sequences, progress=progress)
        return words, read_stream(data, words, sequences=sequences, progress=progress)
    text = read_corpus("-").text  # once only: its tokens are looked for in memory
    lines = sequences == "line"
    words = Vocabulary.of_text(text.replace("\n", "") if lines and kind != "word" else text, kind=kind)
    return words, iter([words.find(text, unknown=GAP, line_end=BOUNDARY if lines else None)])
