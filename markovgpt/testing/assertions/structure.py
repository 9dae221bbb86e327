"""How does the chain hang together, and where does it stay? Decided by exact zeros, never by a tolerance."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from markovgpt.analysis import (
    CommunicatingClass,
    absorption_probabilities,
    communicating_classes,
    stationary_distributions,
)
from markovgpt.chain import MarkovChain
from markovgpt.errors import ArgumentError
from markovgpt.model import LanguageModel
from markovgpt.testing.assertions.subjects import chain_of, check_count, check_number, rule_of
from markovgpt.testing.messages import failure, number, some

__all__ = ["assert_aperiodic", "assert_irreducible", "assert_no_trap", "assert_stationary"]

_TEXT = 24  # tokens of a loop that are shown


def assert_irreducible(chain: MarkovChain | LanguageModel, **decoding: Any) -> None:
    """Every state can reach every other: there is one communicating class.

    Parameters
    ----------
    chain : MarkovChain or LanguageModel
        Of a model the chain of all contexts is built.
    **decoding
        ``temperature=``, ``top_k=``, ``top_p=``, ``min_p=``.

    Raises
    ------
    AssertionError
        Names two states, the second out of reach of the first.
    """
    __tracebackhide__ = True
    own = chain_of(chain, rule_of(decoding))
    classes = communicating_classes(own)
    if len(classes) == 1:
        return
    recurrent = classes.recurrent_classes
    inside = int(recurrent[0].states[0])
    outside = int(np.flatnonzero(classes.class_of != classes.class_of[inside])[0])
    raise AssertionError(
        failure(
            f"The chain of {own.origin.model} is not irreducible",
            (
                "classes",
                f"{len(classes):,} communicating classes, {len(recurrent):,} of them recurrent; "
                f"{classes.n_transient_states:,} of {own.n_states:,} states are left for good",
            ),
            ("recurrent", "; ".join(_described(own, c) for c in recurrent[:3]) + ("; ..." if recurrent[3:] else "")),
            ("no way", f"from {own.label(inside)} to {own.label(outside)}"),
            ("likely", _why_zeros(own)),
        )
    )


def assert_aperiodic(chain: MarkovChain | LanguageModel, **decoding: Any) -> None:
    """Every recurrent class has period 1: the law of the state converges.

    Arguments as for :func:`assert_irreducible`.

    Raises
    ------
    AssertionError
        Names a class with a period, and the states of its phases.
    """
    __tracebackhide__ = True
    own = chain_of(chain, rule_of(decoding))
    periodic = [c for c in communicating_classes(own).recurrent_classes if c.period != 1]
    if not periodic:
        return
    worst = max(periodic, key=lambda c: c.period)
    phases = " -> ".join("{" + some(map(own.label, states.tolist())) + "}" for states in worst.cyclic_classes[:6])
    raise AssertionError(
        failure(
            f"The chain of {own.origin.model} is not aperiodic",
            ("classes", f"{len(periodic):,} recurrent classes have a period above 1"),
            ("worst", f"period {worst.period}: {_described(own, worst)}"),
            ("phases", phases + (" -> ..." if worst.period > 6 else "")),
            ("likely", _why_zeros(own)),
        )
    )


def assert_no_trap(chain: MarkovChain | LanguageModel, max_class_size: int | None = None, **decoding: Any) -> None:
    """The chain never falls into a text that repeats for ever.

    Such a loop is a closed class whose states leave no choice. With ``max_class_size`` every closed class of at most so
    many states is a trap as well, whether or not its states leave a choice.

    Arguments as for :func:`assert_irreducible`.

    Raises
    ------
    AssertionError
        Shows the loops, and how likely each is where the chain ends: proven bounds, all states being equally likely
        starts.
    """
    __tracebackhide__ = True
    own = chain_of(chain, rule_of(decoding))
    size = 0 if max_class_size is None else check_count("max_class_size", max_class_size, least=1)
    recurrent = communicating_classes(own).recurrent_classes
    traps = [
        i
        for i, c in enumerate(recurrent)
        if len(c.states) <= size or (own.probabilities[c.states] > 0).sum(axis=1).max() == 1
    ]
    if not traps:
        return
    ends = absorption_probabilities(own, "uniform")
    traps.sort(key=lambda i: -float(ends.probabilities[i]))
    total = float(ends.probabilities[traps].sum())
    lines = [
        f"  {number(float(ends.probabilities[i])):>10} {_described(own, recurrent[i])}; "
        f"text {_loop_text(own, recurrent[i])}"
        for i in traps[:8]
    ]
    if len(traps) > len(lines):
        lines.append(f"  ... and {len(traps) - len(lines)} more")
    raise AssertionError(
        failure(
            f"The chain of {own.origin.model} has traps",
            ("traps", f"{len(traps):,} of {len(recurrent):,} closed classes"),
            (
                "reached",
                f"with probability {number(min(total, 1.0))} from a uniform start (proven to {ends.error_bound:.1g})",
            ),
            "\n".join(lines),
            ("likely", _why_zeros(own)),
        )
    )


def assert_stationary(
    chain: MarkovChain | LanguageModel, pi: ArrayLike, *, atol: float = 1e-6, **decoding: Any
) -> None:
    """``pi`` is a stationary distribution: its total variation from one is at most ``atol``.

    Compared with stationary distributions whose error is proven, each recurrent class weighted as in ``pi``: a small
    residual ``pi P - pi`` proves nothing. Where the error that is proven leaves the answer open, it fails and says so.

    Parameters
    ----------
    chain : MarkovChain or LanguageModel
        n states.
    pi : (n,) probabilities
        Over all states.
    atol : float
        ``TV + proven error <= atol`` passes.
    **decoding
        As for :func:`assert_irreducible`.

    Raises
    ------
    AssertionError
        It is not, or that is not proven.
    ArgumentError
        ``pi`` is no vector of n numbers.

    Examples
    --------
    >>> import markovgpt as mg
    >>> assert_stationary(mg.chain_from_table([[0.9, 0.1], [0.3, 0.7]]), [0.75, 0.25])
    """
    __tracebackhide__ = True
    check_number("atol", atol)
    own = chain_of(chain, rule_of(decoding))
    title = f"This is not a stationary distribution of the chain of {own.origin.model}"
    try:
        given = np.asarray(pi, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ArgumentError(f"pi is a vector of probabilities: {error}.") from error
    if given.shape != (own.n_states,):
        raise ArgumentError(f"pi is a vector over {own.n_states} states: got shape {given.shape}.")
    total = float(given.sum())
    if not ((given >= -atol).all() and abs(total - 1) <= max(atol, 1e-12) * own.n_states):
        low = int(np.argmin(np.where(np.isnan(given), -np.inf, given)))
        raise AssertionError(
            failure(title, ("no law", f"sum {total:.9g}, smallest entry {given[low]:.6g} at {own.label(low)}"))
        )
    laws = stationary_distributions(own)
    exact, proven = np.zeros(own.n_states), 0.0
    weights = [float(given[law.states].sum()) for law in laws]
    for law, weight in zip(laws, weights, strict=True):
        exact += weight / sum(weights) * law.probabilities if sum(weights) > 0 else law.probabilities / len(laws)
        proven += law.error_bound / 2 * (weight / sum(weights) if sum(weights) > 0 else 1 / len(laws))
    distance = float(abs(given - exact).sum()) / 2
    if distance + proven <= atol:
        return
    open_ = distance <= atol + proven
    residual = float(abs(own.push(given) - given).sum())
    order = np.argsort(-abs(given - exact), kind="stable")[:5].tolist()
    width = max(9, *(len(own.label(s)) for s in order))
    rows = [f"  {'state':<{width}} {'given':>12} {'stationary':>12} {'diff':>12}"]
    rows += [
        f"  {own.label(s):<{width}} {given[s]:>12.6g} {exact[s]:>12.6g} {given[s] - exact[s]:>12.6g}" for s in order
    ]
    raise AssertionError(
        failure(
            f"It is not proven that this is a stationary distribution of {own.origin.model}" if open_ else title,
            ("distance", f"TV {number(distance)}, allowed {atol:g}; the stationary law is proven to TV {proven:.2g}"),
            ("residual", f"|pi P - pi| = {number(residual)}: what one step changes"),
            "\n".join(rows),
            ("likely", "" if open_ else _why_not_stationary(own, given, atol)),
        )
    )


def _why_not_stationary(chain: MarkovChain, given: NDArray[np.float64], atol: float) -> str:
    n = len(given)
    if abs(given - 1 / n).max() <= 1e-9:
        return "uniform: an eigenvector of P from the right (all ones), not from the left; take that of P transposed"
    classes = communicating_classes(chain)
    transient = ~classes.recurrent[classes.class_of]
    if given[transient].sum() > atol:
        return f"{number(float(given[transient].sum()))} of it lies on states that are left for good: too few steps"
    last = max(law.period for law in classes.recurrent_classes)
    if last > 1:
        return f"the chain has period {last}: powers of it go round and do not converge"
    return "too few steps, or an iteration that stopped when one step changed little"


def _described(chain: MarkovChain, c: CommunicatingClass) -> str:
    n = len(c.states)
    return f"{n:,} state{'s' if n > 1 else ''} ({some(map(chain.label, c.states[:5].tolist()))})"


def _loop_text(chain: MarkovChain, c: CommunicatingClass) -> str:
    """What a closed class writes, from its lowest state, the likeliest token each time."""
    state, tokens = int(c.states[0]), []
    for _ in range(min(_TEXT, 2 * len(c.states) + 2)):
        token = int(chain.probabilities[state].argmax())
        tokens.append(token)
        state = int(chain.states.successors(np.array([state]))[0, token])
    return chain.vocabulary.label(tokens) + " ..."


def _why_zeros(chain: MarkovChain) -> str:
    """Where the zeros come from that cut the chain."""
    if not chain.origin.decoding.is_default:
        return f"the decoding rule ({chain.origin.decoding.describe()}) leaves too few tokens"
    if chain.origin.n_underflows:
        return f"{chain.origin.n_underflows} probabilities are 0 only because they underflow float64"
    if chain.states.lengths == "all":
        return "contexts shorter than K are always left for good: build the chain with lengths='full'"
    zeros = int((chain.probabilities == 0).sum())
    return f"{zeros:,} of {chain.probabilities.size:,} probabilities are exactly 0"
