"""Why does a model do what it does after one context that its data never showed?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import NDArray

from markovgpt.chain import MarkovChain, check_is_chain
from markovgpt.comparison.candidates import Candidates
from markovgpt.comparison.laws import check_same_tokens, laws_of
from markovgpt.comparison.rows import jensen_shannon, total_variation
from markovgpt.errors import ArgumentError, DataError
from markovgpt.ngrams import NgramCounts

__all__ = ["UnseenState", "explain_unseen"]

Floats = NDArray[np.float64]


@final
@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class UnseenState:
    """One context that was never seen: what the model does there, and what would explain it.

    Attributes
    ----------
    state : int
        Of the chain.
    model : (V,) float64
        The model's law.
    names : tuple of c str
        The candidates that have a law here.
    laws : (c, V) float64
        Their laws.
    evidence : (c,) int64
        How many tokens of the data each law is made of.
    total_variation, jensen_shannon : (c,) float64, the second in bits
        Distance to the model's law, 0 to 1.
    differing : tuple of int
        Places, 0 the oldest, of the tokens that the nearest seen contexts have other.
    """

    state: int
    model: Floats
    names: tuple[str, ...]
    laws: Floats
    evidence: NDArray[np.int64]
    total_variation: Floats
    jensen_shannon: Floats
    differing: tuple[int, ...]

    def __post_init__(self) -> None:
        for array in (self.model, self.laws, self.evidence, self.total_variation, self.jensen_shannon):
            array.setflags(write=False)


def explain_unseen(chain: MarkovChain, counts: NgramCounts, *, state: int | str | Sequence[int]) -> UnseenState:
    """The simpler laws of the data at one context that they never showed, and how far the model is from each.

    Parameters
    ----------
    chain, counts
        As for :func:`unseen_states`.
    state : int, str or K tokens
        The context: a state, a label or tokens.

    Raises
    ------
    ArgumentError
        As :func:`unseen_states`; the state is shorter than K tokens.
    DataError
        The context was seen: there is nothing to explain.

    Examples
    --------
    >>> import markovgpt as mg
    >>> chain = mg.build_chain(mg.load_model("babygpt"))
    >>> counts = mg.count_ngrams(mg.load_model("babygpt").training_tokens, vocab_size=2, context_length=3)
    >>> found = explain_unseen(chain, counts, state="000")
    >>> print(f"{found.model[1]:.4f}", dict(zip(found.names, found.laws[:, 1].tolist())))
    0.7316 {'uniform': 0.5, 'unigram': 0.75, 'last 1': 1.0, 'back-off': 1.0, 'nearest': 1.0}
    """
    check_is_chain(chain)
    check_same_tokens(laws_of(chain), counts)
    table, place = counts.suffixes(chain.context_length), chain.state(state)
    context = place - chain.states.offset(chain.context_length)
    if context < 0:
        raise ArgumentError(
            f"Contexts of {chain.context_length} tokens are compared: {chain.label(place)!r} is shorter.", state=place
        )
    contexts = np.array([context])
    if table.find(contexts)[0] >= 0:
        raise DataError(f"The context {chain.label(place)!r} occurs in the data: compare it with its own frequencies.")
    candidates = Candidates(table, context_length=chain.context_length)
    found = [candidate for candidate in candidates.laws(contexts) if candidate.defined[0]]
    laws = np.concatenate([candidate.laws for candidate in found])  # (c, V)
    model = chain.probabilities[place]  # (V,)
    differing = int(candidates.nearest.differing(contexts)[0])
    return UnseenState(
        state=place,
        model=model,
        names=tuple(candidate.name for candidate in found),
        laws=laws,
        evidence=np.concatenate([candidate.evidence for candidate in found]),
        total_variation=total_variation(laws, np.broadcast_to(model, laws.shape)),
        jensen_shannon=jensen_shannon(laws, np.broadcast_to(model, laws.shape)),
        differing=tuple(place for place in range(chain.context_length) if differing >> place & 1),
    )
