"""Is the model a function: the same answer to the same question, whatever else was asked, and no trace left?"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray

from markovgpt.samplers import call_sampler
from markovgpt.testing.checks.record import check
from markovgpt.testing.comparing import Answers, same_bits
from markovgpt.testing.contexts import lengths_asked
from markovgpt.testing.findings import fact
from markovgpt.testing.messages import counted
from markovgpt.testing.subject import Subject

__all__ = ["deterministic", "input_unchanged", "no_state_leak"]


@check(
    what="Compares the array of contexts before and after next_logits, at every length; and that of all_logits and "
    "the prompts of generate, where the model has them.",
    catches="Tokens shifted, masked or cropped in place: the caller's array is wrong afterwards, and so is what it "
    "asks next.",
    mend="Work on a copy: contexts.copy(), or torch.tensor(contexts) instead of torch.from_numpy(contexts).",
)
def input_unchanged(subject: Subject) -> str:
    """The array of contexts is not written."""
    asked = 0
    for length in lengths_asked(subject.K):
        tokens = subject.contexts(length).tokens
        _unwritten(subject, "next_logits", tokens)
        asked += len(tokens)
    tokens = subject.contexts(subject.K).tokens
    if hasattr(subject.model, "all_logits"):
        _unwritten(subject, "all_logits", tokens)
    if hasattr(subject.model, "generate"):
        _unwritten(subject, "generate", tokens, 2, seed=subject.seed)
    return counted(asked, "context")


def _unwritten(subject: Subject, method: str, tokens: NDArray[np.int64], *arguments: int, **options: int) -> None:
    given, function = tokens.copy(), getattr(subject.model, method)
    if method == "generate":
        function = partial(call_sampler, function)
    subject.guarded(method, lambda _: function(given, *arguments, **options), tokens)
    changed = np.flatnonzero((given != tokens).any(axis=1))
    if len(changed):
        row = changed[0]
        raise subject.broken(
            f"{method} writes to the array of contexts that it is given",
            fact("changed", f"{len(changed)} of {len(tokens)} rows"),
            fact("first", f"{subject.label(tokens[row])} became {given[row].tolist()}"),
            likely="an assignment to a slice, or torch.from_numpy, which shares memory: copy first",
        )


@check(
    what="The same call twice, for contexts of every length; every bit must be the same.",
    catches="Dropout that is left on, noise, sampling inside the forward pass, an uninitialised buffer.",
    threads=("minGPT: sampling without eval()", "detect-gpt #17"),
    mend="Call model.eval() before asking, and keep random numbers out of next_logits.",
)
def deterministic(subject: Subject) -> str:
    """The same call twice gives the same bits."""
    n = 0
    for length in reversed(lengths_asked(subject.K)):
        contexts = subject.contexts(length)
        first, second = subject.ask(contexts.tokens), subject.ask(contexts.tokens)
        same_bits(
            subject,
            contexts,
            first,
            second,
            what="the same call gives another answer the second time",
            likely=partial(_said_of_repeats, subject),
        )
        n += len(contexts)
    return f"{counted(n, 'context')}, twice"


def _said_of_repeats(subject: Subject, wrong: Sequence[Answers]) -> str:
    """Whether it is chance or memory: further calls differ again, or are the same as the second."""
    for asked in wrong:
        later = [subject.ask(asked.texts) for _ in range(2)]
        if all(np.array_equal(asked.second, logits, equal_nan=True) for logits in later):
            return _KEPT
    return _RANDOM


_RANDOM = "dropout is left on (call eval()), or the model draws random numbers"
_KEPT = (
    "something is left from call to call, a cache or a state: the first call differs, and the second, third and fourth "
    "are the same"
)


@check(
    what="A call, then calls for other contexts, in other shapes, by every method that the model has, then the first "
    "call again; every bit must be the same.",
    catches="A cache, a recurrent state or a position counter that survives the call.",
    threads=("burn-lm #53", "langchain #2565"),
    mend="Reset caches and recurrent states at the start of next_logits, or keep them in the session.",
)
def no_state_leak(subject: Subject) -> str:
    """A call for other contexts in between changes nothing."""
    contexts = subject.contexts(subject.K)
    tokens, model = contexts.tokens, subject.model
    first = subject.ask(tokens)
    for length in lengths_asked(subject.K):
        subject.ask(subject.contexts(length).tokens[::-1])
    subject.ask(tokens[:1, :1])
    if hasattr(model, "session"):
        session = subject.guarded("session", lambda _: model.session(len(tokens)), tokens)
        subject.guarded("feed", session.feed, tokens[::-1, 0])
    if hasattr(model, "all_logits"):
        subject.call("all_logits", tokens[:1])
    if hasattr(model, "generate"):
        subject.call("generate", tokens[:1], 2, seed=subject.seed)
    same_bits(
        subject,
        contexts,
        subject.ask(tokens),
        first,
        what="an answer depends on the calls before it",
        likely="a cache or a recurrent state survives the call: reset it at the start of next_logits",
    )
    return f"{contexts.describe()}, before and after other calls"
