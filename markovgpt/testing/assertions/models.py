"""Does a model look only back, and say the same twice?"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from markovgpt.answers import as_float64, next_token_logits
from markovgpt.decoding import Decoding
from markovgpt.errors import ArgumentError
from markovgpt.model import LanguageModel, check_is_model, model_name, vocabulary_of
from markovgpt.testing.messages import failure, law_table, number
from markovgpt.testing.order.histories import every_history, random_histories
from markovgpt.testing.settings import resolved

__all__ = ["assert_causal", "assert_deterministic"]

Integers = NDArray[np.int64]
Table = NDArray[np.float64]

_EXHAUSTIVE = 1024  # contexts
_SAMPLED = 64
_ROUNDING = 1e-5  # of a probability


def assert_causal(model: Any, *, atol: float | None = None, seed: int | None = None) -> None:
    """``all_logits`` at a position does not depend on later tokens.

    Every context of K tokens, or 64 seeded ones where they are more than 1,024, each with all tokens after each
    position replaced. That the last position agrees with ``next_logits`` is compared as well.

    Parameters
    ----------
    model : LanguageModel
        With ``all_logits(contexts)``, ``(batch, length) -> (batch, length, V)``.
    atol : float, 0 <= atol < 1, optional
        Largest difference of a probability: 1e-5, or what pytest was told.
    seed : int, at least 0, optional
        Of the contexts: 0, or what pytest was told.

    Raises
    ------
    AssertionError
        Names the position, and the later token that it depends on.
    ArgumentError
        The model has no ``all_logits``.
    """
    __tracebackhide__ = True
    check_is_model(model)
    settings = resolved(seed=seed, atol=atol)
    seed, atol = settings.seed, settings.allowed(_ROUNDING)
    name, V, K = model_name(model), int(model.vocab_size), int(model.context_length)
    if not hasattr(model, "all_logits"):
        raise ArgumentError(f"{name} has no all_logits(contexts): next_logits alone cannot look at later tokens.")
    contexts, which = _contexts(V, K, seed)
    laws = _all_laws(model, contexts)  # (m, K, V)
    asked = f"{which} of {K} tokens, every later token replaced; atol={atol:g}"
    vocabulary, worst = vocabulary_of(model), (0.0, 0, 0, 0, laws[0, 0])
    n_bad = 0
    for later in range(1, K):  # the token at this place changes; no law before it may
        changed = contexts.copy()
        changed[:, later] = (changed[:, later] + 1) % V
        other = _all_laws(model, changed)
        distances = abs(other - laws)[:, :later].max(axis=2)  # (m, later)
        n_bad += int((~(distances <= atol)).sum())
        row, at = (int(i) for i in np.unravel_index(int(np.argmax(distances)), distances.shape))
        if distances[row, at] > worst[0]:
            worst = (float(distances[row, at]), row, at, later, other[row, at])
    if n_bad:
        distance, row, at, later, law = worst
        raise AssertionError(
            failure(
                f"{name} is not causal: all_logits looks at later tokens",
                ("asked", asked),
                ("worst", f"the law at position {at + 1} changes by {number(distance)} with the token at {later + 1}"),
                ("context", f"{vocabulary.label(contexts[row].tolist())}, token {later + 1} replaced"),
                law_table(vocabulary.names, laws[row, at], law, ("before", "after")),
                (
                    "likely",
                    "the causal mask is missing or off by one"
                    if later == at + 1
                    else "normalisation or pooling over all positions, or a bidirectional layer",
                ),
            )
        )
    last = Decoding().apply(next_token_logits(model, contexts.copy()))
    distances = abs(last - laws[:, -1]).max(axis=1)
    if not (distances <= atol).all():
        row = int(np.argmax(distances))
        raise AssertionError(
            failure(
                f"{name}: the last position of all_logits is not next_logits",
                ("asked", asked),
                ("worst", f"{number(distances[row])} at {vocabulary.label(contexts[row].tolist())}"),
                law_table(vocabulary.names, laws[row, -1], last[row], ("all_logits", "next_logits")),
                ("likely", "one of the two is shifted by a position, or returns targets and not predictions"),
            )
        )


def assert_deterministic(model: LanguageModel, *, seed: int | None = None) -> None:
    """The same call gives the same bits: at once, and after calls for other contexts.

    Parameters
    ----------
    model : LanguageModel
        Asked by ``next_logits``.
    seed : int, at least 0, optional
        Of the contexts, 64 where there are more than 1,024: 0, or what pytest was told.

    Raises
    ------
    AssertionError
        Says whether it is chance or memory.
    """
    __tracebackhide__ = True
    check_is_model(model)
    seed = resolved(seed=seed).seed
    V, K = int(model.vocab_size), int(model.context_length)
    contexts, which = _contexts(V, K, seed)
    first, again = (next_token_logits(model, contexts.copy()) for _ in range(2))
    next_token_logits(model, contexts[::-1].copy())
    next_token_logits(model, contexts[:1, :1].copy())
    later = next_token_logits(model, contexts.copy())
    for other, what, likely in (
        (
            again,
            "gives another answer to the same call",
            "dropout is left on (call eval()), or random numbers are drawn",
        ),
        (later, "remembers earlier calls", "a cache or a recurrent state survives the call: reset it in next_logits"),
    ):
        differs = (first != other).any(axis=1)
        if not differs.any():
            continue
        row = int(np.argmax(abs(Decoding().apply(first) - Decoding().apply(other)).max(axis=1)))
        vocabulary = vocabulary_of(model)
        raise AssertionError(
            failure(
                f"{model_name(model)} {what}",
                ("asked", f"{which} of {K} tokens, twice, bit by bit"),
                ("rows", f"{int(differs.sum()):,} of {len(contexts):,} differ"),
                ("worst", f"context {vocabulary.label(contexts[row].tolist())}"),
                law_table(
                    vocabulary.names,
                    Decoding().apply(first)[row],
                    Decoding().apply(other)[row],
                    ("first call", "later call"),
                ),
                ("likely", likely),
            )
        )


def _contexts(V: int, K: int, seed: int) -> tuple[Integers, str]:
    if K * np.log2(V) <= np.log2(_EXHAUSTIVE):
        return every_history(V, K), f"all {V**K:,} contexts"
    return random_histories(V, K, _SAMPLED, seed=seed), f"{_SAMPLED} contexts of seed {seed} (a sample)"


def _all_laws(model: Any, contexts: Integers) -> Table:
    logits = as_float64(model.all_logits(contexts.copy()), f"all_logits of {model_name(model)}")
    expected = (*contexts.shape, int(model.vocab_size))
    if logits.shape != expected:
        raise AssertionError(
            failure(
                f"all_logits of {model_name(model)} has the wrong shape",
                ("returned", f"{logits.shape}, expected {expected}: (batch, length, V)"),
            )
        )
    laws = Decoding().apply(logits.reshape(-1, expected[2]))
    return laws.reshape(expected)
