"""What does counting cost, beside nltk and a Counter? All of them count the same, to the last gram.

A text of 27 characters, each drawn from a skew law of the three before it. ``--characters 3000000`` for a longer one;
compare methods within a run.
"""

from collections import Counter
from functools import cache

import numpy as np
import pytest
from nltk.lm import NgramCounter
from nltk.util import ngrams

import markovgpt as mg

LETTERS = " abcdefghijklmnopqrstuvwxyz"
CONTEXT_LENGTH = 3


@cache
def text_of(n_characters):
    """A thousand texts at once, one behind the other."""
    rng = np.random.default_rng(3)
    laws = rng.dirichlet(np.full(27, 0.15), size=27**3).cumsum(axis=1)
    state = rng.integers(0, 27**3, 1000)
    tokens = np.empty((n_characters // 1000, 1000), dtype=np.int64)
    for row in tokens:
        row[:] = np.minimum((laws[state] < rng.random((1000, 1))).sum(axis=1), 26)
        state = state % 27**2 * 27 + row
    return "".join(LETTERS[token] for token in tokens.T.ravel())


def _markovgpt(path):
    return mg.count_data(path, vocabulary=mg.Vocabulary.of_text(LETTERS), context_length=CONTEXT_LENGTH)


def _counter(path):
    """A line that anyone would write."""
    return Counter(ngrams(path.read_text(encoding="utf-8"), CONTEXT_LENGTH + 1))


def _nltk(path):
    return NgramCounter([ngrams(path.read_text(encoding="utf-8"), CONTEXT_LENGTH + 1)])


def _grams_of(counts):
    """All as the first: how often each gram of four characters occurs."""
    if isinstance(counts, NgramCounter):
        return {
            (*context, letter): n
            for context, after in counts[CONTEXT_LENGTH + 1].items()
            for letter, n in after.items()
        }
    if isinstance(counts, Counter):
        return counts
    numbers, often = counts.full.grams
    letters = [np.array(list(LETTERS))[numbers // 27**place % 27].tolist() for place in range(CONTEXT_LENGTH, -1, -1)]
    return dict(zip(zip(*letters, strict=True), often.tolist(), strict=True))


METHODS = {"markovgpt": _markovgpt, "Counter of nltk's ngrams": _counter, "nltk NgramCounter": _nltk}


@pytest.mark.parametrize("method", METHODS)
def test_counting(benchmark, request, tmp_path, method):
    n_characters = request.config.getoption("--characters")
    path = tmp_path / "text"
    path.write_text(text_of(n_characters), encoding="utf-8")
    benchmark.group = f"count: {n_characters:,} characters, contexts of {CONTEXT_LENGTH}"
    benchmark.extra_info |= {"method": method, "reference": method == "markovgpt"}
    counts = benchmark.pedantic(METHODS[method], args=(path,), rounds=3, warmup_rounds=1)
    benchmark.extra_info["contexts"] = len(_markovgpt(path).full)
    if benchmark.stats:
        benchmark.extra_info["million characters/s"] = round(n_characters / benchmark.stats.stats.min / 1e6, 2)
    assert _grams_of(counts) == Counter(zip(*(text_of(n_characters)[shift:] for shift in range(4)), strict=False))
