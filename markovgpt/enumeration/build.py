"""How does a model become an explicit chain?"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from os import PathLike
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from markovgpt.chain import MarkovChain
from markovgpt.decoding import Decoding, check_is_rule
from markovgpt.enumeration.choice import BATCH_SIZE, contexts_a_call
from markovgpt.enumeration.cost import Cost
from markovgpt.enumeration.filling import Spent, fill
from markovgpt.enumeration.growing import GrowingTable, TableInMemory
from markovgpt.enumeration.identity import identity_of
from markovgpt.enumeration.limits import check_n_states
from markovgpt.enumeration.plan import Limits, Plan, make_plan
from markovgpt.enumeration.store import StoredTable
from markovgpt.errors import ArgumentError
from markovgpt.model import LanguageModel, Progress, check_is_model, model_name, vocabulary_of
from markovgpt.origin import Origin
from markovgpt.statespace import Lengths, StateSpace
from markovgpt.table_file.layout import Storage

__all__ = ["build_chain", "build_chains"]


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
    store: str | PathLike[str] | None = None,
    storage: Storage = "float64",
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
    store : path, optional
        A file that the table grows in: the same call goes on from there after any interruption, with the same result
        bit for bit, and reads the table once it is finished. ``probabilities`` is a memory map of it.
    storage : "float64" or "float32"
        Of the file. float32 takes half the disk; the chain has float64 rows, those of the file divided by their sums.
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
        There is no such strategy, or the model does not allow it. The store holds another table, cannot be written, or
        another process is writing it.
    ModelError
        The model raised, returned something that is not a law, or gives another law under the strategy that was asked
        for; names the context.
    EnumerationInterruptedError
        Ctrl-C, with a store: says how much is kept in it.
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
            store=store,
            storage=storage,
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
    store: str | PathLike[str] | None = None,
    storage: Storage = "float64",
    progress: Progress | None = None,
    announce: Callable[[Cost], None] | None = None,
) -> Iterator[MarkovChain]:
    """The chains of one model under several decoding rules, in their order; the model is asked once.

    Each is made when it is asked for, from the logits, and equal to that of :func:`build_chain`, bit for bit. (From the
    probabilities of a chain, as :func:`markovgpt.decode` makes it, a temperature above 1 cannot bring back what was
    below 1e-308.) Other arguments and errors are those of :func:`build_chain`; a ``store`` is for one rule.

    Examples
    --------
    >>> import markovgpt as mg
    >>> rules = [mg.Decoding(temperature=t) for t in (0.5, 1, 2)]
    >>> [float(chain.row("1")[0].round(4)) for chain in build_chains(mg.from_matrix([[0.9, 0.1], [0.8, 0.2]]), rules)]
    [0.9412, 0.8, 0.6667]
    """
    check_is_model(model)
    for rule in decodings:
        check_is_rule(rule)
    usual_size = contexts_a_call(model, batch_size)
    states = StateSpace(vocab_size=model.vocab_size, context_length=model.context_length, lengths=lengths)
    check_n_states(states, max_states=max_states)
    vocabulary = vocabulary_of(model)

    only = decodings[0] if len(decodings) == 1 else None
    _check_storage(store, storage, n_rules=len(decodings))
    started = time.perf_counter()
    with_cut = hasattr(model, "next_logits_and_outside")
    origin = Origin(
        row_defect=float(getattr(model, "row_defect", 0.0)),
        model=model_name(model),
        model_fingerprint=str(getattr(model, "fingerprint", "")),
    )
    limits = Limits(max_memory, max_time, announce)
    planned: Plan | None
    plan = partial(make_plan, model, states, rules=decodings, limits=limits)
    if store is not None and only is not None:
        identity = identity_of(model, states, only, storage=storage)
        stored = StoredTable(
            Path(store),
            states,
            only,
            identity=identity,
            row_defect=origin.row_defect,
            with_cut=with_cut,
            strategy=strategy,
            batch_size=batch_size,
            usual_size=usual_size,
            progress=progress,
        )
        with stored:
            if stored.finished is None:
                planned = plan(
                    strategy=stored.strategy or strategy,
                    batch_size=stored.batch_size,
                    n_done=stored.n_done,
                    in_memory=storage != "float64",
                )
                started = time.perf_counter() - planned.seconds  # what was done to predict the cost does not count
                size = stored.batch_size
                spent = fill(stored, model, states, planned.choice, asked=strategy, batch_size=size, progress=progress)
            else:
                planned, spent = None, Spent()
        found = stored.result
        origin = replace(
            _after(origin, stored, spent._replace(rounding=found.rounding), planned, started),
            decoding=only,
            n_underflows=found.n_underflows,
            row_defect=found.row_defect,
            store=stored.record(),
        )
        yield MarkovChain(
            states=states, probabilities=found.probabilities, vocabulary=vocabulary, origin=origin, cut=found.cut
        )
        return
    planned = plan(strategy=strategy, batch_size=usual_size)
    started = time.perf_counter() - planned.seconds
    table = TableInMemory(states, rule=only, with_cut=with_cut)
    spent = fill(table, model, states, planned.choice, asked=strategy, batch_size=usual_size, progress=progress)
    origin = _after(origin, table, spent, planned, started)
    for rule in decodings:
        probabilities, lost = (table.table, table.n_underflows) if only is not None else _decoded(table.table, rule)
        yield MarkovChain(
            states=states,
            probabilities=probabilities,
            vocabulary=vocabulary,
            origin=replace(origin, decoding=rule, n_underflows=lost),
            cut=table.cut,
        )


def _check_storage(store: str | PathLike[str] | None, storage: str, *, n_rules: int) -> None:
    if storage not in ("float64", "float32"):
        raise ArgumentError(f"storage must be 'float64' or 'float32': got {storage!r}.", storage=storage)
    if store is None and storage != "float64":
        raise ArgumentError(
            f"storage {storage} is of the file that a table is stored in: name one, --store FILE (store=). In memory "
            "tables are float64.",
            storage=storage,
        )
    if not isinstance(store, str | PathLike | None) or not str(store):
        raise ArgumentError(f"store is the path of a file: got {store!r}.", store=store)
    if store is not None and n_rules != 1:
        raise ArgumentError(
            f"A file holds the table of one decoding rule: got {n_rules} of them. Give one temperature, or leave out "
            "--store (store=).",
            n_rules=n_rules,
        )


def _after(origin: Origin, table: GrowingTable, spent: Spent, plan: Plan | None, started: float) -> Origin:
    """The origin of a chain, once its table is there."""
    return replace(
        origin,
        strategy=table.strategy,
        note=table.note,
        model_calls=spent.calls,
        token_positions=spent.positions,
        check_positions=spent.check_positions,
        rounding=spent.rounding,
        predicted_seconds=None if plan is None or plan.cost is None else plan.cost.seconds,
        seconds=time.perf_counter() - started,
    )


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
