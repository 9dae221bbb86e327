"""How does a decoding rule (temperature, top-k, top-p, min-p, greedy) change the law that tokens are drawn from?

The rules are transforms of a table of log-probabilities, in the usual order: temperature, top-k, top-p, min-p, greedy.
So a model is enumerated once, and every rule is applied to the result.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import SupportsFloat, final

import numpy as np
from numpy.typing import NDArray

from markovgpt.errors import ArgumentError

__all__ = ["Decoding", "check_is_rule"]

Table = NDArray[np.float64]


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Decoding:
    """A decoding rule; the default draws from the model's own law.

    Attributes
    ----------
    temperature : float > 0
        Log-probabilities are divided by it.
    top_k : int >= 1, optional
        Keep the k likeliest tokens; all that tie with the k-th are kept.
    top_p : float in (0, 1], optional
        Keep the likeliest tokens until their sum reaches ``top_p``; the token that crosses it is kept. Equal
        probabilities are taken lowest token first.
    min_p : float in [0, 1], optional
        Keep tokens at least ``min_p`` times as likely as the likeliest.
    greedy : bool
        All probability on the likeliest token; the lowest of several that tie.

    Examples
    --------
    >>> import numpy as np
    >>> law = np.log([[0.5, 0.3, 0.2]])
    >>> Decoding(top_k=2).apply(law)
    array([[0.625, 0.375, 0.   ]])
    >>> Decoding(greedy=True).apply(law)
    array([[1., 0., 0.]])
    >>> Decoding(temperature=0.5, top_p=0.9).describe()
    'temperature 0.5, top-p 0.9'
    """

    temperature: float = 1.0
    top_k: int | None = None
    top_p: float | None = None
    min_p: float | None = None
    greedy: bool = False

    def __post_init__(self) -> None:
        for name in ("temperature", "top_p", "min_p"):
            value = getattr(self, name)
            if isinstance(value, str | bool) or not isinstance(value, SupportsFloat | None):
                raise ArgumentError(f"{name} is a number: got {value!r}.", **{name: value})
        if not isinstance(self.greedy, bool | np.bool_):
            raise ArgumentError(f"greedy is True or False: got {self.greedy!r}.", greedy=self.greedy)
        if self.temperature is None or not (0 < self.temperature < np.inf):
            raise ArgumentError(
                f"temperature must be a number above 0: got {self.temperature}. "
                "Its limit at 0, always the likeliest token, is greedy decoding: use greedy=True (--greedy).",
                temperature=self.temperature,
            )
        k = self.top_k
        if k is not None and (isinstance(k, bool) or not isinstance(k, int | np.integer) or k < 1):
            raise ArgumentError(f"top_k must be a whole number of at least 1: got {self.top_k}.", top_k=self.top_k)
        if self.top_p is not None and not (0 < self.top_p <= 1):
            raise ArgumentError(f"top_p must be above 0 and at most 1: got {self.top_p}.", top_p=self.top_p)
        if self.min_p is not None and not (0 <= self.min_p <= 1):
            raise ArgumentError(f"min_p must be from 0 to 1: got {self.min_p}.", min_p=self.min_p)

    @property
    def is_default(self) -> bool:
        """Whether tokens are drawn from the model's own law."""
        return self == Decoding()

    def apply(self, log_probabilities: Table) -> Table:
        """Probabilities after the rule: ``(n, V) log-probabilities -> (n, V)``, every row summing to 1.

        Minus infinity is probability 0. Input rows need not be normalised: logits do as well.
        """
        with np.errstate(over="ignore"):  # a difference too large for float64 is probability 0, at any temperature
            logs = log_probabilities - log_probabilities.max(axis=1, keepdims=True)  # (n, V), likeliest 0
            if self.greedy:
                return _one_hot(logs)
            logs /= self.temperature
        if self.top_k is not None and self.top_k < logs.shape[1]:
            kth = np.partition(logs, -self.top_k, axis=1)[:, -self.top_k, None]  # (n, 1)
            logs[logs < kth] = -np.inf
        probabilities = _normalised(np.exp(logs))  # (n, V)
        if self.top_p is not None and self.top_p < 1:
            probabilities = _normalised(_nucleus(probabilities, self.top_p))
        if self.min_p:
            floor = self.min_p * probabilities.max(axis=1, keepdims=True)  # (n, 1)
            probabilities = _normalised(np.where(probabilities < floor, 0.0, probabilities))
        return probabilities

    def underflows(self, log_probabilities: Table, probabilities: Table) -> int:
        """How many tokens the rule keeps that came out of :meth:`apply` as 0: ``(n, V)`` each, the second its result.

        Their probability is positive, but below 1e-323, where float64 has only 0. Minus infinity is no such case.

        >>> law = np.array([[0.0, -1.0, -np.inf], [0.0, -2.0, -3.0]])
        >>> cold = Decoding(temperature=1e-3)
        >>> cold.apply(law).tolist(), cold.underflows(law, cold.apply(law))
        ([[1.0, 0.0, 0.0], [1.0, 0.0, 0.0]], 3)
        """
        if self.greedy or (self.top_p is not None and self.top_p < 1):
            return 0  # what is so rare is not kept
        V = log_probabilities.shape[1]
        k = V if self.top_k is None else min(self.top_k, V)
        short = np.count_nonzero(probabilities, axis=1) < k  # (n,) rows that may lack some: mostly none
        logs = log_probabilities[short]  # (m, V)
        lost = (probabilities[short] == 0) & (logs > -np.inf)
        if k < V:
            lost &= logs >= np.partition(logs, -k, axis=1)[:, -k, None]
        if self.min_p:
            with np.errstate(over="ignore"):
                ratios = (logs - logs.max(axis=1, keepdims=True)) / self.temperature  # logarithms, likeliest 0
            lost &= ratios >= np.log(self.min_p)
        return int(lost.sum())

    def describe(self) -> str:
        """The rule in words; ``'none'`` for the default."""
        if self.greedy:
            return "greedy"
        changed = (
            f"{option.name.replace('_', '-')} {getattr(self, option.name):g}"
            for option in fields(self)
            if getattr(self, option.name) != option.default
        )
        return ", ".join(changed) or "none"


def check_is_rule(thing: object) -> None:
    """Refuse what is no decoding rule.

    Raises
    ------
    ArgumentError
        Says how one is written.
    """
    if not isinstance(thing, Decoding):
        raise ArgumentError(f"A decoding rule is written Decoding(temperature=0.5, top_k=3): got {thing!r}.")


def _normalised(weights: Table) -> Table:
    weights /= weights.sum(axis=1, keepdims=True)
    return weights


def _one_hot(logs: Table) -> Table:
    result = np.zeros_like(logs)
    result[np.arange(len(logs)), logs.argmax(axis=1)] = 1.0  # argmax takes the lowest of equals
    return result


def _nucleus(probabilities: Table, top_p: float) -> Table:
    order = np.argsort(-probabilities, axis=1, kind="stable")  # (n, V), likeliest first, ties by token
    ranked = np.take_along_axis(probabilities, order, axis=1)  # (n, V)
    before = np.zeros_like(ranked)  # (n, V), what stands before each token
    np.cumsum(ranked[:, :-1], axis=1, out=before[:, 1:])
    kept = np.where(before < top_p, ranked, 0.0)
    result = np.empty_like(probabilities)
    np.put_along_axis(result, order, kept, axis=1)
    return result
