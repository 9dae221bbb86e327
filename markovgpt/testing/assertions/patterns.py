"""Does the text of a chain get somewhere, and never somewhere else? Exact, over any horizon."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from markovgpt.chain import MarkovChain
from markovgpt.model import LanguageModel
from markovgpt.testing.assertions.subjects import chain_of, check_count, check_number, rule_of
from markovgpt.testing.automata import Pattern, Patterns, patterns_of
from markovgpt.testing.messages import failure, number
from markovgpt.testing.patterns import first_occurrence, probability_of

__all__ = ["assert_never", "assert_reaches"]

State = int | str | Sequence[int]

_TOLERANCE = 1e-9  # of a probability that is asked for


def assert_reaches(
    chain: MarkovChain | LanguageModel,
    start: State,
    target: Pattern | Sequence[Pattern],
    *,
    within: int | None = None,
    probability: float = 1.0,
    **decoding: Any,
) -> None:
    """From ``start``, the text contains ``target`` with at least this probability.

    Nothing is sampled. The target must end in a drawn token: what stands in the start alone does not count, what begins
    there does.

    Parameters
    ----------
    chain : MarkovChain or LanguageModel
        Of a model the chain of all contexts is built.
    start : state
        Its index, its label or its tokens.
    target : text or tokens, or several of them
        Of any length; K tokens are a state. Of several, any one counts.
    within : int, at least 1, optional
        Tokens drawn; no limit by default.
    probability : float, 0 to 1
        ``proven lower bound >= probability - 1e-9`` passes.
    **decoding
        ``temperature=``, ``top_k=``, ``top_p=``, ``min_p=``.

    Raises
    ------
    AssertionError
        It does not, or that is not proven.
    ArgumentError
        No such state or token, or a number that cannot be.

    Examples
    --------
    >>> import markovgpt as mg
    >>> coin = mg.chain_from_table([[0.5, 0.5], [0.5, 0.5]])
    >>> assert_reaches(coin, "0", "11")
    >>> assert_reaches(coin, "0", "11", within=3, probability=0.4)
    Traceback (most recent call last):
    AssertionError: From 0, table does not get to 11 often enough
      asked      probability at least 0.4 within 3 tokens
      found      0.375 (exact chain, nothing sampled)
      shortest   2 tokens: 11, probability 0.25
    """
    __tracebackhide__ = True
    check_number("probability", probability, most=1.0)
    limit = None if within is None else check_count("within", within, least=1)
    own = chain_of(chain, rule_of(decoding))
    state, patterns = own.state(start), patterns_of(own, target)
    found = probability_of(own, patterns, state, within=limit)
    if found.lower >= probability - _TOLERANCE:
        return
    proven = found.upper < probability - _TOLERANCE
    shown = (
        number((found.lower + found.upper) / 2)
        if found.upper - found.lower < 1e-6 * max(found.upper, 1e-300)
        else f"between {number(found.lower)} and {number(found.upper)} (proven)"
    )
    way = first_occurrence(own, patterns, np.array([state]))
    raise AssertionError(
        failure(
            f"From {own.label(state)}, {own.origin.model} "
            + ("does not get" if proven else "is not proven to get")
            + f" to {_names(own, patterns)} often enough",
            (
                "asked",
                f"probability at least {number(probability)}" + ("" if limit is None else f" within {limit} tokens"),
            ),
            ("found", f"{shown} (exact chain, nothing sampled)"),
            (
                "shortest",
                "there is no way: every text excludes it by a probability of 0"
                if way is None
                else f"{len(way.tokens)} tokens: {own.vocabulary.label(way.tokens)}, probability "
                f"{number(way.probability)}",
            ),
        )
    )


def assert_never(
    chain: MarkovChain | LanguageModel,
    pattern: Pattern | Sequence[Pattern],
    start: State | None = None,
    *,
    within: int | None = None,
    **decoding: Any,
) -> None:
    """The text never contains the pattern: its probability is 0, over an infinite horizon.

    Decided by exact zeros, never by a tolerance. The pattern must end in a drawn token.

    Parameters
    ----------
    chain : MarkovChain or LanguageModel
        Of a model the chain of all contexts is built.
    pattern : text or tokens, or several of them
        Of any length; of several, none may occur.
    start : state, optional
        Every state by default.
    within : int, at least 1, optional
        Tokens drawn; no limit by default.
    **decoding
        ``temperature=``, ``top_k=``, ``top_p=``, ``min_p=``.

    Raises
    ------
    AssertionError
        Shows a shortest text with the pattern, and how probable the pattern is from there.
    ArgumentError
        No such state or token.

    Examples
    --------
    >>> import markovgpt as mg
    >>> golden_mean = mg.chain_from_table([[0.5, 0.5], [1, 0]])
    >>> assert_never(golden_mean, "11")
    >>> assert_never(golden_mean, "1001", start="1")
    Traceback (most recent call last):
    AssertionError: table can write 1001
      shortest   from 1: 001, probability 0.25
      ever       probability 1 from there (exact chain, nothing sampled)
    """
    __tracebackhide__ = True
    limit = None if within is None else check_count("within", within, least=1)
    own = chain_of(chain, rule_of(decoding))
    patterns = patterns_of(own, pattern)
    starts = np.arange(own.n_states) if start is None else np.array([own.state(start)])
    way = first_occurrence(own, patterns, starts, within=limit)
    if way is None:
        return
    text = own.states.context(way.start) + way.tokens
    written = next(pattern for pattern in patterns.texts if text[-len(pattern) :] == pattern)
    found = probability_of(own, patterns, way.start, within=limit)
    rare = " Zero means impossible here: for rare, use assert_reaches." if way.probability < 1e-12 else ""
    raise AssertionError(
        failure(
            f"{own.origin.model} can write {own.vocabulary.label(written)}",
            (
                "shortest",
                f"from {own.label(way.start)}: {own.vocabulary.label(way.tokens)}, probability "
                f"{number(way.probability)}{rare}",
            ),
            (
                "ever" if limit is None else f"in {limit}",
                f"probability {number((found.lower + found.upper) / 2)} from there (exact chain, nothing sampled)",
            ),
        )
    )


def _names(chain: MarkovChain, patterns: Patterns) -> str:
    return " or ".join(chain.vocabulary.label(text) for text in patterns.texts)
