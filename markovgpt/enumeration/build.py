"""How does a model become an explicit chain?"""

from __future__ import annotations

import time

import numpy as np

from markovgpt.chain import MarkovChain, Origin
from markovgpt.decoding import Decoding
from markovgpt.enumeration.batched import batched
from markovgpt.enumeration.limits import check_n_states
from markovgpt.enumeration.loop import loop
from markovgpt.enumeration.strategy import Strategy
from markovgpt.errors import ArgumentError
from markovgpt.model import LanguageModel, Progress, check_is_model, model_name, vocabulary_of
from markovgpt.statespace import Lengths, StateSpace

__all__ = ["STRATEGIES", "build_chain"]

STRATEGIES: dict[str, Strategy] = {"loop": loop, "batched": batched}
"""Every way to enumerate; all give the same chain to 1e-6."""

_BATCH_SIZE = 2048


def build_chain(
    model: LanguageModel,
    *,
    lengths: Lengths = "full",
    decoding: Decoding | None = None,
    strategy: str = "auto",
    max_states: int | None = None,
    batch_size: int = _BATCH_SIZE,
    progress: Progress | None = None,
) -> MarkovChain:
    """Ask a model about every context and return the chain that it is.

    Parameters
    ----------
    model : LanguageModel
        V tokens, context of K tokens.
    lengths : "full" or "all"
        States are the V^K contexts of length K, or those of every length 1..K.
    decoding : Decoding, optional
        The rule by which tokens are drawn; the model's own law by default.
    strategy : "auto", "batched" or "loop"
        How contexts are passed to the model; ``auto`` takes the fastest that the model allows.
    max_states : int, optional
        Refuse above this number of states; 2^20 by default.
    batch_size : int
        Contexts per call of the model.
    progress : callable, optional
        Called as ``progress("enumerating contexts", done, total)``.

    Returns
    -------
    MarkovChain
        n states, probabilities in float64 (softmax in float64 of the model's logits).

    Raises
    ------
    TooManyStatesError
        Before anything is allocated.
    ModelError
        The model raised, or returned something that is not a law; names the context.
    """
    check_is_model(model)
    rule = Decoding() if decoding is None else decoding
    name = "batched" if strategy == "auto" else strategy
    if name not in STRATEGIES:
        raise ArgumentError(f"Strategies are auto, {', '.join(STRATEGIES)}: got {strategy!r}.", strategy=strategy)
    if batch_size < 1:
        raise ArgumentError(f"batch_size must be at least 1: got {batch_size}.", batch_size=batch_size)
    states = StateSpace(vocab_size=model.vocab_size, context_length=model.context_length, lengths=lengths)
    n = check_n_states(states, max_states=max_states)
    vocabulary = vocabulary_of(model)

    probabilities = np.empty((n, states.vocab_size))  # (n, V)
    cut = np.zeros(n) if hasattr(model, "next_logits_and_outside") else None  # (n,)
    done = calls = positions = 0
    started = time.perf_counter()
    for block in STRATEGIES[name](model, states, batch_size):
        probabilities[block.start : block.start + len(block.logits)] = rule.apply(block.logits)
        if cut is not None:
            cut[block.start : block.start + len(block.logits)] = block.outside
        done, calls, positions = done + len(block.logits), calls + 1, positions + block.token_positions
        if progress is not None:
            progress("enumerating contexts", done, n)
    origin = Origin(
        model=model_name(model),
        decoding=rule,
        model_fingerprint=str(getattr(model, "fingerprint", "")),
        strategy=name,
        model_calls=calls,
        token_positions=positions,
        seconds=time.perf_counter() - started,
    )
    return MarkovChain(states=states, probabilities=probabilities, vocabulary=vocabulary, origin=origin, cut=cut)
