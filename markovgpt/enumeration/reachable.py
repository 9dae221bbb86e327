"""Which contexts can a model get to from a start, and what chain do they make?

Breadth first: all contexts of one depth are asked together. So a model whose V^K contexts could never be enumerated (27
letters and a context of 8, or 50,000 tokens) becomes a finite chain, and what was left out is known at each state.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Literal

from markovgpt.answers import next_logits_and_outside
from markovgpt.decoding import Decoding
from markovgpt.enumeration.walk import END_TARGET, Walk
from markovgpt.errors import ArgumentError, TooManyStatesError
from markovgpt.model import LanguageModel, Progress, check_is_model, model_name, vocabulary_of
from markovgpt.origin import Origin
from markovgpt.sparse_chain import SparseChain

__all__ = ["reachable_chain"]

_MAX_STATES = 200_000
_BATCH_SIZE = 1024
_BATCH_CELLS = 2**22  # logits a call


def reachable_chain(
    model: LanguageModel,
    start: str | Sequence[int],
    *,
    min_probability: float = 0.0,
    min_reach: float = 0.0,
    decoding: Decoding | None = None,
    end: int | str | None = None,
    at_end: Literal["absorb", "restart"] = "absorb",
    outside: Literal["renormalise", "absorb"] = "renormalise",
    max_states: int | None = None,
    batch_size: int = _BATCH_SIZE,
    progress: Progress | None = None,
) -> SparseChain:
    """The chain of the contexts that a model gets to from a start.

    Parameters
    ----------
    model : LanguageModel
        V tokens, context of K.
    start : str or 1..K tokens
        The first context (state 0): a label, or tokens. Shorter contexts grow to K before they drop their oldest token.
    min_probability : float in [0, 1)
        Arrows of a smaller probability (after decoding) are cut off; the likeliest token of a state is always kept.
    min_reach : float in [0, 1)
        Contexts that the walk gets to with a smaller probability (in one sequence, at the depth of its first visit) are
        cut off. Best for sequences that end: what is cut is rare, not only improbable at one step.
    decoding : Decoding, optional
        The rule by which tokens are drawn.
    end : int or str, optional
        The token that ends a sequence, by number or label.
    at_end : "absorb" or "restart"
        It leads to the state ``"(end)"``, or back to the start.
    outside : "renormalise" or "absorb"
        The arrows that are kept are divided by their sum, or the probability that was cut off leads to the absorbing
        state ``"(elsewhere)"``.
    max_states : int, optional
        Refuse above this number of states; 200,000 by default.
    batch_size, progress
        As for :func:`markovgpt.build_chain`.

    Returns
    -------
    SparseChain
        ``cut`` has the probability cut off at each state, that of tokens outside a restricted vocabulary included.

    Raises
    ------
    TooManyStatesError
        More than ``max_states`` contexts can be reached.
    ArgumentError
        A threshold, start or end that is none.
    ModelError
        The model failed.

    Examples
    --------
    >>> import markovgpt as mg
    >>> word = mg.from_matrix([[0.5, 0.5], [0.9, 0.1]])  # token 1 ends a word
    >>> chain = reachable_chain(word, "0", end=1)
    >>> [chain.label(s) for s in range(chain.n_states)], chain.to_numpy()[0]
    (['0', '(end)'], array([0.5, 0.5]))
    """
    check_is_model(model)
    vocabulary = vocabulary_of(model)
    first = vocabulary.parse(start) if isinstance(start, str) else tuple(int(t) for t in start)
    K, V = model.context_length, model.vocab_size
    limit = _MAX_STATES if max_states is None else max_states
    for name, threshold in (("min_probability", min_probability), ("min_reach", min_reach)):
        if not (0 <= threshold < 1):
            raise ArgumentError(f"{name} must be from 0 to below 1: got {threshold}.")
    if not 1 <= len(first) <= K or not all(0 <= t < V for t in first):
        raise ArgumentError(
            f"The start must be 1 to {K} tokens of 0..{V - 1}: got {start if isinstance(start, str) else first!r} "
            f"({len(first)} tokens).",
            start=first,
        )
    if isinstance(end, str):
        named = vocabulary.parse(end)
        if len(named) != 1:
            raise ArgumentError(f"The end is one token: {end!r} is {len(named)}.", end=end)
        end = named[0]
    if end is not None and not 0 <= end < V:
        raise ArgumentError(f"The end token must be one of 0..{V - 1}: got {end}.", end=end)
    rule = Decoding() if decoding is None else decoding

    walk = Walk(
        vocab_size=V,
        context_length=K,
        end=end,
        end_target=END_TARGET if at_end == "absorb" else 0,
        min_probability=min_probability,
        min_reach=min_reach,
    )
    level = walk.begin(first)  # (m, length): contexts of one depth, all of one length
    calls = positions = underflows = 0
    started = time.perf_counter()
    step = max(1, min(batch_size, _BATCH_CELLS // V))  # contexts a call: a large vocabulary makes rows long
    while len(level):
        for begin in range(0, len(level), step):
            contexts = level[begin : begin + step]  # (b, length)
            logits, left = next_logits_and_outside(model, contexts)  # (b, V), (b,)
            law = rule.apply(logits)  # (b, V)
            underflows += 0 if min_probability else rule.underflows(logits, law)
            walk.leave(contexts, law, left)
            calls, positions = calls + 1, positions + contexts.size
            if progress is not None:
                progress("walking the contexts", len(walk.cut), len(walk.contexts))
            if walk.at_least() > limit:
                break
        else:
            level = walk.close_level()
        if walk.at_least() > limit:
            raise TooManyStatesError(
                f"More than {limit:,} contexts can be reached from {vocabulary.label(first)!r}. Raise the "
                "limit with --max-states (max_states=), or cut off more with --min-reach (now "
                f"{min_reach:g}), --min-probability (now {min_probability:g}), --top-k or --top-p.",
                limit=limit,
            )
    origin = Origin(
        model=model_name(model),
        decoding=rule,
        model_fingerprint=str(getattr(model, "fingerprint", "")),
        strategy="reachable",
        model_calls=calls,
        token_positions=positions,
        seconds=time.perf_counter() - started,
        n_underflows=None if underflows and min_reach else underflows,  # not known: which of them lead to a context
    )
    return walk.chain(vocabulary, origin, absorb=outside == "absorb")
