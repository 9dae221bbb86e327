"""How does a model become an explicit chain?"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from markovgpt.chain import MarkovChain, Origin
from markovgpt.decoding import Decoding
from markovgpt.enumeration.batched import batched
from markovgpt.enumeration.limits import check_n_states
from markovgpt.enumeration.loop import loop
from markovgpt.enumeration.strategy import Strategy
from markovgpt.errors import ArgumentError
from markovgpt.model import LanguageModel, Progress, check_is_model, model_name, vocabulary_of
from markovgpt.statespace import Lengths, StateSpace

__all__ = ["STRATEGIES", "build_chain", "build_chains"]

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
    return next(
        build_chains(
            model,
            [Decoding() if decoding is None else decoding],
            lengths=lengths,
            strategy=strategy,
            max_states=max_states,
            batch_size=batch_size,
            progress=progress,
        )
    )


def build_chains(
    model: LanguageModel,
    decodings: Sequence[Decoding],
    *,
    lengths: Lengths = "full",
    strategy: str = "auto",
    max_states: int | None = None,
    batch_size: int = _BATCH_SIZE,
    progress: Progress | None = None,
) -> Iterator[MarkovChain]:
    """The chains of one model under several decoding rules, in their order; the model is asked once.

    Each is made when it is asked for, from the logits, and equal to that of :func:`build_chain`, bit for bit. (From the
    probabilities of a chain, as :func:`markovgpt.decode` makes it, a temperature above 1 cannot bring back what was
    below 1e-308.) Other arguments and errors are those of :func:`build_chain`.

    Examples
    --------
    >>> import markovgpt as mg
    >>> rules = [mg.Decoding(temperature=t) for t in (0.5, 1, 2)]
    >>> [float(chain.row("1")[0].round(4)) for chain in build_chains(mg.from_matrix([[0.9, 0.1], [0.8, 0.2]]), rules)]
    [0.9412, 0.8, 0.6667]
    """
    check_is_model(model)
    name = "batched" if strategy == "auto" else strategy
    if name not in STRATEGIES:
        raise ArgumentError(f"Strategies are auto, {', '.join(STRATEGIES)}: got {strategy!r}.", strategy=strategy)
    if batch_size < 1:
        raise ArgumentError(f"batch_size must be at least 1: got {batch_size}.", batch_size=batch_size)
    states = StateSpace(vocab_size=model.vocab_size, context_length=model.context_length, lengths=lengths)
    n = check_n_states(states, max_states=max_states)
    vocabulary = vocabulary_of(model)

    only = decodings[0] if len(decodings) == 1 else None
    table = np.empty((n, states.vocab_size))  # (n, V) logits; of one rule the probabilities, in half the memory
    cut = np.zeros(n) if hasattr(model, "next_logits_and_outside") else None  # (n,)
    done = calls = positions = underflows = 0
    started = time.perf_counter()
    for block in STRATEGIES[name](model, states, batch_size):
        here = slice(block.start, block.start + len(block.logits))
        if only is None:
            table[here] = block.logits
        else:
            table[here] = only.apply(block.logits)
            underflows += only.underflows(block.logits, table[here])
        if cut is not None:
            cut[here] = block.outside
        done, calls, positions = done + len(block.logits), calls + 1, positions + block.token_positions
        if progress is not None:
            progress("enumerating contexts", done, n)
    origin = Origin(
        row_defect=float(getattr(model, "row_defect", 0.0)),
        model=model_name(model),
        model_fingerprint=str(getattr(model, "fingerprint", "")),
        strategy=name,
        model_calls=calls,
        token_positions=positions,
        seconds=time.perf_counter() - started,
    )
    for rule in decodings:
        probabilities, lost = (table, underflows) if only is not None else _decoded(table, rule)
        yield MarkovChain(
            states=states,
            probabilities=probabilities,
            vocabulary=vocabulary,
            origin=replace(origin, decoding=rule, n_underflows=lost),
            cut=cut,
        )


def _decoded(logits: NDArray[np.float64], rule: Decoding) -> tuple[NDArray[np.float64], int]:
    """The rule on all rows ``(n, V)``, a few at a time: it needs room for several copies of what it works on.

    And how many entries underflow.
    """
    probabilities, underflows = np.empty_like(logits), 0
    for start in range(0, len(logits), _BATCH_SIZE):
        here = slice(start, start + _BATCH_SIZE)
        probabilities[here] = rule.apply(logits[here])
        underflows += rule.underflows(logits[here], probabilities[here])
    return probabilities, underflows
