"""Are tokens that stand in the text already drawn too rarely, or too often: a repetition penalty?"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar

from markovgpt.decoding import Decoding
from markovgpt.testing.causes.evidence import Evidence
from markovgpt.testing.causes.predictions import Prediction

__all__ = ["penalties", "penalty_of_greedy"]

Integers = NDArray[np.int64]
Table = NDArray[np.float64]
Penalized = Callable[[Table, Integers, float], Table]
"""From logits ``(g, V)``, how often each token stands in the text ``(g, V)``, and a strength, to logits."""

_CELLS = 2**19
_FEWEST = 64  # draws
_SIGMAS = 5.0
_STRENGTHS = np.geomspace(0.02, 8.0, 14)
_GREEDY = np.geomspace(0.02, 8.0, 60)
_STEPS = 12  # of the search between two strengths
_CLEAR = 3.0  # nats by which one kind, or strength, is better than another one
_OTHER = 1e-3  # of a probability
_FACTOR = 1.5  # by which a strength is another one
_MOST_DRAWS = 2**15


class _Kind(NamedTuple):
    """A way to treat tokens that are in the text already, and how it reads as a penalty."""

    apply: Penalized
    less: str
    how_much: str


_KINDS = (
    _Kind(
        lambda logits, seen, x: logits - x * (seen > 0),
        "a presence penalty",
        "as if {x:.2g} were taken off their logits",
    ),
    _Kind(
        lambda logits, seen, x: logits - x * seen,
        "a frequency penalty",
        "as if {x:.2g} were taken off their logits for each time that they are there",
    ),
    _Kind(
        lambda logits, seen, x: np.where(
            seen > 0, np.where(logits > 0, logits * np.exp(-x), logits * np.exp(x)), logits
        ),
        "a repetition penalty",
        "as if their logits were divided by {factor:.2g}, or multiplied where they are negative",
    ),
)


class _Fit(NamedTuple):
    """A kind of penalty at its best strength, and what it loses there: the negative log-likelihood, nats."""

    kind: _Kind
    strength: float
    loss: float
    sharp: bool


def penalties(evidence: Evidence) -> Iterator[Prediction]:
    """What a penalty would have drawn from, if tokens of the text are drawn too rarely, or a bonus if too often.

    All of the text counts, the prompt and what was drawn. The strength is found by likelihood, and so is the kind.
    """
    draws = _penalized_of(evidence)
    sign = draws.direction()
    if not sign:
        return
    fits = sorted((_fitted(kind, partial(draws.loss, kind, sign)) for kind in _KINDS), key=lambda fit: fit.loss)
    best = fits[0]
    clear = fits[1].loss - best.loss > _CLEAR
    named = best.kind.less if clear else "a penalty"
    often = "too rarely" if sign > 0 else "too often"
    said = (
        f"{named if sign > 0 else 'a penalty that is a bonus'}: tokens that are in the text already are drawn {often}"
    )
    if clear and best.sharp:
        said += ", " + best.kind.how_much.format(x=sign * best.strength, factor=np.exp(sign * best.strength))
    yield from _penalized(said, best.kind, sign * best.strength, evidence)


def _penalized(said: str, kind: _Kind, strength: float, evidence: Evidence) -> Iterator[Prediction]:
    draws = _penalized_of(evidence)
    if draws is not None:
        again = partial(_penalized, said, kind, strength)
        laws = draws.law(kind, strength)
        yield Prediction(rule=said, evidence=draws.evidence, groups=draws.groups, laws=laws, elsewhere=again, fitted=1)


class _Draws(NamedTuple):
    """Draws with what stands in the text before each; g different pairs of a state and of how often each token does.

    Attributes
    ----------
    evidence : Evidence
    groups : (d,) int64
        Which pair each draw has.
    logits : (g, V)
    seen : (g, V) int64
    """

    evidence: Evidence
    groups: Integers
    logits: Table
    seen: Integers

    def law(self, kind: _Kind, strength: float) -> Table:
        """What is drawn from under a penalty, ``(g, V)``."""
        return self.evidence.rule.apply(kind.apply(self.logits, self.seen, strength))

    def loss(self, kind: _Kind, sign: int, strength: float) -> float:
        """Negative logarithm of the likelihood."""
        own = self.law(kind, sign * strength)[self.groups, self.evidence.tokens]
        return -float(np.log(np.maximum(own, 1e-300)).sum())

    def direction(self) -> int:
        """1 if tokens of the text are drawn too rarely over all draws, -1 if too often, 0 if neither is sure."""
        evidence, seen = self.evidence, self.seen[self.groups] > 0  # (d, V)
        share = (evidence.laws[evidence.places] * seen).sum(axis=1)  # (d,)
        excess = float(seen[np.arange(len(seen)), evidence.tokens].sum() - share.sum())
        if abs(excess) <= _SIGMAS * np.sqrt(float((share * (1 - share)).clip(min=0).sum()) + 1):
            return 0
        return -1 if excess > 0 else 1


def _penalized_of(evidence: Evidence) -> _Draws:
    some = evidence.thinned(max(_FEWEST, min(_MOST_DRAWS, _CELLS // evidence.vocab_size)))
    logits, logs = some.logits_after(some.contexts), some.reference.logs(some.contexts)
    if logits is None or abs(Decoding().apply(logits) - Decoding().apply(logs)).max() > _OTHER:
        logits = logs  # it does not say twice the same, which other checks are about
    seen, groups, places = _seen(some)
    return _Draws(some, groups, logits[places], seen)


def _seen(evidence: Evidence) -> tuple[Integers, Integers, Integers]:
    """How often each token stands in the text before draws: different counts, which each draw has, and its state."""
    V, length = evidence.vocab_size, evidence.prompt_length
    seen = np.zeros((len(evidence), V), dtype=np.int64)
    for step in np.unique(evidence.steps).tolist():
        here = np.flatnonzero(evidence.steps == step)
        text = evidence.sequences[evidence.rows[here], : length + step]
        for column in text.T:
            seen[here, column] += 1
    keys = np.column_stack([evidence.places, seen])
    different, groups = np.unique(keys, axis=0, return_inverse=True)
    return different[:, 1:], groups.ravel(), different[:, 0]


def _fitted(kind: _Kind, loss: Callable[[float], float]) -> _Fit:
    """The strength of least loss: from a grid, then between its neighbours."""
    losses = [loss(float(x)) for x in _STRENGTHS]
    at = int(np.argmin(losses))
    low, high = _STRENGTHS[max(at - 1, 0)], _STRENGTHS[min(at + 1, len(_STRENGTHS) - 1)]
    found = minimize_scalar(loss, bounds=(float(low), float(high)), method="bounded", options={"maxiter": _STEPS})
    best, least = (float(found.x), float(found.fun)) if found.fun <= losses[at] else (float(_STRENGTHS[at]), losses[at])
    sharp = min(loss(best / _FACTOR), loss(best * _FACTOR)) - least > _CLEAR
    return _Fit(kind, best, least, sharp)


def penalty_of_greedy(evidence: Evidence) -> str:
    """A penalty under which the likeliest token is what was taken, every time; empty if there is none."""
    draws = _penalized_of(evidence)
    explained = [kind.less for kind in _KINDS if _taken(draws, kind)]
    if not explained:
        return ""
    named = explained[0] if len(explained) == 1 else "a penalty"
    return f"{named}: with it, on tokens that are in the text already, every token that was taken is the likeliest"


def _taken(draws: _Draws, kind: _Kind) -> bool:
    """Whether some strength makes every token that was taken the likeliest: the best of a grid, and those around it."""
    rows = draws.groups, draws.evidence.tokens

    def share(strength: float) -> float:
        return float((draws.law(kind, strength)[rows] > 0).mean())

    best = int(np.argmax([share(float(x)) for x in _GREEDY]))
    around = np.linspace(_GREEDY[max(best - 1, 0)], _GREEDY[min(best + 1, len(_GREEDY) - 1)], len(_GREEDY))
    return any(share(float(x)) == 1 for x in around)
