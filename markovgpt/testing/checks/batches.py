"""Is a row of a batch answered as if it were alone: whatever the other rows, the size of the batch, and padding?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray

from markovgpt.enumeration.closeness import law_gaps
from markovgpt.testing.causes.influence import said_of_rows
from markovgpt.testing.checks.record import check
from markovgpt.testing.comparing import Answers, same_bits, same_laws
from markovgpt.testing.subject import Subject

__all__ = ["batch_rows_independent", "batch_size_tolerance", "padding"]

Integers = NDArray[np.int64]

_COPIED = 4  # contexts that are asked in a batch of themselves
_ALONE = 256  # contexts that are asked one by one
_SIZES = (2, 7)  # of batches for the rest
_IN_ONE, _TURNED = "alone and in a batch", "and in reverse order"


@check(
    what="Half of the rows of a batch are replaced, and the answers for the other half compared; then the other way "
    "round. A few rows are asked in a batch of copies of themselves. The shapes are the same, so every bit must be; "
    "with a tolerance that is given, the laws must agree within it.",
    catches="Statistics over the batch, a reshape that mixes rows, attention across the batch, experts whose capacity "
    "is shared by the batch.",
    threads=("imp #1314", "imp #1354"),
    mend="Look for a view or reshape with the batch in the wrong place, for mean or norm over dimension 0, and for an "
    "index that forgets the row. Layers of torch with batch_first=False read the batch as time. Dynamic quantisation "
    "takes one scale from the whole batch: ask such a copy for one row at a time.",
)
def batch_rows_independent(subject: Subject) -> str:
    """Other rows change: the same bits."""
    contexts = subject.contexts(subject.K)
    tokens = contexts.tokens
    changed = (tokens + 1) % subject.V  # (m, K)
    whole = subject.ask(tokens)
    rng = np.random.default_rng(subject.seed)
    what, likely = "a row of a batch depends on the other rows", lambda _: said_of_rows(subject)
    exact = subject.settings.atol is None
    for others in (changed, rng.permutation(changed), None):
        beside = whole.copy()  # (m, V)
        for kept, batch in _halves(tokens, others) if others is not None else _copies(tokens, rng):
            answer = subject.ask(batch)
            same = answer.shape == whole.shape
            beside[kept] = answer[kept] if same else np.nan
            exact = exact or not same
        if exact:
            same_bits(subject, contexts, beside, whole, what=what, likely=likely)
        else:
            compared = [Answers(tokens, beside, whole, f"{contexts.describe()}, beside other rows")]
            same_laws(subject, compared, over=contexts, what=what, likely=likely, names=("beside others", "before"))
    return f"{contexts.describe()}, each beside two sets of others, and {min(_COPIED, len(tokens))} beside copies"


def _halves(tokens: Integers, others: Integers) -> Iterator[tuple[slice, Integers]]:
    """Every second row is kept and the rest replaced, and the other way round: which are kept, and the batch."""
    for first in (0, 1):
        batch = tokens.copy()
        batch[1 - first :: 2] = others[1 - first :: 2]
        yield slice(first, None, 2), batch


def _copies(tokens: Integers, rng: np.random.Generator) -> Iterator[tuple[slice, Integers]]:
    """A few rows, each in a batch of itself: what is made from the whole batch then comes from that row."""
    for row in rng.permutation(len(tokens))[:_COPIED].tolist():
        yield slice(row, row + 1), np.repeat(tokens[row : row + 1], len(tokens), axis=0)


@check(
    what="Contexts in one batch, one by one, in small batches and in another order: the laws must agree up to "
    "rounding.",
    catches="Masks, positions or kernels that depend on the size of the batch or on the place in it; a batch of one "
    "that takes another path.",
    threads=("transformers #25921",),
    mend="Rounding is allowed for. What is left is a mask, a position or a scale made from the shape of the batch.",
)
def batch_size_tolerance(subject: Subject) -> str:
    """A batch against one by one, and against other batches."""
    contexts = subject.contexts(subject.K)
    tokens = contexts.tokens
    whole = subject.ask(tokens)
    answers = []
    few = tokens[np.random.default_rng(subject.seed).permutation(len(tokens))[:_ALONE]]  # (f, K)
    alone = np.concatenate([subject.ask(row[None]) for row in few])
    answers.append(Answers(few, alone, subject.ask(few), f"{len(few)} contexts of length {subject.K} {_IN_ONE}"))
    for size in _SIZES:
        some = tokens[: min(len(tokens), size * _ALONE)]
        some = some[: len(some) - (len(some) > 1 and len(some) % size == 1)]  # a batch of one is compared above
        parts = [subject.ask(some[begin : begin + size]) for begin in range(0, len(some), size)]
        said = f"{len(some)} contexts of length {subject.K} in batches of {size} and of {len(tokens)}"
        answers.append(Answers(some, np.concatenate(parts), whole[: len(some)], said))
    turned = subject.ask(tokens[::-1])[::-1]
    answers.append(Answers(tokens, turned, whole, f"{contexts.describe()}, {_TURNED}"))
    return same_laws(
        subject,
        answers,
        over=subject.contexts(subject.K),
        what="the law of a context depends on the size of the batch or on its place in it",
        likely=partial(_said_of_sizes, len(tokens)),
        names=("here", "whole batch"),
    )


def _said_of_sizes(whole: int, wrong: Sequence[Answers]) -> str:
    """What is wrong with batches, by which of them differ from the one of all contexts."""
    described = [answer.described for answer in wrong]
    alone = any(said.endswith(_IN_ONE) for said in described)
    turned = any(said.endswith(_TURNED) for said in described)
    small = len(described) - alone - turned
    if alone and not small and not turned:
        return "a batch of one takes another path: a squeeze, a lost dimension, or a kernel of its own"
    if turned and not small and not alone:
        return "the place of a row in its batch matters: an index, a position or a mask along the batch"
    if small == len(_SIZES) and alone and not turned:
        return (
            f"no small batch agrees with the one of {whole} rows: another kernel or precision for large batches, or a "
            "mask, a position or a scale made from the shape of the batch"
        )
    return "a mask, a position or a scale is made from the shape of the batch"


@check(
    what="Contexts of all lengths in one batch, padded on the left with tokens of every kind: each row must have the "
    "law of its own tokens alone.",
    catches="Positions counted from the padding, padding that is attended to, a mask of the wrong side.",
    threads=("nnsight #673", "trl #469", "unsloth #4078"),
    mend="Pass an attention mask, and position ids that begin with the first token: (mask.cumsum(-1) - 1).clip(0).",
    needs=("padded_logits",),
)
def padding(subject: Subject) -> str:
    """A left-padded row is the row without padding."""
    tokens = subject.contexts(subject.K).tokens
    lengths = 1 + np.arange(len(tokens)) % subject.K  # (m,)
    rng = np.random.default_rng(subject.seed)
    blank = np.arange(subject.K) < subject.K - lengths[:, None]  # (m, K) padding
    answers = []
    fillings = {"the first token": 0, "the last token": subject.V - 1, "drawn tokens": None}
    for name, filling in fillings.items():
        filled = rng.integers(0, subject.V, tokens.shape) if filling is None else np.full_like(tokens, filling)
        padded = np.where(blank, filled, tokens)
        answer = subject.guarded(
            "padded_logits", lambda rows: subject.model.padded_logits(rows, lengths.copy()), padded
        )
        logits = subject.numbers(answer, f"padded_logits of {subject.name}")
        for length in range(1, subject.K + 1):
            rows = np.flatnonzero(lengths == length)
            if len(rows):
                own = tokens[rows, subject.K - length :]
                said = f"rows of {length} tokens, padded to {subject.K} with {name}"
                answers.append(Answers(own, logits[rows], subject.ask(own), said))
    return same_laws(
        subject,
        answers,
        over=subject.contexts(subject.K),
        what="padding on the left changes the law",
        likely=_said_of_padding,
        names=("padded", "alone"),
    )


def _said_of_padding(wrong: Sequence[Answers]) -> str:
    """What is wrong with padding: whether its tokens count, or only how many there are."""
    shown: dict[tuple[int, ...], list[NDArray[np.float64]]] = {}
    for answer in wrong:
        for text, law in zip(answer.texts, answer.first, strict=True):
            shown.setdefault(tuple(text.tolist()), []).append(law)
    hangs = any(law_gaps(laws[0][None], other[None]).differs.any() for laws in shown.values() for other in laws[1:])
    if hangs:
        return "the padding is attended to: which tokens it has changes the law. Pass its mask on, in every layer"
    return (
        "positions are counted from the padding: which tokens it has changes nothing, how many it has does. Count them "
        "from the first token"
    )
