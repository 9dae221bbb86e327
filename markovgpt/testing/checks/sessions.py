"""Does text that grows token by token have the law that a full pass gives it: up to K, past K, and in forks?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from markovgpt.errors import ModelError
from markovgpt.testing.causes.cached import said_of_session
from markovgpt.testing.checks.record import check
from markovgpt.testing.comparing import Answers, same_laws
from markovgpt.testing.contexts import lengths_asked
from markovgpt.testing.findings import NotApplicable
from markovgpt.testing.refusals import refusal
from markovgpt.testing.subject import Subject

__all__ = ["fork_is_independent", "session_after_crop", "session_equals_recompute"]

Integers = NDArray[np.int64]

_ROWS = 1024  # of a session
_PAST = 8  # tokens fed past K, at most


@check(
    what="Feeds all contexts token by token, and further tokens past K: at every length the law must be that of a "
    "full pass over the last K tokens.",
    catches="A cache that is filled in the wrong order, positions that are one off, keys of a token that are never "
    "written.",
    threads=("mlx-lm #93", "transformers #37574", "transformers #47708"),
    mend="Compare the cache with that of a full pass after each token. Positions count from the start of the window.",
    needs=("session",),
)
def session_equals_recompute(subject: Subject) -> str:
    """One token at a time is a full pass, at every length and past K."""
    answers, refused = [], ""
    shown = set(lengths_asked(subject.K))
    for texts in _texts(subject):
        session = _begin(subject, texts)
        for length in range(1, texts.shape[1] + 1):
            try:
                logits = _feed(subject, session, texts[:, length - 1])
            except ModelError as error:
                if length <= subject.K:
                    raise
                said = refusal(error, slid=length > subject.K + 1)
                taken = f"K={subject.K}" if length == subject.K + 1 else f"{length - 1}"
                refused = f"; the session takes no more than {taken} tokens ({said})"
                break
            if length in shown or length > subject.K:
                text = texts[:, :length]
                said = f"sessions of {len(text)} rows at length {length} (K={subject.K}), and a full pass"
                answers.append(Answers(text, logits, subject.ask(text[:, -subject.K :]), said))
    what = "a session gives another law than a full pass"
    over = subject.contexts(subject.K)
    likely, names = partial(_said_of_session, subject), ("session", "full pass")
    return same_laws(subject, answers, over=over, what=what, likely=likely, names=names) + refused


@check(
    what="Lets the window slide once, twice, and so on, and compares each session with a fresh one that is fed the "
    "last K tokens only: nothing that has left the window may be left in the cache.",
    catches="Keys that keep the positions which they had before the window slid, a crop that is off by one, a crop "
    "that is done the first time only.",
    threads=("streaming-llm #88", "nanoGPT #76"),
    mend="With absolute positions, compute the window again when it slides: keys of all tokens change. With relative "
    "ones, crop the cache to K - 1 tokens before each step.",
    needs=("session",),
)
def session_after_crop(subject: Subject) -> str:
    """After the window slid, the cache is that of a fresh session."""
    answers: list[Answers] = []
    for texts in _texts(subject):
        slid = _begin(subject, texts)
        for length in range(1, texts.shape[1] + 1):
            try:
                logits = _feed(subject, slid, texts[:, length - 1])
            except ModelError as error:
                if length <= subject.K:
                    raise
                said = refusal(error, slid=length > subject.K + 1)
                if not answers:
                    raise NotApplicable(f"the session takes no more than K={subject.K} tokens ({said})") from error
                break
            if length > subject.K:
                window = texts[:, length - subject.K : length]
                fresh = _begin(subject, window)
                for column in window.T:
                    expected = _feed(subject, fresh, column)
                times = "1 time" if length == subject.K + 1 else f"{length - subject.K} times"
                said = f"{len(texts)} windows that slid {times}, and fresh sessions"
                answers.append(Answers(texts[:, :length], logits, expected, said))
    return same_laws(
        subject,
        answers,
        over=subject.contexts(subject.K),
        what="after the window slid, a session gives another law than a fresh one with the same last K tokens",
        likely=partial(_said_of_crop, subject),
        names=("slid", "fresh"),
    )


@check(
    what="Forks a session in another order and with rows twice, feeds the fork and its parent in turns, and compares "
    "both with full passes.",
    catches="A fork that shares its parent's cache and writes to it, or takes other rows than asked.",
    mend="Copy what a step writes to: the cache, the tokens, the length. Share only what is never written again.",
    needs=("session",),
)
def fork_is_independent(subject: Subject) -> str:
    """A fork and its parent do not see each other's tokens."""
    rng = np.random.default_rng(subject.seed)
    answers = [answer for texts in _texts(subject) for answer in _forked(subject, texts, rng)]
    return same_laws(
        subject,
        answers,
        over=subject.contexts(subject.K),
        what="a fork and its parent are not independent",
        likely=lambda _: _said_of_fork(subject),
        names=("session", "full pass"),
    )


