"""What does a model do after contexts that its data never showed: which simpler law is it nearest to?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import NDArray

from markovgpt.analysis import StationaryDistribution
from markovgpt.analysis.stationary import check_stationary
from markovgpt.chain import MarkovChain, check_is_chain
from markovgpt.comparison.candidates import Candidates
from markovgpt.comparison.laws import blocks_of_rows, check_same_tokens, laws_of
from markovgpt.comparison.rows import jensen_shannon, total_variation
from markovgpt.errors import DataError
from markovgpt.model import Progress
from markovgpt.ngrams import NgramCounts

__all__ = ["UnseenCandidate", "UnseenComparison", "unseen_states"]

Floats = NDArray[np.float64]


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class UnseenCandidate:
    """How well one simpler law explains the rows of contexts that were never seen.

    Attributes
    ----------
    name : str
        "uniform", "unigram", "last 1" to "last K - 1" (tokens of the context), "back-off" (to the most last tokens that
        were seen), or "nearest" (the seen contexts with fewest other tokens).
    n_defined : int
        Unseen contexts for which it has a law, at least 1; the means are over these.
    total_variation, jensen_shannon : float, the second in bits
        Mean distance between its law and the model's, 0 to 1.
    weighted_total_variation, weighted_jensen_shannon : float, or None
        The same, weighted by stationary probability; None without one, or where there is none on these contexts.
    """

    name: str
    n_defined: int
    total_variation: float
    jensen_shannon: float
    weighted_total_variation: float | None
    weighted_jensen_shannon: float | None


@final
@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class UnseenComparison:
    """The rows of a chain at contexts that were never seen, against simpler laws of the same data.

    Attributes
    ----------
    states : (u,) int64, ascending
        States of K tokens that were never seen with a token after them.
    candidates : tuple of c UnseenCandidate
        Those that have a law for any of them.
    best : UnseenCandidate
        With the least mean total variation, among those that have a law for all of them.
    best_weighted : UnseenCandidate, or None
        The same weighted by stationary probability.
    mass : float, or None
        Stationary probability of all these states; None if no distribution was given.
    defined : (c, u) bool
        Where each candidate has a law.
    total_variation, jensen_shannon : (c, u) float64, the second in bits
        Distance between its law and the model's, 0 to 1; 1 where it has none.
    """

    states: NDArray[np.int64]
    candidates: tuple[UnseenCandidate, ...]
    best: UnseenCandidate
    best_weighted: UnseenCandidate | None
    mass: float | None
    defined: NDArray[np.bool_]
    total_variation: Floats
    jensen_shannon: Floats

    def __post_init__(self) -> None:
        for array in (self.states, self.defined, self.total_variation, self.jensen_shannon):
            array.setflags(write=False)


def unseen_states(
    chain: MarkovChain,
    counts: NgramCounts,
    *,
    stationary: StationaryDistribution | None = None,
    progress: Progress | None = None,
) -> UnseenComparison:
    """Say which simpler law of the data the chain is nearest to, after contexts that they never showed.

    Parameters
    ----------
    chain : MarkovChain
        V tokens, context of K.
    counts : NgramCounts
        Of V tokens, after contexts of up to K or more; all laws are of the places that have all of them.
    stationary : StationaryDistribution, optional
        Of this chain: weights for the means.
    progress : callable, optional
        Called as ``progress("comparing with the data", done, total)``.

    Raises
    ------
    ArgumentError
        Chain and counts are over different tokens, the chain looks at more of them than were counted, or the
        distribution belongs to a chain of another size.
    DataError
        Every context was seen.

    Examples
    --------
    >>> import markovgpt as mg
    >>> chain = mg.chain_from_table([[0.5, 0.5], [0.5, 0.5], [0.8, 0.2], [0.4, 0.6]])
    >>> counts = mg.count_ngrams([1, 1, 1, 0, 0, 1], vocab_size=2, context_length=2)  # never 01 with a token after it
    >>> found = unseen_states(chain, counts)
    >>> [(law.name, round(law.total_variation, 4)) for law in found.candidates]
    [('uniform', 0.0), ('unigram', 0.0), ('last 1', 0.0), ('back-off', 0.0), ('nearest', 0.0)]
    """
    check_is_chain(chain)
    laws = laws_of(chain)
    check_same_tokens(laws, counts)
    table = counts.suffixes(chain.context_length)
    first = chain.states.offset(chain.context_length)
    unseen = np.flatnonzero(~table.seen(chain.n_states - first))  # (u,) contexts
    if not len(unseen):
        raise DataError("Every context of the chain occurs in the data: there is none to explain.")
    weights = None if stationary is None else _weights(chain, stationary)[unseen]
    candidates = Candidates(table, context_length=chain.context_length)
    c, u = len(candidates.names), len(unseen)
    defined = np.empty((c, u), dtype=np.bool_)
    tv, js = np.ones((c, u)), np.ones((c, u))
    for here, rows in blocks_of_rows(laws, unseen + first, progress=progress):
        for number, candidate in enumerate(candidates.laws(unseen[here])):
            known = candidate.defined
            defined[number, here] = known
            tv[number, here][known] = total_variation(candidate.laws[known], rows[known])
            js[number, here][known] = jensen_shannon(candidate.laws[known], rows[known])
    used = np.flatnonzero(defined.any(axis=1))
    defined, tv, js = defined[used], tv[used], js[used]
    names = [name for i, name in enumerate(candidates.names) if i in used]
    records = tuple(_summary(name, defined[i], tv[i], js[i], weights) for i, name in enumerate(names))
    everywhere = [record for record in records if record.n_defined == u]
    weighted = [record for record in everywhere if record.weighted_total_variation is not None]
    return UnseenComparison(
        states=unseen + first,
        candidates=records,
        best=min(everywhere, key=lambda record: record.total_variation),
        best_weighted=min(weighted, key=lambda record: record.weighted_total_variation or 0.0, default=None),
        mass=None if weights is None else float(weights.sum()),
        defined=defined,
        total_variation=tv,
        jensen_shannon=js,
    )


def _weights(chain: MarkovChain, stationary: StationaryDistribution) -> Floats:
    check_stationary(chain, stationary)
    return stationary.probabilities[chain.states.offset(chain.context_length) :]


def _summary(name: str, defined: NDArray[np.bool_], tv: Floats, js: Floats, weights: Floats | None) -> UnseenCandidate:
    mass = 0.0 if weights is None else float(weights[defined].sum())
    shares = None if weights is None or not mass > 0 else weights[defined] / mass
    return UnseenCandidate(
        name=name,
        n_defined=int(defined.sum()),
        total_variation=float(tv[defined].mean()),
        jensen_shannon=float(js[defined].mean()),
        weighted_total_variation=None if shares is None else float(shares @ tv[defined]),
        weighted_jensen_shannon=None if shares is None else float(shares @ js[defined]),
    )
