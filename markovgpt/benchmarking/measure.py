"""What does it take to ask a model about every context? Measured in turns, so that a busy machine slows all alike."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from markovgpt.benchmarking.grid import default_context_lengths, targets_beyond
from markovgpt.benchmarking.growth import Growth, Work, growth_of
from markovgpt.benchmarking.machine import this_machine
from markovgpt.benchmarking.record import EnumerationBenchmark
from markovgpt.benchmarking.rounds import Rounds
from markovgpt.benchmarking.sizes import ResizableModel, resizable
from markovgpt.enumeration import STRATEGIES, check_memory, check_n_states
from markovgpt.enumeration.choice import SHORTCUTS
from markovgpt.enumeration.operations import operations
from markovgpt.errors import ArgumentError
from markovgpt.model import LanguageModel, Progress, check_is_model, model_name
from markovgpt.statespace import StateSpace

__all__ = ["benchmark_enumeration"]

_TELLING = 0.01  # seconds: what is quicker tells of calls, and not of what they compute


def benchmark_enumeration(
    model: LanguageModel | ResizableModel,
    *,
    context_lengths: Sequence[int] | None = None,
    vocab_sizes: Sequence[int] | None = None,
    strategies: Sequence[str] | None = None,
    runs: int = 5,
    max_seconds: float = 1.5,
    max_states: int | None = None,
    seed: int = 0,
    clock: Callable[[], float] = time.perf_counter,
    progress: Progress | None = None,
) -> EnumerationBenchmark:
    """Measure what enumeration costs, at several sizes, by several strategies.

    Each case is called once beforehand, which is reported and not counted, since it may load and compile. Then there
    are ``runs`` rounds through all cases, and through a product of matrices and a copy of memory, by which the machine
    is measured. A run is a whole :func:`markovgpt.build_chain`: model, comparison with ``next_logits``, softmax, table.
    Ctrl-C ends it with what was measured until then.

    Parameters
    ----------
    model : LanguageModel or ResizableModel
        From :func:`markovgpt.load_resizable`, for example. Of a finished model a minGPT is built anew, untrained; any
        other is asked about shorter contexts than its own.
    context_lengths, vocab_sizes : sequence of int, optional
        K and V of the grid. By default up to five K, the longest with at most 20,000 states, and the model's own V.
    strategies : sequence of str, optional
        Of "loop", "batched", "prefix", "fused"; all that the model allows by default.
    runs : int
        Of each case.
    max_seconds : float
        A case is skipped if smaller sizes predict that one run takes longer. The smallest size is always measured.
    max_states : int, optional
        Refuse larger sizes; 2^20 by default.
    seed : int
        Is noted as that of the weights.
    clock : callable
        Seconds, of any origin.
    progress : callable, optional
        Called as ``progress("measuring: ...", done, total)``.

    Returns
    -------
    EnumerationBenchmark
        Every run, what each case does, the machine, and laws of growth.

    Raises
    ------
    ArgumentError
        There is no such strategy, the model does not allow it, or it cannot have one of the sizes.
    TooManyStatesError
        Before anything is built.
    KeyboardInterrupt
        Before the first run was made.

    Examples
    --------
    >>> import markovgpt as mg
    >>> models = mg.load_resizable("babygpt")
    >>> found = benchmark_enumeration(models, context_lengths=[2, 3], strategies=["batched"], runs=2)
    >>> [(case.n_states, case.token_positions, len(case.seconds)) for case in found.cases]
    [(4, 8, 2), (8, 24, 2)]
    """
    models = model if isinstance(model, ResizableModel) else resizable(check_is_model(model), seed=seed)
    if runs < 1 or not max_seconds > 0:
        raise ArgumentError(
            f"There must be at least one run, and a time above 0: got runs={runs}, max_seconds={max_seconds}."
        )
    sizes = _sizes(models, vocab_sizes, context_lengths, max_states)
    asked = _strategies(models.own, strategies)
    date = datetime.now(UTC).isoformat(timespec="seconds")
    rounds = Rounds(
        models, sizes=sizes, strategies=asked, runs=runs, max_seconds=max_seconds, clock=clock, progress=progress
    )
    interrupted = False
    try:
        rounds.make()
    except KeyboardInterrupt:
        if not rounds.cases():
            raise
        interrupted = True
    cases = rounds.cases()
    return EnumerationBenchmark(
        model=model_name(models.own),
        date=date,
        machine=this_machine(),
        runs=runs,
        seed=seed,
        max_seconds=max_seconds,
        cases=cases,
        solves=rounds.solves(),
        skipped=tuple(rounds.skipped),
        sgemm_seconds=tuple(rounds.sgemm_seconds),
        copy_seconds=tuple(rounds.copy_seconds),
        growth=tuple(
            growth
            for V in dict.fromkeys(V for V, _ in sizes)
            for strategy in asked
            if (growth := _growth(rounds, V, strategy, max(K for v, K in sizes if v == V))) is not None
        ),
        interrupted=interrupted,
    )


def _sizes(
    models: ResizableModel, vocab_sizes: Sequence[int] | None, lengths: Sequence[int] | None, max_states: int | None
) -> list[tuple[int, int]]:
    """V and K of the grid, by number of states; all of them are possible."""
    longest = None if models.any_context_length else models.own.context_length
    sizes = [
        (V, K)
        for V in ([models.own.vocab_size] if vocab_sizes is None else dict.fromkeys(vocab_sizes))
        for K in (default_context_lengths(V, longest=longest) if lengths is None else dict.fromkeys(lengths))
    ]
    if not sizes:
        raise ArgumentError("There must be at least one size: got no context_lengths or no vocab_sizes.")
    for V, K in sizes:
        space = StateSpace(vocab_size=V, context_length=K)
        check_n_states(space, max_states=max_states)
        check_memory(space)
        models.check(V, K)
    return sorted(sizes, key=lambda size: (size[0] ** size[1], size))


def _strategies(model: LanguageModel, asked: Sequence[str] | None) -> list[str]:
    """Those that are asked for, or all that the model allows, in the order of their list."""
    if asked is not None and (unknown := [name for name in asked if name not in STRATEGIES]):
        raise ArgumentError(
            f"Strategies that can be measured are {', '.join(STRATEGIES)}: got {unknown[0]!r}.", strategy=unknown[0]
        )
    if asked is not None and not asked:
        raise ArgumentError("There must be at least one strategy: got none.")
    obstacles = {name: shortcut.obstacle(model) for name, shortcut in SHORTCUTS.items()}
    for name in asked or ():
        if obstacles.get(name):
            raise ArgumentError(f"The strategy {name!r} cannot be measured: {obstacles[name]}.", strategy=name)
    return [name for name in STRATEGIES if (name in asked if asked is not None else not obstacles.get(name))]


def _growth(rounds: Rounds, vocab_size: int, strategy: str, longest: int) -> Growth | None:
    """The law of one strategy, if it was measured at two sizes or more."""
    measured = [
        (case.key.context_length, case.spread)
        for case in rounds.cases()
        if (case.key.vocab_size, case.key.strategy) == (vocab_size, strategy)
    ]
    if len(measured) < 2:
        return None
    long = [(K, spread) for K, spread in measured if spread.median >= _TELLING]
    measured = long if len(long) >= 2 else measured[-2:]
    model = rounds.model(vocab_size, measured[-1][0])  # how wide the network is; its K does not matter for the count

    def work(context_length: int) -> Work:
        states = StateSpace(vocab_size=vocab_size, context_length=context_length)
        counted = operations(model, states, strategy)
        return Work(states.n_states, counted.token_positions, counted.flops)

    targets = targets_beyond(vocab_size, measured[-1][0])
    return growth_of(vocab_size, strategy, measured=measured, work=work, longest=max((longest, *targets)))
