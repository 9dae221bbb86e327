"""How does a model become an explicit chain?"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from markovgpt.chain import MarkovChain, Origin
from markovgpt.decoding import Decoding
from markovgpt.enumeration.agreement import StateSample
from markovgpt.enumeration.choice import BATCH_SIZE, SHORTCUTS, STRATEGIES, choose, contexts_a_call, fallback
from markovgpt.enumeration.cost import Cost, is_worth_predicting, predicted
from markovgpt.enumeration.limits import check_memory, check_n_states, check_seconds
from markovgpt.enumeration.memory import working_bytes
from markovgpt.enumeration.quantities import parse_seconds
from markovgpt.errors import ModelError
from markovgpt.model import LanguageModel, Progress, check_is_model, model_name, vocabulary_of
from markovgpt.statespace import Lengths, StateSpace

__all__ = ["build_chain", "build_chains"]

_LARGE = 2**23  # probabilities: below, what is needed beside them is not reckoned, which takes the weights of a model


def build_chain(
    model: LanguageModel,
    *,
    lengths: Lengths = "full",
    decoding: Decoding | None = None,
    strategy: str = "auto",
    max_states: int | None = None,
    max_memory: float | str | None = None,
    max_time: float | str | None = None,
    batch_size: int | None = None,
    progress: Progress | None = None,
    announce: Callable[[Cost], None] | None = None,
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
    strategy : "auto", "fused", "prefix", "batched" or "loop"
        How contexts are passed to the model: not at all, if it shows the weights of a GPT by ``gpt_weights``, which a
        compiled loop then evaluates; each beginning once, as a causal model with ``session`` or ``all_logits`` allows;
        whole contexts in batches; one by one. ``auto`` takes the fastest that suits the model and gives the same laws:
        if those of a shortcut differ from ``next_logits``, it is not used, and ``origin.note`` says so.
    max_states : int, optional
        Refuse above this number of states; 2^20 by default.
    max_memory : int or str, bytes, optional
        Refuse a table that takes more than this with what is needed beside it, such as ``"4G"``; three quarters of the
        memory that is free by default.
    max_time : float or str, seconds, optional
        Refuse what is predicted to take longer, such as ``"10m"``; there is no limit by default.
    batch_size : int, optional
        Contexts per call of the model; by default its own ``contexts_per_call``, or 2,048.
    progress : callable, optional
        Called as ``progress("enumerating contexts", done, total)``.
    announce : callable, optional
        Called with the predicted :class:`markovgpt.Cost` before anything long begins; not for what takes a second.

    Returns
    -------
    MarkovChain
        n states, probabilities in float64 (softmax in float64 of the model's logits).

    Raises
    ------
    TooManyStatesError
        Before anything is allocated.
    CostLimitError
        It would take more memory or time than the limits allow; before anything is enumerated.
    ArgumentError
        There is no such strategy, or the model does not allow it.
    ModelError
        The model raised, returned something that is not a law, or gives another law under the strategy that was asked
        for; names the context.
    """
    return next(
        build_chains(
            model,
            [Decoding() if decoding is None else decoding],
            lengths=lengths,
            strategy=strategy,
            max_states=max_states,
            max_memory=max_memory,
            max_time=max_time,
            batch_size=batch_size,
            progress=progress,
            announce=announce,
        )
    )


