"""Are two chains the same, in every row, or for the next n tokens?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Literal, final, get_args

import numpy as np
from numpy.typing import NDArray

from markovgpt.chain import MarkovChain
from markovgpt.comparison import tokens_distance
from markovgpt.comparison.lifting import same_contexts
from markovgpt.comparison.rows import kl_divergence, total_variation
from markovgpt.errors import ArgumentError
from markovgpt.model import LanguageModel
from markovgpt.testing.assertions.subjects import chain_of, check_count, check_number, rule_of
from markovgpt.testing.causes.relations import likely_relation, said_of_nearness
from markovgpt.testing.messages import failure, law_table, number

__all__ = ["ApproxChain", "Metric", "approx_chain", "assert_horizon_tv", "assert_same_chain", "chain_difference"]

Table = NDArray[np.float64]

Metric = Literal["max", "tv", "kl"]


def assert_same_chain(
    actual: MarkovChain | LanguageModel,
    expected: MarkovChain | LanguageModel,
    *,
    atol: float = 1e-6,
    metric: Metric = "max",
    names: tuple[str, str] | None = None,
    **decoding: Any,
) -> None:
    """Every row of two chains is the same: exhaustive, nothing is sampled.

    A chain with shorter contexts is lifted: its row for a context is that of the last tokens. Token texts may differ;
    tokens are compared by number.

    Parameters
    ----------
    actual, expected : MarkovChain or LanguageModel
        Of a model the chain of all contexts is built.
    atol : float
        A row is the same if ``distance <= atol``.
    metric : "max", "tv" or "kl"
        Largest difference of a probability; total variation; ``KL(expected || actual)`` in bits.
    names : two texts, optional
        What to call them in the message.
    **decoding
        ``temperature=``, ``top_k=``, ``top_p=``, ``min_p=``: the rule that both are compared under.

    Raises
    ------
    AssertionError
        They differ: says in how many rows, and shows the worst.
    ArgumentError
        They are no chains or models, or an option is none.

    Examples
    --------
    >>> import markovgpt as mg
    >>> a, b = mg.chain_from_table([[0.5, 0.5], [0.9, 0.1]]), mg.chain_from_table([[0.5, 0.5], [0.8, 0.2]])
    >>> assert_same_chain(a, a)
    >>> assert_same_chain(a, b, names=("float32", "int8"))
    Traceback (most recent call last):
    AssertionError: float32 and int8 are not the same Markov chain
      compared   all 2 contexts of length 1 (exhaustive, no sampling), atol=1e-06, metric max
      rows       1 of 2 differ (50.0%); greedy token differs in 0; support differs in 0
      worst row  max 0.1, TV 0.1 at context 1
      next           float32         int8         diff
      0                  0.9          0.8          0.1
      1                  0.1          0.2         -0.1
    """
    __tracebackhide__ = True
    rule = rule_of(decoding)
    a, b = chain_of(actual, rule), chain_of(expected, rule)
    message = chain_difference(a, b, atol=atol, metric=metric, names=names)
    if message:
        raise AssertionError(message)


def chain_difference(
    actual: MarkovChain,
    expected: MarkovChain,
    *,
    atol: float = 1e-6,
    metric: Metric = "max",
    names: tuple[str, str] | None = None,
) -> str:
    """How two chains differ, in words; empty if they do not. Arguments as for :func:`assert_same_chain`."""
    check_number("atol", atol)
    if metric not in get_args(Metric):
        raise ArgumentError(f"metric is 'max', 'tv' or 'kl': got {metric!r}.", metric=metric)
    if names is not None and (isinstance(names, str) or len(names) != 2):
        raise ArgumentError(f"names are two texts, of actual and expected: got {names!r}.")
    first, second = names or _names(actual, expected)
    title = f"{first} and {second} are not the same Markov chain"
    if actual.vocab_size != expected.vocab_size:
        return failure(
            title,
            ("tokens", f"{actual.vocab_size} and {expected.vocab_size}"),
            ("likely", "the output layer is padded, or the vocabularies are those of different tokenizers"),
        )
    if actual.states.lengths != expected.states.lengths:
        raise ArgumentError(
            "Chains over contexts of the same lengths are compared: build both with the same `lengths`."
        )
    a, b = same_contexts(actual, replace(expected, vocabulary=actual.vocabulary))
    p, q = a.probabilities, b.probabilities
    distances = _distances(p, q, metric)  # (n,)
    differs = ~(distances <= atol)
    if not differs.any():
        return ""
    worst = int(np.argmax(np.where(np.isnan(distances), np.inf, distances)))
    n, count = len(p), int(differs.sum())
    spread = total_variation(p[worst : worst + 1], q[worst : worst + 1])[0]
    lengths = f"of length {a.context_length}" if a.states.lengths == "full" else f"of length 1 to {a.context_length}"
    same = "" if metric == "tv" else f"{metric} {number(distances[worst])}, "
    lifted = "" if actual.context_length == expected.context_length else "; the shorter contexts are lifted"
    relation = likely_relation(p, q, a.states)
    return failure(
        title,
        ("compared", f"all {n:,} contexts {lengths} (exhaustive, no sampling), atol={atol:g}, metric {metric}{lifted}"),
        (
            "rows",
            f"{count:,} of {n:,} differ ({100 * count / n:.1f}%); greedy token differs in "
            f"{int((p.argmax(axis=1) != q.argmax(axis=1)).sum()):,}; support differs in "
            f"{int(((p > 0) != (q > 0)).any(axis=1).sum()):,}",
        ),
        ("worst row", f"{same}TV {number(spread)} at context {a.label(worst)}"),
        law_table(a.vocabulary.names, p[worst], q[worst], (first, second)),
        ("likely", f"in {first}, {relation}" if relation else said_of_nearness(p, q) if metric == "max" else ""),
    )


def assert_horizon_tv(
    actual: MarkovChain | LanguageModel,
    expected: MarkovChain | LanguageModel,
    n: int,
    max_tv: float,
    *,
    start: int | str | Sequence[int] | None = None,
) -> None:
    """The laws of the next n tokens of two chains are at most ``max_tv`` apart, in total variation.

    Exact, or between proven bounds where there are too many texts (:func:`markovgpt.tokens_distance`); only a proven
    upper bound passes.

    Parameters
    ----------
    actual, expected : MarkovChain or LanguageModel
        Over the same tokens.
    n : int, at least 1
        Tokens.
    max_tv : float, 0 to 1
        ``TV <= max_tv`` passes, up to 1e-12 of rounding.
    start : state, optional
        Where both begin; the mean over all states by default.

    Raises
    ------
    AssertionError
        They are farther apart, or it is not proven that they are not.
    ArgumentError
        They cannot be compared, or a number cannot be.
    """
    __tracebackhide__ = True
    check_count("n", n, least=1)
    check_number("max_tv", max_tv, most=1.0)
    a, b = chain_of(actual), chain_of(expected)
    found = tokens_distance(a, b, n=n, start=start)
    if found.upper <= max_tv + 1e-12:
        return
    first, second = _names(a, b)
    where = "the mean over all starts" if start is None else f"from {start}"
    proven = found.lower > max_tv
    one_step = tokens_distance(a, b, n=1, start=start)
    raise AssertionError(
        failure(
            f"The next {n} tokens of {first} and {second} "
            + ("are farther apart than allowed" if proven else "are not proven to be near enough"),
            ("allowed", f"TV {number(max_tv)}, {where}"),
            ("found", _between(found.lower, found.upper, "sequence by sequence" if found.exact else "proven bounds")),
            ("one token", _between(one_step.lower, one_step.upper, "it grows with every token")),
            ("likely", "" if proven else "bounds are loose for so many tokens: ask for fewer, or from one start"),
        )
    )


@final
class ApproxChain:
    """What equals a chain whose every probability is within ``atol``; made by :func:`approx_chain`."""

    def __init__(self, chain: MarkovChain, atol: float) -> None:
        self.chain, self.atol = chain, atol

    def __eq__(self, other: object) -> bool:
        return isinstance(other, MarkovChain) and not self.explain(other)

    __hash__ = None  # type: ignore[assignment]  # nearly equal things have no hash

    def __repr__(self) -> str:
        return f"approx_chain({self.chain!r}, atol={self.atol:g})"

    def explain(self, other: MarkovChain) -> str:
        """How another chain differs; empty if it does not."""
        return chain_difference(other, self.chain, atol=self.atol)


def approx_chain(chain: MarkovChain | LanguageModel, atol: float = 1e-6) -> ApproxChain:
    """The right side of ``assert chain == ...``: equal if every probability is within ``atol``.

    Parameters
    ----------
    chain : MarkovChain or LanguageModel
        The expected one.
    atol : float
        Largest difference of a probability.

    Raises
    ------
    ArgumentError
        Neither a chain nor a model, or a tolerance that is none.

    Examples
    --------
    >>> import markovgpt as mg
    >>> chain = mg.chain_from_table([[0.5, 0.5], [0.9, 0.1]])
    >>> chain == approx_chain(mg.chain_from_table([[0.5, 0.5], [0.9000001, 0.0999999]]))
    True
    """
    return ApproxChain(chain_of(chain), check_number("atol", atol))


def _names(a: MarkovChain, b: MarkovChain) -> tuple[str, str]:
    first, second = a.origin.model, b.origin.model
    return (first, second) if first != second else (f"{first} (actual)", f"{second} (expected)")


def _between(lower: float, upper: float, how: str) -> str:
    return f"TV {number(upper)} ({how})" if lower == upper else f"TV {number(lower)} to {number(upper)} ({how})"


def _distances(p: Table, q: Table, metric: Metric) -> Table:
    if metric == "max":
        return np.asarray(abs(p - q).max(axis=1))
    return total_variation(p, q) if metric == "tv" else kl_divergence(q, p)
