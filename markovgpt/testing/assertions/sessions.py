"""Is a token at a time the same as the whole context at once?"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from markovgpt.answers import next_token_logits
from markovgpt.decoding import Decoding
from markovgpt.errors import ArgumentError, ModelError
from markovgpt.model import LanguageModel, check_is_model, model_name, vocabulary_of
from markovgpt.raised import RAISED, told
from markovgpt.testing.assertions.subjects import check_count
from markovgpt.testing.causes.cached import said_of_session
from markovgpt.testing.messages import failure, law_table, number
from markovgpt.testing.order.histories import every_history, laws_on_the_way, random_histories
from markovgpt.testing.settings import resolved

__all__ = ["assert_session_matches"]

Integers = NDArray[np.int64]
Table = NDArray[np.float64]

_EXHAUSTIVE = 1024  # texts
_SAMPLED = 64
_ROUNDING = 1e-5  # of a probability


def assert_session_matches(
    model: LanguageModel, *, max_length: int, atol: float | None = None, seed: int | None = None
) -> None:
    """A session that is fed token by token gives the law of ``next_logits`` of the last K tokens, at every length.

    All texts of ``max_length`` tokens where they are at most 1,024; otherwise 64 seeded ones, and the message says so.
    Half of the rows are forked on the way, so that copies of the cache are compared as well, if there is ``fork``.

    Parameters
    ----------
    model : LanguageModel
        With ``session(batch)``.
    max_length : int, at least 1
        Up to which length; more than K also tests what happens when the window slides.
    atol : float, 0 <= atol < 1, optional
        Largest difference of a probability: 1e-5, or what pytest was told.
    seed : int, at least 0, optional
        Of the texts: 0, or what pytest was told.

    Raises
    ------
    AssertionError
        Says from which length on it differs, shows the worst place, and what the session seems to do.
    ArgumentError
        The model has no session, or a number cannot be.
    ModelError
        ``next_logits`` failed.
    """
    __tracebackhide__ = True
    check_is_model(model)
    check_count("max_length", max_length, least=1)
    settings = resolved(seed=seed, atol=atol)
    seed, atol = settings.seed, settings.allowed(_ROUNDING)
    name, V, K = model_name(model), int(model.vocab_size), int(model.context_length)
    if not hasattr(model, "session"):
        raise ArgumentError(f"{name} has no session(batch): there is nothing to compare.")
    exhaustive = max_length * np.log2(V) <= np.log2(_EXHAUSTIVE)
    texts = every_history(V, max_length) if exhaustive else random_histories(V, max_length, _SAMPLED, seed=seed)
    which = f"all {len(texts):,} texts (exhaustive)" if exhaustive else f"{len(texts)} texts of seed {seed} (a sample)"
    asked = f"{which} of {max_length} tokens, at every length from 1; K = {K}, atol={atol:g}"
    title = f"A session of {name} does not match next_logits"
    try:
        fed = laws_on_the_way(model, texts)  # (m, max_length, V)
        forked = _forked(model, texts)
    except ModelError as error:
        raise AssertionError(failure(title, ("asked", asked), ("failed", str(error)))) from error
    whole = np.stack([_law(model, texts[:, max(0, i - K) : i]) for i in range(1, max_length + 1)], axis=1)
    for laws, what in ((fed, "fed one by one"), (forked, "after fork")):
        distances = abs(laws - whole).max(axis=2)  # (m, max_length)
        bad = ~(distances <= atol)
        if not bad.any():
            continue
        lengths = np.flatnonzero(bad.any(axis=0)) + 1
        row, at = (int(i) for i in np.unravel_index(int(np.argmax(distances)), distances.shape))
        vocabulary = vocabulary_of(model)
        raise AssertionError(
            failure(
                title,
                ("asked", asked),
                (
                    "places",
                    f"{int(bad.sum()):,} of {bad.size:,} laws differ ({what}), first at length {lengths[0]}, "
                    f"at {len(lengths)} of {max_length} lengths",
                ),
                ("worst", f"{number(distances[row, at])} after {vocabulary.label(texts[row, : at + 1].tolist())}"),
                law_table(vocabulary.names, laws[row, at], whole[row, at], ("session", "next_logits")),
                ("likely", _likely(model, texts, laws, whole, bad, what)),
                (
                    "reproduce",
                    f"s = model.session(1); [s.feed([t]) for t in {texts[row, : at + 1].tolist()}][-1]",
                ),
            )
        )


def _law(model: LanguageModel, contexts: Integers) -> Table:
    return Decoding().apply(next_token_logits(model, contexts.copy()))


def _forked(model: LanguageModel, texts: Integers) -> Table:
    """Laws of texts whose first half was fed to a session that has every row twice, in reverse, then forked back."""
    m, length = texts.shape
    begin = model.session  # type: ignore[attr-defined]  # found by hasattr
    if not hasattr(begin(1), "fork") or length < 2:
        return laws_on_the_way(model, texts)
    middle = min(max(1, int(model.context_length) // 2), length - 1)
    laws = np.empty((m, length, model.vocab_size))
    session = begin(m)
    try:
        for i in range(length):
            if i == middle:
                session = session.fork(np.arange(m - 1, -1, -1))
            column = texts[:, i] if i < middle else texts[::-1, i]
            answer = session.feed(column.copy())
            law = Decoding().apply(np.asarray(_plain(answer), dtype=np.float64))
            laws[:, i] = law if i < middle else law[::-1]
    except RAISED as error:
        raise ModelError(f"The session failed after fork: {told(error)}") from error
    return laws


def _plain(answer: object) -> object:
    return answer.detach().cpu().double().numpy() if hasattr(answer, "detach") else answer


def _likely(model: LanguageModel, texts: Integers, laws: Table, whole: Table, bad: NDArray[np.bool_], what: str) -> str:
    """What the session seems to do, by its laws at the lengths at which they differ, ``(m, max_length, V)``."""
    if what == "after fork":
        return "fork mixes up rows, or shares a cache that is then written to"
    with np.errstate(divide="ignore"):
        logs, right = np.log(laws), np.log(whole)
        fed = [(texts[:, : at + 1], logs[:, at], right[:, at]) for at in np.flatnonzero(bad.any(axis=0)).tolist()]
        return said_of_session(
            fed,
            lambda contexts: next_token_logits(model, contexts.copy()),
            lambda longer: np.log(laws_on_the_way(model, longer)[:, -1]),
            int(model.context_length),
        )
