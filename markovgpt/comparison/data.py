"""Where does a model agree with the counts of its data, where is it wrong, and what does that cost in bits?"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from markovgpt.chain import MarkovChain
from markovgpt.comparison.correction import Correction, adjusted_p_values
from markovgpt.comparison.goodness import fit_tests
from markovgpt.comparison.laws import Laws, blocks_of_rows, check_same_tokens, laws_of
from markovgpt.comparison.record import DataComparison, Significance
from markovgpt.comparison.rows import jensen_shannon, kl_divergence, total_variation
from markovgpt.comparison.suffixes import SuffixLaws, by_last_tokens, tables_of_suffixes
from markovgpt.errors import ArgumentError, DataError
from markovgpt.model import LanguageModel, Progress
from markovgpt.ngrams import CountTable, NgramCounts
from markovgpt.sparse_chain import SparseChain

__all__ = ["compare_to_data"]

Arrays = dict[str, NDArray[Any]]

_TESTS_AT_A_TIME = 4096  # they take long: progress should be seen


def compare_to_data(
    source: MarkovChain | SparseChain | LanguageModel,
    counts: NgramCounts,
    *,
    rare: int = 5,
    correction: Correction | None = "holm",
    seed: int = 0,
    progress: Progress | None = None,
) -> DataComparison:
    """Compare a model with counts: every context that was seen, and the totals.

    A model is asked about the contexts that occur only, so that the V^K others are no obstacle. A model that looks at
    fewer tokens than were counted is compared at the same places in the data, by its own last tokens.

    Parameters
    ----------
    source : MarkovChain, SparseChain or LanguageModel
        V tokens, context of K. What a walk cut off counts as excluded.
    counts : NgramCounts
        Of V tokens, after contexts of up to K or more.
    rare : int
        Contexts counted less often are marked as rare.
    correction : "holm", "benjamini-hochberg" or None
        How p-values are adjusted for the number of contexts (:class:`Significance`); None computes none, which is much
        faster.
    seed : int
        Of the p-values that are drawn at random; at least 0.
    progress : callable, optional
        Called as ``progress("comparing with the data", done, total)``.

    Raises
    ------
    ArgumentError
        Model and counts are over different tokens, or the model looks at more tokens than were counted.
    DataError
        No context of K tokens that the chain has occurs in the data.
    NotComputedError
        A walk that leads two tokens to the same state.

    Examples
    --------
    >>> import markovgpt as mg
    >>> chain = mg.chain_from_table([[0.5, 0.5], [0.75, 0.25]])
    >>> found = compare_to_data(chain, mg.count_ngrams([0, 1, 0, 1, 1], vocab_size=2, context_length=1))
    >>> [found.context(place) for place in range(len(found))], found.total_variation.tolist()
    ([(0,), (1,)], [0.5, 0.25])
    >>> round(found.cross_entropy, 4), found.conditional_entropy, found.significance.p_values.tolist()
    (1.1038, 0.5, [0.5, 1.0])
    """
    laws = laws_of(source)
    check_same_tokens(laws, counts)
    _check(rare, seed, correction)
    K, parts = laws.context_length, []
    for length in laws.lengths:
        everything = counts.suffixes(K) if length == K else counts.tables[length]
        states = laws.find(length, everything.contexts)
        known = np.flatnonzero(states >= 0)
        table, states = everything.only(known), states[known]
        if length < K:
            parts.append(_compare(laws, states, table, length, None, seed if correction else None, progress))
            continue
        if not len(table):
            raise DataError("No context of the chain occurs in the data with a token after it: nothing to compare.")
        suffixes = SuffixLaws(tables_of_suffixes(table, K))
        parts.append(_compare(laws, states, table, length, suffixes, seed if correction else None, progress))
    found = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    order = np.argsort(found["states"], kind="stable")
    found = {name: values[order] for name, values in found.items()}
    tests = {name: found.pop(name) for name in ("statistics", "p_values", "methods")}
    significance = None
    if correction is not None:
        adjusted = adjusted_p_values(tests["p_values"], correction)
        significance = Significance(**tests, adjusted=adjusted, correction=correction)
    own, surprises = suffixes.entropies, suffixes.surprises()  # (K + 1,) each
    return DataComparison(
        vocab_size=laws.vocab_size,
        context_length=K,
        **found,
        rare=found["counts"] < rare,
        rare_below=rare,
        significance=significance,
        n_tokens=table.n_counted,
        n_left_out=everything.n_counted - table.n_counted,
        cross_entropy=float(surprises[-1]),
        conditional_entropy=float(own[-1]),
        excess=float(max(surprises[-1] - own[-1], 0.0)),
        data_entropies=own,
        excess_by_order=np.maximum(surprises - own, 0.0),
        greedy_agreement=float(parts[-1]["counts"] @ parts[-1]["greedy_agrees"] / table.n_counted),
        n_contexts=laws.vocab_size**K,
        n_seen=len(everything),
        n_rare=int((everything.totals < rare).sum()),
        n_states=laws.n_states,
    )


def _compare(
    laws: Laws,
    states: NDArray[np.int64],
    table: CountTable,
    length: int,
    suffixes: SuffixLaws | None,
    seed: int | None,
    progress: Progress | None,
) -> Arrays:
    """All m contexts of one length, a block at a time."""
    m = len(states)
    found: Arrays = {
        "states": states,
        "contexts": table.contexts,
        "lengths": np.full(m, length),
        "counts": table.totals,
        "total_variation": np.empty(m),
        "kl_divergence": np.empty(m),
        "reverse_kl": np.empty(m),
        "jensen_shannon": np.empty(m),
        "greedy_agrees": np.empty(m, dtype=np.bool_),
        "greedy_tied": np.empty(m, dtype=np.bool_),
        "statistics": np.empty(m),
        "p_values": np.empty(m),
        "methods": np.empty(m, dtype="<U11"),
    }
    order = by_last_tokens(table.contexts, table.vocab_size, length)
    most = m if seed is None else _TESTS_AT_A_TIME
    for here, rows in blocks_of_rows(laws, states[order], most=most, progress=progress):
        places = order[here]
        if suffixes is not None:
            suffixes.add(places, rows)
        counts = table.rows(places)  # (b, V)
        counts = np.pad(counts, ((0, 0), (0, rows.shape[1] - counts.shape[1])))  # a walk has one column more
        data = counts / found["counts"][places, None]
        found["total_variation"][places] = total_variation(data, rows)
        found["kl_divergence"][places] = kl_divergence(data, rows)
        found["reverse_kl"][places] = kl_divergence(rows, data)
        found["jensen_shannon"][places] = jensen_shannon(data, rows)
        likeliest = rows == rows.max(axis=1, keepdims=True)  # (b, V)
        commonest = counts == counts.max(axis=1, keepdims=True)
        found["greedy_agrees"][places] = commonest[np.arange(len(rows)), likeliest.argmax(axis=1)]
        found["greedy_tied"][places] = (likeliest.sum(axis=1) > 1) | (commonest.sum(axis=1) > 1)
        if seed is not None:
            tests = fit_tests(counts, rows, keys=states[places], seed=seed)
            for name, values in tests._asdict().items():
                found[name][places] = values
    found["excess_bits"] = found["counts"] / max(table.n_counted, 1) * found["kl_divergence"]
    return found


def _check(rare: int, seed: int, correction: Correction | None) -> None:
    if rare < 0:
        raise ArgumentError(f"rare is a count, at least 0: got {rare}.", rare=rare)
    if seed < 0:
        raise ArgumentError(f"A seed is at least 0: got {seed}.", seed=seed)
    if correction is not None:
        adjusted_p_values(np.empty(0), correction)  # refuses what is none, before the work
