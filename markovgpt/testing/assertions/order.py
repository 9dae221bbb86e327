"""Does a model look at no more than its last k tokens?"""

from __future__ import annotations

import numpy as np

from markovgpt.errors import ArgumentError
from markovgpt.model import LanguageModel, check_is_model, vocabulary_of
from markovgpt.testing.assertions.subjects import check_count
from markovgpt.testing.messages import failure, law_table, number
from markovgpt.testing.order.histories import Channel
from markovgpt.testing.order.search import find_order
from markovgpt.testing.order.verdicts import Counterexample, OrderVerdict, asked_said, order_said

__all__ = ["assert_order"]

_UNLIKE = 1e-3


def assert_order(
    model: LanguageModel,
    k: int | None = None,
    *,
    max_length: int | None = None,
    channels: tuple[Channel, ...] | None = None,
    atol: float | None = None,
    seed: int | None = None,
    tight: bool = False,
) -> None:
    """The law depends on the last k tokens at most: histories that agree in these have the same law.

    All histories up to ``max_length`` tokens where they are at most 8,192; otherwise seeded ones, in which every single
    token is replaced in turn. Passing is then no proof; the message says which it was.

    Parameters
    ----------
    model : LanguageModel
        Asked by ``next_logits`` about histories longer than K, if it answers, and by a ``session``, if it has one.
    k : int, optional
        The order; its ``context_length`` by default.
    max_length, channels, atol, seed
        As for :func:`markovgpt.testing.find_order`.
    tight : bool
        The token k back must matter as well: the order is k, not less.

    Raises
    ------
    AssertionError
        Shows two histories with the same last k tokens and different laws, and the order that was found.
    ArgumentError
        A number or a method that cannot be, or histories of no more than k tokens.
    ModelError
        The model failed, other than by refusing histories of more than K tokens.
    """
    __tracebackhide__ = True
    check_is_model(model)
    order = int(model.context_length) if k is None else check_count("k", k)
    if max_length is not None and check_count("max_length", max_length, least=1) <= order:
        raise ArgumentError(
            f"Histories must be longer than k={order}, to have older tokens that differ: got max_length={max_length}.",
            max_length=max_length,
        )
    found = find_order(model, max_length=max_length, channels=channels, atol=atol, seed=seed)
    example = found.refutes(order)
    if example is not None:
        raise AssertionError(_refuted(model, found, example, order))
    if tight and found.order is not None and found.order < order:
        raise AssertionError(
            failure(
                f"{found.name} does not look {order} tokens back",
                ("asked", asked_said(found)),
                ("order", f"{found.order}" + ("" if found.exhaustive else ", or larger: it was a search")),
                (
                    "likely",
                    f"the window is off by one: {found.order} in place of {order}"
                    if found.order == order - 1
                    else "the oldest tokens are cut, masked, or given no weight",
                ),
            )
        )


def _refuted(model: LanguageModel, found: OrderVerdict, example: Counterexample, order: int) -> str:
    vocabulary = vocabulary_of(model)
    first, second = (vocabulary.label(history) for history in (example.first, example.second))
    width = max(len(first), len(second))
    call = (
        f"model.next_logits(np.array({[list(example.first)]})), and of {[list(example.second)]}"
        if example.channel == "next_logits"
        else f"s = model.session(1); [s.feed([t]) for t in {list(example.first)}][-1], and for {list(example.second)}"
    )
    return failure(
        f"{found.name} does not have Markov order {order}",
        ("asked", asked_said(found)),
        ("verdict", f"same last {order} tokens, different law: {number(example.distance)} by {example.channel}"),
        ("history a", f"{first:>{width}}"),
        ("history b", f"{second:>{width}}"),
        law_table(vocabulary.names, example.laws[0], example.laws[1], ("a", "b")),
        ("order", order_said(found)),
        ("likely", _likely(found, example, order)),
        ("reproduce", call),
    )


def _likely(found: OrderVerdict, example: Counterexample, order: int) -> str:
    """What gives a model such a memory."""
    if len(example.first) != len(example.second) or (found.effects[order:] <= found.atol).all():
        return (
            "positions: the law depends on how many tokens there are, not on which (positions counted from the start)"
        )
    penalty = _penalty(example)
    if penalty:
        return penalty
    if found.order == found.declared:
        return f"it looks {found.declared} tokens back, as its context_length says; {order} was asked for"
    if example.channel == "session" and "next_logits" in found.refused:
        return "the cache keeps what older tokens left in it: once the window slides, it must be made anew"
    how = "older tokens are not cut"
    if found.order is None:
        return f"{how}: a recurrent state, or a cache that is never cut"
    window = order - 1
    if window > 0 and (found.order - 1) % window == 0 and found.order > order:
        layers = (found.order - 1) // window
        return (
            f"sliding-window attention: {layers} layers of a window of {order} reach {layers} ({order} - 1) + 1 tokens"
        )
    return how


def _penalty(example: Counterexample) -> str:
    """Whether only the tokens that were swapped have other odds: a repetition penalty does that."""
    if len(example.first) != len(example.second):
        return ""
    swapped = {t for pair in zip(example.first, example.second, strict=True) if pair[0] != pair[1] for t in pair}
    others = [t for t in range(example.laws.shape[1]) if t not in swapped]
    if not swapped or len(others) < 2 or not (example.laws[:, others] > 0).all():
        return ""
    ratios = np.log(example.laws[0, others] / example.laws[1, others])
    changed = [t for t in swapped if (example.laws[:, t] > 0).all()]
    own = [abs(np.log(example.laws[0, t] / example.laws[1, t]) - ratios.mean()) for t in changed]
    if own and np.ptp(ratios) <= 1e-4 and max(own) > _UNLIKE:
        return "a repetition penalty: only the odds of the replaced tokens change, wherever they stood"
    return ""
