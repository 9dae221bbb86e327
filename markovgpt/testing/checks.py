"""What must hold for any model behind the protocol? One function a rule; a broken rule is an AssertionError.

Each takes the model alone. A check named in :data:`NEEDS` is skipped for a model without that capability.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from markovgpt.model import LanguageModel, model_name, next_token_logits
from markovgpt.testing.contexts import asked_contexts, label_of

__all__ = ["CHECKS", "NEEDS", "Check"]

Check = Callable[[LanguageModel], None]
_TOLERANCE = 1e-4  # of a probability, between two shapes of the same float32 computation


def logits_valid(model: LanguageModel) -> None:
    """One row of V finite logits a context, at every length (minus infinity: an impossible token)."""
    for length in range(1, model.context_length + 1):
        _ask(model, asked_contexts(model, length))  # raises ModelError, which names the context


def input_unchanged(model: LanguageModel) -> None:
    """The array of contexts is not written to."""
    contexts = asked_contexts(model, model.context_length)
    before = contexts.copy()
    next_token_logits(model, contexts)
    changed = np.flatnonzero((contexts != before).any(axis=1))
    assert not len(changed), _message(
        model,
        "next_logits writes to the array of contexts",
        f"{len(changed)} of {len(contexts)} rows changed, first {label_of(model, before[changed[0]])}",
        "Work on a copy: contexts.copy(), or torch.tensor(contexts) instead of torch.from_numpy(contexts).",
    )


def deterministic(model: LanguageModel) -> None:
    """The same call twice gives the same bits."""
    contexts = asked_contexts(model, model.context_length)
    _same(
        model,
        "the same call gives another answer the second time",
        contexts,
        _ask(model, contexts),
        _ask(model, contexts),
        "Dropout may be left on (call eval()), or the model draws random numbers.",
    )


def no_state_leak(model: LanguageModel) -> None:
    """A call for other contexts in between changes nothing."""
    contexts = asked_contexts(model, model.context_length)
    first = _ask(model, contexts)
    _ask(model, contexts[:1, :1])
    _ask(model, contexts[::-1])
    _same(
        model,
        "an answer depends on the calls before it",
        contexts,
        first,
        _ask(model, contexts),
        "A cache or a recurrent state survives the call: reset it at the start of next_logits.",
    )


def batch_rows_independent(model: LanguageModel) -> None:
    """A row's answer does not depend on the other rows of the batch (same shapes, same bits)."""
    contexts = asked_contexts(model, model.context_length)
    others = (contexts + 1) % model.vocab_size  # (m, K)
    others[0] = contexts[0]
    _same(
        model,
        "a row of a batch depends on the other rows",
        contexts[:1],
        _ask(model, contexts)[:1],
        _ask(model, others)[:1],
        "Rows are mixed: look for batch statistics, a wrong reshape, or attention across the batch.",
    )


def batch_size_irrelevant(model: LanguageModel) -> None:
    """A batch and one context at a time give the same law, to 1e-4."""
    contexts = asked_contexts(model, model.context_length)[:16]
    alone = np.concatenate([_ask(model, context[None]) for context in contexts])
    _close(model, "a context alone and in a batch differ", contexts, _ask(model, contexts), alone)


def causal(model: Any) -> None:
    """``all_logits`` at a position is ``next_logits`` of the prefix that ends there, to 1e-4."""
    contexts = asked_contexts(model, model.context_length)
    every = np.asarray(_to_numpy(model.all_logits(contexts.copy())), dtype=np.float64)  # (m, K, V)
    expected = (*contexts.shape, model.vocab_size)
    assert every.shape == expected, _message(
        model, "all_logits has the wrong shape", f"got {every.shape}, expected {expected}", "Return (batch, length, V)."
    )
    for length in range(1, model.context_length + 1):
        prefix = contexts[:, :length]
        _close(
            model,
            f"all_logits looks at later tokens: position {length} is not the law of the first {length} tokens",
            prefix,
            _ask(model, prefix),
            every[:, length - 1],
        )


CHECKS: dict[str, Check] = {
    check.__name__: check
    for check in (
        logits_valid,
        input_unchanged,
        deterministic,
        no_state_leak,
        batch_rows_independent,
        batch_size_irrelevant,
        causal,
    )
}
"""Every check by name, in the order in which they make sense."""

NEEDS = {"causal": "all_logits"}
"""The capability that a check is about."""


def _ask(model: LanguageModel, contexts: NDArray[np.int64]) -> NDArray[np.float64]:
    """The model's logits of a copy: a model that writes to its input fails one check, not all."""
    return next_token_logits(model, contexts.copy())


def _same(
    model: LanguageModel,
    what: str,
    contexts: NDArray[np.int64],
    first: NDArray[np.float64],
    second: NDArray[np.float64],
    remedy: str,
) -> None:
    differs = (first != second).any(axis=1)  # (m,); both were checked to hold no NaN
    if differs.any():
        row = int(np.argmax(differs))
        finite = np.isfinite(first[row]) & np.isfinite(second[row])
        gap = abs(first[row] - second[row])[finite].max(initial=0.0)
        where = f"{int(differs.sum())} of {len(contexts)} contexts, first {label_of(model, contexts[row])}: "
        raise AssertionError(_message(model, what, f"{where}logits differ by up to {gap:.3g}", remedy))


def _close(
    model: LanguageModel,
    what: str,
    contexts: NDArray[np.int64],
    first: NDArray[np.float64],
    second: NDArray[np.float64],
) -> None:
    distance = abs(_law(first) - _law(second)).max(axis=1)  # (m,)
    row = int(distance.argmax())
    assert distance[row] <= _TOLERANCE, _message(
        model,
        what,
        f"{int((distance > _TOLERANCE).sum())} of {len(contexts)} contexts, worst {label_of(model, contexts[row])}: "
        f"probabilities differ by {distance[row]:.3g} (allowed {_TOLERANCE:g})",
        "Look for positions, masks or padding that depend on the shape of the input.",
    )


def _law(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    weights = np.exp(logits - logits.max(axis=1, keepdims=True))  # (m, V)
    law: NDArray[np.float64] = weights / weights.sum(axis=1, keepdims=True)
    return law


def _to_numpy(values: Any) -> Any:
    return values.detach().cpu().double().numpy() if hasattr(values, "detach") else values


def _message(model: LanguageModel, what: str, where: str, remedy: str) -> str:
    return f"{model_name(model)}: {what}\n  where    {where}\n  likely   {remedy}"
