"""Does ``next_logits`` return one row of V usable numbers a context?"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from markovgpt.answers import as_float64
from markovgpt.testing.checks.record import check
from markovgpt.testing.contexts import lengths_asked
from markovgpt.testing.findings import fact
from markovgpt.testing.messages import counted
from markovgpt.testing.subject import Subject

__all__ = ["logits_finite", "logits_shape"]


@check(
    what="Asks about contexts of every length, many at once and one alone, and compares the shape with (batch, "
    "vocab_size).",
    catches="An output layer padded to a round size, whose extra rows can be sampled; logits of every position "
    "instead of the last; a batch of one that loses its first dimension.",
    threads=("mlx-vlm #1917", "tt-metal #17195"),
    mend="Cut the logits to the vocabulary, logits[:, :vocab_size], and return the last position only, logits[:, -1].",
    after=(),
)
def logits_shape(subject: Subject) -> str:
    """(batch, vocab_size), at every length."""
    lengths = lengths_asked(subject.K)
    for length in lengths:
        tokens = subject.contexts(length).tokens
        for asked in (tokens, tokens[:1]):
            answer = subject.call("next_logits", asked)
            if answer is None:
                raise subject.broken(
                    "next_logits returned None",
                    _asked(subject, asked, length),
                    fact("got", f"None, expected an array of shape {(len(asked), subject.V)}"),
                    likely="is a return missing?",
                )
            shape = as_float64(answer, f"next_logits of {subject.name}").shape
            expected = (len(asked), subject.V)
            if shape == expected:
                continue
            hint = ""
            if len(shape) == 3:
                hint = "all positions are returned: take the last, logits[:, -1]"
            elif len(shape) < 2 and len(asked) == 1:
                hint = "a batch of one loses its first dimension: squeeze only the dimension that is meant"
            elif len(shape) == 2 and shape[1] > subject.V:
                hint = f"the vocabulary is padded from {subject.V} to {shape[1]}: cut it, logits[:, :{subject.V}]"
            raise subject.broken(
                "next_logits returns the wrong shape",
                _asked(subject, asked, length),
                fact("got", f"{shape}, expected {expected}"),
                likely=hint or "return one row a context and one column a token, whatever the batch",
            )
    return f"contexts of length {_listed(lengths)}, in a batch and alone"


@check(
    what="Looks for NaN, plus infinity and rows of nothing but minus infinity, in the logits of contexts of every "
    "length.",
    catches="A mask that leaves nothing to attend to, a division by zero, float16 that overflows: softmax makes NaN "
    "of it, and the sampler anything.",
    threads=("pytorch #92752",),
    mend="Use minus infinity for impossible tokens only, never for a whole row; compute softmax and norms in float32.",
    after=("logits_shape",),
)
def logits_finite(subject: Subject) -> str:
    """Finite, or minus infinity for impossible tokens."""
    n = 0
    for length in lengths_asked(subject.K):
        contexts = subject.contexts(length)
        logits = subject.ask(contexts.tokens)  # (m, V)
        bad = np.isnan(logits) | np.isposinf(logits)  # (m, V)
        rows = bad.any(axis=1) | np.isneginf(logits).all(axis=1)  # (m,)
        n += len(contexts)
        if not rows.any():
            continue
        row = int(np.argmax(rows))
        token = int(np.argmax(bad[row]))
        got = f"{logits[row, token]} for token {subject.labels[token]}" if bad[row].any() else "only -inf"
        likely = "a mask over every token"
        if bad[row].any():
            likely = "a division by 0, or an overflow: half precision ends at 65,504"
        if np.isnan(logits[row]).any():
            likely = "a softmax over positions that are all masked, infinity less infinity, or a logarithm below 0"
        raise subject.broken(
            "logits must be finite, or -inf for impossible tokens",
            subject.compared(contexts),
            fact("bad", f"{int(rows.sum())} of {len(contexts)} rows"),
            subject.worst(contexts.tokens[row], got),
            likely=likely,
        )
    return f"{counted(n, 'context')} of length {_listed(lengths_asked(subject.K))}"


def _asked(subject: Subject, tokens: NDArray[np.int64], length: int) -> str:
    contexts = (
        f"1 context of length {length},"
        if len(tokens) == 1
        else f"{len(tokens)} contexts of length {length}, the first"
    )
    return fact("asked", f"{contexts} {subject.label(tokens[0])}")


def _listed(lengths: list[int]) -> str:
    """``1 to 3``, or the lengths one by one where some are left out."""
    every = lengths == list(range(1, len(lengths) + 1))
    return f"1 to {lengths[-1]}" if every and len(lengths) > 1 else ", ".join(map(str, lengths))
