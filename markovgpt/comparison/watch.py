"""How is a model looked at while it is trained?"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import final

import numpy as np

from markovgpt.analysis import entropy_rate, stationary_distributions
from markovgpt.chain import MarkovChain
from markovgpt.comparison.data import compare_to_data
from markovgpt.comparison.laws import laws_of, probabilities_of_entries
from markovgpt.comparison.learning import LearningCurve, LearningStep
from markovgpt.decoding import Decoding
from markovgpt.enumeration import build_chain
from markovgpt.errors import ArgumentError, CostLimitError, NotComputedError
from markovgpt.model import LanguageModel, Progress, model_name, tokens_of, vocabulary_of
from markovgpt.ngrams import NgramCounts, count_ngrams
from markovgpt.vocabulary import Vocabulary

__all__ = ["LearningWatch"]


@final
class LearningWatch:
    """Looks on while a model is trained: give it as ``checkpoint`` to :func:`markovgpt.load_model`.

    Parameters
    ----------
    steps : iterable of int
        After how many updates to look; 0 is before the first.
    counts : NgramCounts, or a function of the model that makes them, optional
        What to compare with; by default the data that the model is trained on.
    decoding : Decoding, optional
        Rule by which tokens are drawn.
    max_states : int
        Chains of more states are not enumerated: then nothing is known of the long run.
    progress : callable, optional
        Called as ``progress("looking at the model", looks, all)``.

    Raises
    ------
    ArgumentError
        No steps, or one below 0; a model without data.

    Examples
    --------
    >>> import markovgpt as mg
    >>> watch = LearningWatch([0, 10])
    >>> model = mg.load_model("babygpt", steps=10, checkpoint=watch)
    >>> [round(step.comparison.cross_entropy, 2) for step in watch.curve().steps]
    [0.96, 0.86]
    """

    def __init__(
        self,
        steps: Iterable[int],
        *,
        counts: NgramCounts | Callable[[LanguageModel], NgramCounts] | None = None,
        decoding: Decoding | None = None,
        max_states: int = 2**20,
        progress: Progress | None = None,
    ) -> None:
        self._wanted: Sequence[int] = sorted(set(steps))
        if not self._wanted or self._wanted[0] < 0:
            raise ArgumentError(
                f"Give the steps of training at which to look, at least 0: got {list(self._wanted)}.",
                steps=self._wanted,
            )
        self._count = counts if callable(counts) else _counts_of
        self._counts = None if callable(counts) else counts
        self._decoding = decoding
        self._max_states, self._progress = max_states, progress
        self._seen: dict[int, LearningStep] = {}
        self._vocabulary: Vocabulary | None = None

    def __call__(self, step: int, model: LanguageModel, *, name: str = "") -> None:
        """Look at the model if this is one of the steps.

        Raises
        ------
        ArgumentError
            It has other tokens, or looks at another number of them, than the model before; or as
            :func:`markovgpt.compare_to_data`.
        """
        if step not in self._wanted:
            return
        self._check_same(model, name or f"the model after step {step}")
        if self._counts is None:
            self._counts = self._count(model)
        counts = self._counts
        source: MarkovChain | LanguageModel = model
        rate = mass = None
        certified = False
        try:
            chain = build_chain(model, decoding=self._decoding, max_states=self._max_states)
        except CostLimitError:
            if self._decoding is not None and not self._decoding.is_default:
                raise
        else:
            source = chain
            rate, mass, certified = _long_run(chain, counts)
        laws = laws_of(source)
        table = counts.suffixes(laws.context_length)
        states = laws.find(laws.context_length, table.contexts)
        self._seen[step] = LearningStep(
            step=step,
            name=name or f"{step:,}",
            comparison=compare_to_data(source, counts, correction=None),
            probabilities=probabilities_of_entries(laws, states, table),
            entropy_rate=rate,
            unseen_mass=mass,
            certified=certified,
        )
        if self._progress is not None:
            self._progress("looking at the model", len(self._seen), len(self._wanted))

    @property
    def n_seen(self) -> int:
        """How many of the steps came."""
        return len(self._seen)

    def _check_same(self, model: LanguageModel, name: str) -> None:
        """Refuse a model whose numbers would not be about the same arrows."""
        first, vocabulary = self._vocabulary, vocabulary_of(model)
        if first is not None and first.tokens != vocabulary.tokens:
            raise ArgumentError(
                f"Models in the course of one training have the same tokens: {name} has "
                f"{vocabulary.overview(at_most=10)}, the first {first.overview(at_most=10)}."
            )
        lengths = {step.comparison.context_length for step in self._seen.values()}
        if lengths and model.context_length not in lengths:
            raise ArgumentError(
                f"Models in the course of one training look at the same number of tokens: {name} at "
                f"{model.context_length}, the first at {lengths.pop()}."
            )
        self._vocabulary = vocabulary

    def curve(self) -> LearningCurve:
        """What was seen.

        Raises
        ------
        NotComputedError
            Nothing was.
        """
        if not self._seen or self._counts is None or self._vocabulary is None:
            raise NotComputedError(
                f"Training never came to any of the steps {', '.join(map(str, self._wanted))}: nothing can be shown."
            )
        steps = tuple(self._seen[step] for step in sorted(self._seen))
        K = steps[0].comparison.context_length
        table = self._counts.suffixes(K)
        return LearningCurve(
            steps=steps,
            arrows=np.column_stack((table.contexts[table.row_of], table.tokens)),
            shares=table.frequencies,
            counts=table.counts,
            context_length=K,
            vocabulary=self._vocabulary,
        )


def _counts_of(model: LanguageModel) -> NgramCounts:
    tokens = tokens_of(model)
    if tokens is None:
        raise ArgumentError(f"{model_name(model)} keeps no training data to compare with: give counts of some data.")
    return count_ngrams(tokens, vocab_size=model.vocab_size, context_length=model.context_length)


def _long_run(chain: MarkovChain, counts: NgramCounts) -> tuple[float | None, float | None, bool]:
    """Entropy rate, stationary probability of what the data never visit, and whether they are proven."""
    laws = stationary_distributions(chain)
    if laws[-1].interrupted:
        raise KeyboardInterrupt  # it was meant for the training that is looked at
    if len(laws) != 1:
        return None, None, False
    seen = counts.on(chain.states).seen(chain.n_states)
    return entropy_rate(chain, laws[0]), float(laws[0].probabilities[~seen].sum()), laws[0].certified
