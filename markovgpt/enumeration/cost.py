"""What would it cost to enumerate a model: how many contexts, how much memory, how long?"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any, final

from markovgpt.decoding import Decoding
from markovgpt.enumeration.calibration import Seconds, measured_seconds
from markovgpt.enumeration.choice import SHORTCUTS, Choice, choose, contexts_a_call, fallback
from markovgpt.enumeration.limits import check_is_counted
from markovgpt.enumeration.memory import table_bytes, working_bytes
from markovgpt.enumeration.operations import operations, token_positions
from markovgpt.enumeration.quantities import format_bytes, format_range
from markovgpt.errors import ModelError
from markovgpt.model import LanguageModel, check_is_model
from markovgpt.statespace import Lengths, StateSpace

__all__ = ["Cost", "is_worth_predicting", "predict_cost", "predicted"]

_LONG_WORK = {"fused": 2**34}  # tokens times parameters that take a second or so
_LONG_WORK_OF_TORCH = 2**32
_LONG_LOOP = 1000  # calls
_UNKNOWN_CALLS = 8  # of a model that does not say how many parameters it has
_PARAMETERS = 2**14  # which is then taken to have so many


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What an enumeration would cost.

    Attributes
    ----------
    states : StateSpace
        The contexts that are states.
    strategy : str
        The strategy that would be used.
    note : str
        Why a faster one would not; empty if there is nothing to say.
    table_bytes : int
        Of the probabilities in float64 (of two tables where the model is asked for several decoding rules).
    working_bytes : int
        What enumeration needs beside it: blocks of logits, sessions, and the activations of a GPT. What another model
        needs while it answers is not known.
    token_positions : int
        Tokens that the model will be given.
    flops : int, or None
        Floating point operations: multiplications and additions of a GPT that shows its weights; of another model 2 for
        each parameter at each position, and None if it does not say how many it has.
    seconds, seconds_low, seconds_high : float
        Of the enumeration in this process, with the comparison of a shortcut and ``next_logits``: an estimate from a
        part that was timed; and bounds, from the fastest and the slowest eighth of that part and a factor of 1.25 for
        what the machine does beside it (1.6 where that part was too short to see how it varies).
    startup_seconds : float
        What the first call took longer, for compilation or loading. It is over in this process, and not in ``seconds``.
    """

    states: StateSpace
    strategy: str
    note: str
    table_bytes: int
    working_bytes: int
    token_positions: int
    flops: int | None
    seconds: float
    seconds_low: float
    seconds_high: float
    startup_seconds: float

    @property
    def n_states(self) -> int:
        """Number of contexts that are states."""
        return self.states.n_states

    @property
    def peak_bytes(self) -> int:
        """Of the table and what is needed beside it."""
        return self.table_bytes + self.working_bytes

    def __str__(self) -> str:
        return f"{self.n_states:,} contexts by {self.strategy!r}: about {self.duration}, {self.size}"

    @property
    def duration(self) -> str:
        """In words, with its bounds."""
        return format_range(self.seconds, self.seconds_low, self.seconds_high)

    @property
    def size(self) -> str:
        """Of the table, in words."""
        return f"table of {format_bytes(self.table_bytes)}"


def predict_cost(
    model: LanguageModel,
    *,
    lengths: Lengths = "full",
    decoding: Decoding | None = None,
    strategy: str = "auto",
    batch_size: int | None = None,
) -> Cost:
    """Say what :func:`markovgpt.build_chain` would cost with the same arguments, without doing it.

    Bytes, positions and operations are counted. Seconds are measured: the strategy does a part of the work, for at most
    half a second (for longer only where three small calls of the model take longer).

    Parameters
    ----------
    model, lengths, decoding, strategy, batch_size
        As for :func:`markovgpt.build_chain`.

    Raises
    ------
    TooManyStatesError
        More states than 64 bits can number.
    ArgumentError, ModelError
        As :func:`markovgpt.build_chain` would.

    Examples
    --------
    >>> import markovgpt as mg
    >>> cost = predict_cost(mg.load_model("babygpt", steps=0), strategy="batched")
    >>> cost.n_states, cost.table_bytes, cost.token_positions, cost.seconds < 60
    (8, 128, 24, True)
    """
    check_is_model(model)
    size = contexts_a_call(model, batch_size)
    states = StateSpace(vocab_size=model.vocab_size, context_length=model.context_length, lengths=lengths)
    check_is_counted(states)
    began = time.perf_counter()
    choice = choose(model, states, strategy)
    choosing = time.perf_counter() - began
    rule = Decoding() if decoding is None else decoding
    return predicted(model, states, choice, strategy, choosing=choosing, rules=(rule,), batch_size=size)[1]


def predicted(
    model: LanguageModel,
    states: StateSpace,
    choice: Choice,
    asked: str,
    *,
    choosing: float,
    rules: Any,
    batch_size: int,
) -> tuple[Choice, Cost]:
    """What the rest of an enumeration will cost after a strategy was chosen, which took so many seconds.

    Where a shortcut fails that was not asked for, the strategy that is used instead is returned as well.
    """
    rule = rules[0] if len(rules) == 1 else None

    def measure(name: str) -> Seconds:
        return measured_seconds(model, states, name, batch_size=batch_size, rule=rule)

    try:
        seconds = measure(choice.name)
    except ModelError as error:
        if asked != "auto" or choice.name not in SHORTCUTS:
            raise
        choice = fallback(choice.name, error)
        seconds = measure(choice.name)
    comparing = 2 * choosing if choice.check_positions else 0.0  # once more in the end, with as many contexts
    positions, flops = operations(model, states, choice.name)
    return choice, Cost(
        states=states,
        strategy=choice.name,
        note=choice.note,
        table_bytes=table_bytes(states, n_rules=len(rules)),
        working_bytes=working_bytes(model, states, choice.name, batch_size),
        token_positions=positions,
        flops=flops,
        seconds=seconds.estimate + comparing,
        seconds_low=seconds.low + comparing,
        seconds_high=seconds.high + comparing,
        startup_seconds=seconds.startup,
    )


def is_worth_predicting(model: LanguageModel, states: StateSpace, strategy: str, batch_size: int) -> bool:
    """Whether an enumeration may take more than a second; if not, measuring would only make it longer."""
    n_parameters = getattr(model, "n_parameters", None)
    calls = states.n_states if strategy == "loop" else states.n_states // batch_size
    positions = token_positions(model, states, strategy)
    if strategy == "loop" and calls >= _LONG_LOOP:
        return True
    if n_parameters is None and calls >= _UNKNOWN_CALLS:
        return True
    return positions * int(n_parameters or _PARAMETERS) >= _LONG_WORK.get(strategy, _LONG_WORK_OF_TORCH)
