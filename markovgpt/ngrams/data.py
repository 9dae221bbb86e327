"""How often does each token follow each context in texts and files of any size?"""

from __future__ import annotations

from markovgpt.data.reading import Sequences, Unknown, read_stream
from markovgpt.data.sources import Data
from markovgpt.data.stream import Progress
from markovgpt.data.tokens import Encode
from markovgpt.errors import ArgumentError
from markovgpt.ngrams.counts import NgramCounts, count_stream
from markovgpt.vocabulary import Vocabulary

__all__ = ["count_data"]


def count_data(
    data: Data,
    *,
    vocabulary: Vocabulary,
    context_length: int,
    sequences: Sequences = "file",
    unknown: Unknown = "error",
    encode: Encode | None = None,
    start: int | None = None,
    end: int | None = None,
    circular: bool = False,
    progress: Progress | None = None,
) -> NgramCounts:
    """As :func:`~markovgpt.count_ngrams`, of texts and files: what follows every context of 0 to K tokens.

    Files are read piece by piece: the memory that this takes grows with the contexts that occur, not with the data.

    Parameters
    ----------
    data : str, path, or list of these
        A path object is a file. A string is the file of that name if there is one, ``"-"`` is standard input, and any
        other string is a text itself. Files that end in ``.npy``, ``.npz`` or ``.json`` hold token numbers: an array or
        list of them is one sequence, an array of two dimensions or a list of lists is one in each row. Every other file
        is UTF-8 text.
    vocabulary : Vocabulary
        The V tokens, and how text is cut into them; :func:`~markovgpt.scan_vocabulary` finds those of the data.
    context_length : int
        K.
    sequences : "file" or "line"
        What of a text is one sequence: all of it, or each line. The end of a line is no token then, and an empty line
        no sequence.
    unknown : "error" or "skip"
        What to do with a token that the vocabulary does not have. One that is skipped leaves a gap, which no context
        spans; ``n_gaps`` of the result tells how many.
    encode : callable, optional
        A model's own tokenizer, ``encode(text)`` to token numbers, for texts. It is given the text of one sequence at a
        time, as a whole.
    start, end, circular
        See :func:`~markovgpt.count_ngrams`.
    progress : callable, optional
        Called as ``progress("counting", bytes_done, bytes_total)``; the total is 0 where standard input is among them.

    Raises
    ------
    ArgumentError
        Grams cannot be numbered; start or end is no token; circular with start or end; another word for an option.
    DataError
        A file is missing, empty, damaged, not UTF-8, or holds something else than tokens; a token is outside the
        vocabulary; no sequence has a context of full length.
    ModelError
        ``encode`` fails.

    Examples
    --------
    >>> from markovgpt import Vocabulary
    >>> letters = Vocabulary.of_text("abr")
    >>> count_data("abra\\nbar", vocabulary=letters, context_length=1, sequences="line").after([0])
    array([0, 1, 1])
    >>> count_data("abracadabra", vocabulary=letters, context_length=1, unknown="skip").n_gaps
    2
    """
    if not isinstance(vocabulary, Vocabulary):
        raise ArgumentError(
            f"The vocabulary of data is a Vocabulary: got {type(vocabulary).__name__}. Use that of the model, or "
            "scan_vocabulary(data)."
        )
    return count_stream(
        read_stream(data, vocabulary, sequences=sequences, unknown=unknown, encode=encode, progress=progress),
        vocab_size=len(vocabulary),
        context_length=context_length,
        start=start,
        end=end,
        circular=circular,
    )