def build_chains(
    model: LanguageModel,
    decodings: Sequence[Decoding],
    *,
    lengths: Lengths = "full",
    strategy: str = "auto",
    max_states: int | None = None,
    max_memory: float | str | None = None,
    max_time: float | str | None = None,
    batch_size: int | None = None,
    progress: Progress | None = None,
    announce: Callable[[Cost], None] | None = None,
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
    batch_size = contexts_a_call(model, batch_size)
    longest = None if max_time is None else parse_seconds(max_time)
    states = StateSpace(vocab_size=model.vocab_size, context_length=model.context_length, lengths=lengths)
    check_n_states(states, max_states=max_states)
    check_memory(states, max_memory=max_memory, n_rules=len(decodings))
    vocabulary = vocabulary_of(model)

    only = decodings[0] if len(decodings) == 1 else None
    started = time.perf_counter()
    choice = choose(model, states, strategy)
    choosing, cost = time.perf_counter() - started, None
    is_long = announce is not None and is_worth_predicting(model, states, choice.name, batch_size)
    if is_long or longest is not None:
        choice, cost = predicted(
            model, states, choice, strategy, choosing=choosing, rules=decodings, batch_size=batch_size
        )
        check_seconds(model, cost, max_time=longest, asked=strategy)
    if max_memory is not None or states.n_states * states.vocab_size >= _LARGE:
        needed = working_bytes(model, states, choice.name, batch_size)
        check_memory(states, max_memory=max_memory, working_bytes=needed, n_rules=len(decodings))
    if cost is not None and is_long and announce is not None:
        announce(cost)
    started = time.perf_counter() - choosing  # what was done to predict the cost does not count
    try:
        found = _enumerate(model, states, choice.name, batch_size, only, progress)
    except ModelError as error:
        if strategy != "auto" or choice.name not in SHORTCUTS:
            raise
        choice = fallback(choice.name, error)
        found = None  # the error held the table: let go of both before another is made
    if found is None:
        found = _enumerate(model, states, choice.name, batch_size, only, progress)
    origin = Origin(
        row_defect=float(getattr(model, "row_defect", 0.0)),
        model=model_name(model),
        model_fingerprint=str(getattr(model, "fingerprint", "")),
        strategy=choice.name,
        model_calls=found.calls,
        token_positions=found.positions,
        check_positions=choice.check_positions + found.check_positions,
        seconds=time.perf_counter() - started,
        predicted_seconds=None if cost is None else cost.seconds,
        note=choice.note,
        rounding=found.rounding,
    )
    for rule in decodings:
        probabilities, lost = (found.table, found.underflows) if only is not None else _decoded(found.table, rule)
        yield MarkovChain(
            states=states,
            probabilities=probabilities,
            vocabulary=vocabulary,
            origin=replace(origin, decoding=rule, n_underflows=lost),
            cut=found.cut,
        )


class _Enumerated(NamedTuple):
    table: NDArray[np.float64]  # (n, V) logits; of one rule the probabilities, in half the memory
    cut: NDArray[np.float64] | None  # (n,)
    underflows: int
    calls: int
    positions: int
    check_positions: int
    rounding: float | None


def _enumerate(
    model: LanguageModel,
    states: StateSpace,
    strategy: str,
    batch_size: int,
    only: Decoding | None,
    progress: Progress | None,
) -> _Enumerated:
    """Ask the model by a strategy; what a shortcut made is compared with ``next_logits`` in the end."""
    table = np.empty((states.n_states, states.vocab_size))  # (n, V)
    cut = np.zeros(states.n_states) if hasattr(model, "next_logits_and_outside") else None  # (n,)
    sample = StateSample(states) if strategy in SHORTCUTS else None
    done = calls = positions = underflows = 0
    for block in STRATEGIES[strategy](model, states, batch_size):
        here = slice(block.start, block.start + len(block.logits))
        if only is None:
            table[here] = block.logits
        else:
            table[here] = only.apply(block.logits)
            underflows += only.underflows(block.logits, table[here])
        if cut is not None:
            cut[here] = block.outside
        if sample is not None:
            sample.note(block)
        done, calls, positions = done + len(block.logits), calls + block.calls, positions + block.token_positions
        if progress is not None:
            progress("enumerating contexts", done, states.n_states)
    checked = 0 if sample is None else sample.compare(model, how=f"by the strategy {strategy!r}")
    rounding = None if sample is None or strategy != "fused" else sample.rounding(model.gpt_weights()).probabilities  # type: ignore[attr-defined]  # who is computed from them, has them
    return _Enumerated(table, cut, underflows, calls, positions, checked, rounding)


def _decoded(logits: NDArray[np.float64], rule: Decoding) -> tuple[NDArray[np.float64], int]:
    """The rule on all rows ``(n, V)``, a few at a time: it needs room for several copies of what it works on.

    And how many entries underflow.
    """
    probabilities, underflows = np.empty_like(logits), 0
    for start in range(0, len(logits), BATCH_SIZE):
        here = slice(start, start + BATCH_SIZE)
        probabilities[here] = rule.apply(logits[here])
        underflows += rule.underflows(logits[here], probabilities[here])
    return probabilities, underflows
