"""What does a sample say about a chain?"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import NDArray

from markovgpt.testing.samples.draws import Outside
from markovgpt.testing.samples.ranks import RankTest

__all__ = ["Likely", "SampleVerdict"]

Integers = NDArray[np.int64]
Table = NDArray[np.float64]

_MOST_NAMES = 3  # of mistakes with the same law


@final
@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Likely:
    """What explains a sample that was rejected.

    Attributes
    ----------
    rule : str
        What is wrong.
    distance : float, or None
        Mean total variation between the law of that mistake and the draws that it is about; None where no law is
        claimed, only where the mistake must be.
    chance : float, or None
        What right draws from that law, as many, would have on average.
    also : tuple of str
        Other mistakes that have the same law here.
    """

    rule: str
    distance: float | None = None
    chance: float | None = None
    also: tuple[str, ...] = ()

    def describe(self) -> str:
        """In words: what is wrong, and how far that law is from the draws.

        >>> Likely(rule="top_k is ignored", distance=0.0071, chance=0.0072, also=("it is off by one",)).describe()
        'top_k is ignored; or it is off by one (that law is at mean TV 0.0071, by chance 0.0072)'
        """
        shown = [self.rule, *self.also[: _MOST_NAMES - 1]]
        more = len(self.also) + 1 - len(shown)
        said = "; or ".join(shown) + (f"; or one of {more} more with the same law here" if more else "")
        if self.distance is None or self.chance is None:
            return said
        return f"{said} (that law is at mean TV {self.distance:.2g}, by chance {self.chance:.2g})"


@final
@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class SampleVerdict:
    """What a sample says about a chain. m states were drawn from.

    Attributes
    ----------
    name : str
        Of the model.
    options : str
        The decoding rule in words, "none" for the model's own law.
    n_states : int, or None
        States of the chain; None where only those visited were asked of the model.
    vocab_size : int
        V.
    alpha : float
        Probability of a rejection anywhere although all laws are right: at most this.
    labels : tuple of m str
        The states.
    draws : (m,) int64
        Tokens drawn after each.
    statistics, adjusted : (m,) float64
        G of each state, and its p-value after Holm; 0 where a token of probability 0 was drawn.
    distances : (m,) float64
        Total variation between the counts of each state and its law.
    tokens : tuple of m str
        In each state the token that adds most to G.
    exact : (m,) float64
        Its probability.
    sampled : (m,) int64
        How often it was drawn.
    evidence : (m,) float64
        What it adds to G.
    smallest : (m,) float64
        The row distance that would have been seen in each state, with a probability of at least 99%; above 1: none.
    ranks : RankTest, or None
        Over all states together, the rank behind which tokens are drawn too rarely or too often; None if they are not.
    outside : tuple of Outside
        Drawn numbers that are no tokens.
    likely : Likely, or None
        The known mistake that explains the sample; None if it is not rejected, or none does.
    facts : tuple of (name, text)
        What else was seen of a sample that is rejected, as lines of its message: at which step it goes wrong.
    """

    name: str
    options: str
    n_states: int | None
    vocab_size: int
    alpha: float
    labels: tuple[str, ...]
    draws: Integers
    statistics: Table
    adjusted: Table
    distances: Table
    tokens: tuple[str, ...]
    exact: Table
    sampled: Integers
    evidence: Table
    smallest: Table
    ranks: RankTest | None
    outside: tuple[Outside, ...]
    likely: Likely | None
    facts: tuple[tuple[str, str], ...] = ()

    @property
    def ok(self) -> bool:
        """Whether no state is rejected, nor the ranks over all states, and every number is a token."""
        return not self.outside and self.ranks is None and not len(self.rejected)

    @property
    def rejected(self) -> Integers:
        """Places of the rejected states, ``(r,)``, impossible draws first, then by contribution to G."""
        places = np.flatnonzero(self.adjusted <= self.alpha)
        order = np.lexsort((-self.evidence[places], ~np.isinf(self.statistics[places])))
        return places[order]

    @property
    def n_draws(self) -> int:
        """Tokens drawn, those that are none included."""
        return int(self.draws.sum()) + len(self.outside)

    @property
    def resolution(self) -> float:
        """The smallest row distance (total variation) that the sample could have shown: in the best visited state.

        A wrong row at that distance is found with a probability of at least 99%, whatever the wrong law is. Mostly
        much smaller distances are found as well.
        """
        return float(self.smallest.min(initial=math.inf))

    @property
    def mean_distance(self) -> float:
        """Mean total variation between counts and laws, over all draws."""
        total = int(self.draws.sum())
        return float(self.distances @ self.draws / total) if total else math.nan

    def message(self, *, sampler: str = "", seed: int | None = None, reproduce: str = "") -> str:
        """The verdict in words.

        Parameters
        ----------
        sampler : str
            What drew the tokens; "the sample" by default.
        seed : int, optional
            It was called with.
        reproduce : str
            What shows the same again.
        """
        from markovgpt.testing.samples.message import sample_message

        return sample_message(self, sampler=sampler, seed=seed, reproduce=reproduce)

    def __str__(self) -> str:
        return self.message()
