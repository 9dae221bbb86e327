"""Does the law depend on the last K tokens, on all of them, and on nothing after them?"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from markovgpt.errors import ModelError
from markovgpt.testing.causes.influence import said_of_older
from markovgpt.testing.checks.record import check
from markovgpt.testing.comparing import Answers, same_laws
from markovgpt.testing.contexts import lengths_asked
from markovgpt.testing.findings import NotApplicable, fact
from markovgpt.testing.refusals import refusal
from markovgpt.testing.subject import Subject

__all__ = ["causal", "context_length", "order_tight"]

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]


@check(
    what="Gives next_logits histories longer than K, where it takes them: the law must be that of the last K tokens. "
    "A history where it is not is a counterexample.",
    catches="A window that is one token too long; layers of sliding attention, which reach back L (W - 1) + 1 tokens, "
    "not W; a cache that is never cropped.",
    threads=("transformers #26792", "transformers #39408", "mlx-lm #390"),
    mend="Crop to the last K tokens, contexts[:, -K:], before the forward pass, or give context_length its true value, "
    "which find_order looks for.",
)
def context_length(subject: Subject) -> str:
    """Tokens older than K change nothing."""
    last = subject.contexts(subject.K).tokens
    rng = np.random.default_rng(subject.seed)
    expected = subject.ask(last)
    answers: list[Answers] = []
    for extra in sorted({1, 2, subject.K + 1}):
        for name, older in (
            ("the first token", np.zeros((len(last), extra), dtype=np.int64)),
            ("the last token", np.full((len(last), extra), subject.V - 1)),
            ("drawn tokens", rng.integers(0, subject.V, (len(last), extra))),
        ):
            histories = np.concatenate([older, last], axis=1)  # (m, extra + K)
            try:
                logits = subject.ask(histories)
            except ModelError as error:  # it need not take more than K
                kind = refusal(error).partition(":")[0]
                if answers:
                    break
                raise NotApplicable(f"next_logits takes no more than K={subject.K} tokens ({kind})") from error
            said = f"{len(last)} histories of length {subject.K + extra}, {name} before the last K={subject.K}"
            answers.append(Answers(histories, logits, expected, said))
    return same_laws(
        subject,
        answers,
        over=subject.contexts(subject.K),
        what=f"tokens older than K={subject.K} change the law, so its context is longer than it says",
        likely=lambda _: said_of_older(subject),
        names=("history", "last K"),
    )


@check(
    what="Looks for two contexts that differ in their oldest token only and have different laws: then K is no larger "
    "than it must be. It informs, and never fails.",
    catches="A window that is one token too short, so that the model never sees the oldest token that it says it does.",
    mend="If the oldest token should matter, look at the crop: [-K:], not [-(K - 1):]. If not, a smaller "
    "context_length gives the same law and V times fewer states.",
    informs=True,
)
def order_tight(subject: Subject) -> str:
    """The token K back matters."""
    if subject.V == 1:
        raise NotApplicable("there is one token only")
    contexts = subject.contexts(subject.K)
    tokens = contexts.tokens
    other = tokens.copy()
    other[:, 0] = (other[:, 0] + 1) % subject.V
    changed, logits = subject.ask(other), subject.ask(tokens)
    gaps, differs, allowed = subject.gaps(changed, logits)
    if not differs.any():
        raise subject.broken(
            f"no law was found that depends on the oldest of K={subject.K} tokens",
            subject.compared(contexts),
            fact("allowed", f"{allowed:.3g} in a probability"),
            likely="the true context is shorter, or the window is cropped one token too short",
        )
    row = int(np.where(differs, gaps, -1).argmax())
    return f"after {subject.label(tokens[row])} and {subject.label(other[row])} probabilities differ by {gaps[row]:.3g}"


@check(
    what="Changes later tokens and compares all_logits at earlier positions; then compares every position with "
    "next_logits of the tokens up to there.",
    catches="A causal mask that is missing, off by one, or lost in one of several attention paths.",
    threads=("transformers #48745", "keras #23038", "nanochat #845"),
    mend="Mask the scores of later positions with -inf before the softmax, in every layer and on every path.",
    needs=("all_logits",),
)
def causal(subject: Subject) -> str:
    """Earlier logits are unchanged by later tokens, and are those of ``next_logits``."""
    contexts = subject.contexts(subject.K)
    tokens = contexts.tokens
    every = _every(subject, tokens)
    answers = []
    for length in lengths_asked(subject.K)[:-1]:
        changed = tokens.copy()
        changed[:, length:] = (changed[:, length:] + 1) % subject.V
        said = f"{contexts.describe()}, at position {length}, with other tokens after it"
        answers.append(Answers(tokens[:, :length], _every(subject, changed)[:, length - 1], every[:, length - 1], said))
    same_laws(
        subject,
        answers,
        over=subject.contexts(subject.K),
        what="all_logits looks at later tokens",
        likely=lambda _: _said_of_mask(subject, tokens, every),
        names=("changed", "before"),
    )
    against = [
        Answers(
            tokens[:, :length],
            every[:, length - 1],
            subject.ask(tokens[:, :length]),
            f"{contexts.describe()}, at position {length}, and next_logits of that beginning",
        )
        for length in lengths_asked(subject.K)
    ]
    return same_laws(
        subject,
        against,
        over=subject.contexts(subject.K),
        what="all_logits at a position is not next_logits of the tokens up to there",
        likely=lambda _: (
            _said_of_shift(subject, tokens, every)
            or "all_logits takes another path than next_logits: its positions, its mask, or its last position"
        ),
        names=("all_logits", "next_logits"),
    )


def _said_of_mask(subject: Subject, tokens: Integers, every: Floats) -> str:
    """What lets a position see later tokens: a shift, a mask that is one off, or none."""
    shifted = _said_of_shift(subject, tokens, every)
    if shifted:
        return shifted
    further = False
    for length in lengths_asked(subject.K)[:-1]:
        changed = tokens.copy()
        changed[:, length + 1 :] = (changed[:, length + 1 :] + 1) % subject.V
        further |= bool(subject.gaps(_every(subject, changed)[:, length - 1], every[:, length - 1]).differs.any())
    if further:
        return "the causal mask is missing: a position sees more than the token after it"
    if subject.K > 2:
        return "the causal mask is off by one: each position sees the token after it, and none further on"
    return "the causal mask is missing or off by one"


def _said_of_shift(subject: Subject, tokens: Integers, every: Floats) -> str:
    """That positions are shifted, if each has exactly the law of the one before it, or of the one after it."""
    inner = [length for length in range(2, subject.K + 1) if length in lengths_asked(subject.K)]
    for shift, said in ((-1, "before"), (1, "after")):
        pairs = [(every[:, n - 1], n + shift) for n in inner if 1 <= n + shift <= subject.K]
        if pairs and not any(subject.gaps(one, subject.ask(tokens[:, :n])).differs.any() for one, n in pairs):
            return f"positions are shifted by one: each has the answer of the one {said} it"
    return ""


def _every(subject: Subject, tokens: Integers) -> Floats:
    """``all_logits``, ``(m, length, V)``."""
    every = subject.numbers(subject.call("all_logits", tokens), f"all_logits of {subject.name}")
    if every.ndim != 3 or every.shape[:2] != tokens.shape:
        raise subject.broken(
            "all_logits returns the wrong shape",
            f"  got        {every.shape}, expected {(*tokens.shape, subject.V)}",
            likely="return the logits after every position: (batch, length, vocab_size)",
        )
    return every
