"""Counts against those of nltk, which agree to the last one."""

from __future__ import annotations

from collections import Counter
from itertools import chain
from typing import Any

import numpy as np
import pytest
from counting import counted_grams
from nltk.lm import NgramCounter
from nltk.util import everygrams, ngrams, pad_sequence

import markovgpt as mg

V, K = 5, 3
START, END = V - 2, V - 1


def _sequences() -> list[list[int]]:
    """Of 1 to 60 tokens, the shortest without a full context; a skew law, so that grams repeat."""
    rng = np.random.default_rng(8)
    return [rng.choice(3, size=n, p=[0.7, 0.2, 0.1]).tolist() for n in (1, 2, 3, 4, 10, 60)]


@pytest.mark.parametrize(
    ("ends", "padding"),
    [
        pytest.param({}, {}, id="no padding"),
        pytest.param({"start": START}, {"pad_left": True, "left_pad_symbol": START}, id="starts"),
        pytest.param(
            {"start": START, "end": END},
            {"pad_left": True, "left_pad_symbol": START, "pad_right": True, "right_pad_symbol": END},
            id="starts and ends",
        ),
    ],
)
def test_full_contexts_are_those_of_nltk(ends: dict[str, int], padding: dict[str, Any]) -> None:
    """``ngrams`` of K + 1, padded by K at the left; at the right nltk pads by K, where one end is enough."""
    expected: Counter[tuple[int, ...]] = Counter()
    for sequence in _sequences():
        found = list(ngrams(sequence, K + 1, **padding))
        expected.update(found[: len(found) - K + 1] if "end" in ends else found)
    counts = mg.count_ngrams(_sequences(), vocab_size=V, context_length=K, **ends)
    assert counted_grams(counts)[K] == expected


def test_all_lengths_are_those_of_nltk() -> None:
    """``NgramCounter`` of everygrams of 1 to K + 1 tokens; nltk has a context of none under order 1."""
    texts = [list(everygrams([str(token) for token in one], max_len=K + 1)) for one in _sequences()]
    theirs = NgramCounter(texts)
    counts = mg.count_ngrams(_sequences(), vocab_size=V, context_length=K)
    found = counted_grams(counts)
    assert found[0] == {(int(token),): n for token, n in theirs.unigrams.items()}
    for length in range(1, K + 1):
        expected = {
            (*map(int, context), int(token)): n
            for context, after in theirs[length + 1].items()
            for token, n in after.items()
        }
        assert found[length] == expected


def test_words_of_a_text_are_those_of_nltk() -> None:
    """Lines padded with their own start and end, as nltk's models of sentences have it."""
    text = "the cat sat\non the mat\n\nthe cat\n"
    padded = [
        list(
            pad_sequence(
                line.split(), n=2, pad_left=True, left_pad_symbol="<s>", pad_right=True, right_pad_symbol="</s>"
            )
        )
        for line in text.splitlines()
        if line
    ]
    expected = Counter(chain.from_iterable(ngrams(line, 2) for line in padded))
    vocabulary = mg.Vocabulary(tokens=(*mg.scan_vocabulary(text, "word").tokens, "<s>", "</s>"), kind="word")
    start, end = len(vocabulary) - 2, len(vocabulary) - 1
    counts = mg.count_data(text, vocabulary=vocabulary, context_length=1, sequences="line", start=start, end=end)
    grams = counted_grams(counts)[1]
    assert {tuple(vocabulary.tokens[token] for token in gram): n for gram, n in grams.items()} == expected