def _forked(subject: Subject, texts: Integers, rng: np.random.Generator) -> Iterator[Answers]:
    """A fork of rows of texts ``(m, K + past)`` before length K, and its parent, fed in turns until they have K tokens.

    The parent goes on with the tokens of the texts, so that it comes to all of their contexts; the fork with others.
    """
    before = _forked_after(subject.K)
    session = _begin(subject, texts)
    if not hasattr(session, "fork"):
        raise NotApplicable("no fork")
    for column in texts[:, :before].T:
        _feed(subject, session, column)
    rows = rng.integers(0, len(texts), len(texts) + 3)  # in no order, some twice
    child = subject.guarded("fork", session.fork, rows)
    own = texts[rows]
    own[:, before:] = (own[:, before:] + 1) % subject.V
    for length in range(before + 1, subject.K + 1):
        for name, one, text in (("child", child, own), ("parent", session, texts)):
            logits = _feed(subject, one, text[:, length - 1])
            said = f"{len(text)} rows of the {name}, {length} tokens, forked after {before}"
            yield Answers(text[:, :length], logits, subject.ask(text[:, :length]), said)


def _forked_after(context_length: int) -> int:
    """Tokens before a fork: so many that some are left to feed."""
    return context_length - (2 if context_length > 2 else 1)


def _said_of_fork(subject: Subject) -> str:
    """What is wrong with a fork: what it begins with, or what it shares with its parent."""
    texts = next(_texts(subject))[:, : subject.K]
    before = _forked_after(subject.K)
    if any(subject.gaps(*pair).differs.any() for pair in _alone(subject, texts)):
        return "sessions are wrong without a fork as well: session_equals_recompute is about that"
    rows = np.random.default_rng(subject.seed).integers(0, len(texts), len(texts))
    parent = _begin(subject, texts)
    for column in texts[:, :before].T:
        _feed(subject, parent, column)
    child = subject.guarded("fork", parent.fork, rows)
    token = texts[rows, before]
    logits = _feed(subject, child, token)
    taken = {
        "": rows,
        "the fork takes the first rows, whichever were asked for": np.arange(len(rows)),
        "the fork takes the rows that were asked for in ascending order": np.sort(rows),
    }
    for said, other in taken.items():
        text = np.column_stack([texts[other, :before], token])
        if not subject.gaps(logits, subject.ask(text)).differs.any():
            if said:
                return said
            break
    else:
        return "the fork does not begin as a copy of the rows that were asked for"
    logits = _feed(subject, parent, texts[:, before])
    if subject.gaps(logits, subject.ask(texts[:, : before + 1])).differs.any():
        return "the parent changes when its fork is fed: they share a cache that is written to"
    return "the fork changes when its parent is fed: they share a cache that is written to"


def _alone(subject: Subject, texts: Integers) -> Iterator[tuple[NDArray[np.float64], NDArray[np.float64]]]:
    """What a session that is not forked says at every length, and what is right."""
    session = _begin(subject, texts)
    for length in range(1, texts.shape[1] + 1):
        yield _feed(subject, session, texts[:, length - 1]), subject.ask(texts[:, :length])


def _said_of_session(subject: Subject, wrong: Sequence[Answers]) -> str:
    """What sessions do that give other laws than they should."""

    def feed(texts: Integers) -> NDArray[np.float64]:
        session = _begin(subject, texts)
        for column in texts.T:
            logits = _feed(subject, session, column)
        return logits

    return said_of_session([answer[:3] for answer in wrong], subject.ask, feed, subject.K) if wrong else ""


def _said_of_crop(subject: Subject, wrong: Sequence[Answers]) -> str:
    """The same of sessions that slid; whether they are wrong before that as well."""
    if any(subject.gaps(*pair).differs.any() for pair in _alone(subject, next(_texts(subject))[:, : subject.K])):
        return "sessions are wrong before the window slides as well: session_equals_recompute is about that"
    return _said_of_session(subject, wrong)


def _texts(subject: Subject) -> Iterator[Integers]:
    """Blocks of rows ``(m, K + past)``: contexts of length K and more tokens.

    Each further token is that of K places before plus a number: so the last K tokens go through all contexts again, at
    every length, where they were all at first.
    """
    tokens = subject.contexts(subject.K).tokens
    past = min(subject.K + 2, _PAST)
    shifts = np.random.default_rng(subject.seed).integers(0, subject.V, past)
    for shift in shifts:
        tokens = np.concatenate([tokens, (tokens[:, -subject.K, None] + shift) % subject.V], axis=1)
    rows = min(_ROWS, int(getattr(subject.model, "contexts_per_call", None) or _ROWS))
    for begin in range(0, len(tokens), rows):
        yield tokens[begin : begin + rows]


def _begin(subject: Subject, texts: Integers) -> Any:
    return subject.guarded("session", lambda rows: subject.model.session(len(rows)), texts)


def _feed(subject: Subject, session: Any, column: Integers) -> NDArray[np.float64]:
    """Logits after one more token a row, ``(m,) -> (m, V)``."""
    logits = subject.numbers(subject.guarded("feed of its session", session.feed, column), f"feed of {subject.name}")
    if logits.ndim != 2 or len(logits) != len(column):
        raise ModelError(
            f"feed of a session of {subject.name} must return ({len(column)}, {subject.V}) logits: got {logits.shape}."
        )
    return logits.copy()
