"""Which mistakes do samplers make, and which law would each of them draw from?"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from markovgpt.decoding import Decoding

__all__ = ["Rule", "wrong_rules"]

Table = NDArray[np.float64]

Rule = Callable[[Table], Table]
"""From logarithms of the model's own probabilities, ``(m, V)``, to the law that tokens are drawn from, ``(m, V)``."""

_MOST_K = 200
_TEMPERATURES = (0.5, 0.6, 0.7, 0.8, 0.9, 1.1, 1.2, 1.5, 2.0)
_TOP_PS = (0.5, 0.8, 0.9, 0.92, 0.95, 0.98, 0.99)
_MIN_PS = (0.01, 0.02, 0.05, 0.1)


def wrong_rules(decoding: Decoding, vocab_size: int) -> Mapping[str, Rule]:
    """Known wrong ways to draw where ``decoding`` was asked for, by what is wrong.

    >>> list(wrong_rules(Decoding(greedy=True), 3))[:2]
    ['tokens are drawn at random, not the likeliest taken', 'every token is equally likely']
    """
    V, T, k, p = vocab_size, decoding.temperature, decoding.top_k, decoding.top_p
    other = partial(replace, decoding)
    rules: dict[str, Decoding | Rule] = {}
    if decoding.greedy:
        rules["tokens are drawn at random, not the likeliest taken"] = other(greedy=False)
    else:
        rules["the likeliest token is always taken (greedy)"] = Decoding(greedy=True)
        if sum((T != 1, k is not None, p is not None, bool(decoding.min_p))) > 1:
            rules["no decoding rule is applied at all"] = Decoding()
        if T != 1:
            rules["the temperature is ignored"] = other(temperature=1.0)
            rules["the temperature is applied twice"] = other(temperature=T * T)
            rules["logits are multiplied by the temperature, not divided"] = other(temperature=1 / T)
        else:
            rules |= {f"a default temperature={t:g} is applied": other(temperature=t) for t in _TEMPERATURES}
        if k is not None:
            rules["top_k is ignored"] = other(top_k=None)
            if k > 1:
                rules["top_k is off by one: k - 1 tokens are kept"] = other(top_k=k - 1)
            rules["top_k is off by one: k + 1 tokens are kept"] = other(top_k=k + 1)
            rules["ties at the top_k cut are broken: the lowest tokens are kept"] = partial(_ties_cut, decoding, 1)
            rules["ties at the top_k cut are broken: the highest tokens are kept"] = partial(_ties_cut, decoding, -1)
        else:
            rules |= {f"a default top_k={j} is applied": other(top_k=j) for j in range(2, min(V, _MOST_K + 1))}
        if p is not None:
            rules["top_p is ignored"] = other(top_p=None)
            rules["top_p drops the token that crosses it"] = partial(_crossing_dropped, decoding)
            rules["top_p sums tokens in the order of the vocabulary, not the likeliest first"] = partial(
                _unsorted, decoding
            )
            if T != 1:
                rules["the temperature is applied after top_p"] = partial(_temperature_last, decoding)
            if k is not None:
                rules["top_p is applied before top_k"] = partial(_top_p_first, decoding)
        else:
            rules |= {f"a default top_p={q:g} is applied": other(top_p=q) for q in _TOP_PS}
        if decoding.min_p:
            rules["min_p is ignored"] = other(min_p=None)
        else:
            rules |= {f"a default min_p={q:g} is applied": other(min_p=q) for q in _MIN_PS}
        rules["the softmax is applied twice"] = partial(_softmax_twice, decoding)
    rules["every token is equally likely"] = _uniform
    return {name: rule.apply if isinstance(rule, Decoding) else rule for name, rule in rules.items()}


def _uniform(logs: Table) -> Table:
    return np.full(logs.shape, 1 / logs.shape[1])


def _softmax_twice(decoding: Decoding, logs: Table) -> Table:
    return decoding.apply(Decoding().apply(logs))


def _ties_cut(decoding: Decoding, first: int, logs: Table) -> Table:
    """Exactly k tokens are kept; of those that tie, the lowest (``first=1``) or the highest (``first=-1``)."""
    order = np.argsort(-logs[:, ::first], axis=1, kind="stable")  # (m, V)
    kept = np.full_like(logs, -np.inf)[:, ::first]
    best = order[:, : decoding.top_k]
    np.put_along_axis(kept, best, np.take_along_axis(logs[:, ::first], best, axis=1), axis=1)
    return replace(decoding, top_k=None).apply(kept[:, ::first])


def _crossing_dropped(decoding: Decoding, logs: Table) -> Table:
    """Tokens are kept while their sum, themselves included, is at most top_p; the likeliest always."""
    law = replace(decoding, top_p=None, min_p=None).apply(logs)  # (m, V)
    order = np.argsort(-law, axis=1, kind="stable")
    ranked = np.take_along_axis(law, order, axis=1)
    inside = np.cumsum(ranked, axis=1) <= (decoding.top_p or 1.0)
    inside[:, 0] = True
    kept = np.zeros_like(law)
    np.put_along_axis(kept, order, np.where(inside, ranked, 0.0), axis=1)
    return Decoding(min_p=decoding.min_p).apply(_log(kept))


def _unsorted(decoding: Decoding, logs: Table) -> Table:
    """Tokens are kept while the sum of those before them, by number, is below top_p."""
    law = replace(decoding, top_p=None, min_p=None).apply(logs)  # (m, V)
    kept = np.where(np.cumsum(law, axis=1) - law < (decoding.top_p or 1.0), law, 0.0)
    return Decoding(min_p=decoding.min_p).apply(_log(kept))


def _temperature_last(decoding: Decoding, logs: Table) -> Table:
    return Decoding(temperature=decoding.temperature).apply(_log(replace(decoding, temperature=1.0).apply(logs)))


def _top_p_first(decoding: Decoding, logs: Table) -> Table:
    first = Decoding(temperature=decoding.temperature, top_p=decoding.top_p).apply(logs)
    return Decoding(top_k=decoding.top_k, min_p=decoding.min_p).apply(_log(first))


def _log(law: Table) -> Table:
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(law))
