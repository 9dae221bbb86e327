"""Which bugs are in the logits themselves, in what they leave behind, and in how rows of a batch meet?"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from markovgpt.testing.mutants.record import SAMPLED, caught_by
from markovgpt.testing.mutants.sound import SoundModel

__all__: list[str] = []

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]


@caught_by("logits_shape", "generate_shape")
class PaddedVocabulary(SoundModel):
    """The output layer has two more rows than there are tokens, for speed, and they can be sampled."""

    def finished(self, sums: Floats, last: Integers) -> Floats:
        logits = super().finished(sums, last)
        return np.concatenate([logits, np.full((*logits.shape[:-1], 2), 2.0)], axis=-1)


@caught_by("logits_shape")
class EveryPosition(SoundModel):
    """The logits after every position are returned, not those after the last."""

    def next_logits(self, contexts: Integers) -> Any:
        return self.network(contexts)


@caught_by("logits_shape")
class SqueezedBatch(SoundModel):
    """A batch of one loses its first dimension."""

    def next_logits(self, contexts: Integers) -> Any:
        return np.squeeze(super().next_logits(contexts))


@caught_by("logits_finite")
class NaNRow(SoundModel):
    """The largest sums overflow, and what is infinite minus infinite is no number: NaN in very few states."""

    def finished(self, sums: Floats, last: Integers) -> Floats:
        logits = super().finished(sums, last)
        logits[sums.sum(axis=-1) > self._limit()] = np.nan
        return logits

    def _limit(self) -> float:
        """Between the two largest of all contexts of length K."""
        total = np.zeros(1)
        for position in range(self.context_length):
            total = np.add.outer(total, self.weights[position].sum(axis=-1)).ravel()
        return float(np.sort(total)[-2:].mean())


@caught_by("logits_finite")
class PlusInfinity(NaNRow):
    """The same, and the largest logit becomes plus infinity."""

    def finished(self, sums: Floats, last: Integers) -> Floats:
        logits = super().finished(sums, last)
        return np.where(np.isnan(logits), np.inf, logits)


@caught_by("logits_finite")
class NothingAllowed(NaNRow):
    """The same, and every token is masked: a row of nothing but minus infinity."""

    def finished(self, sums: Floats, last: Integers) -> Floats:
        logits = super().finished(sums, last)
        return np.where(np.isnan(logits), -np.inf, logits)


@caught_by("input_unchanged")
class WritesItsInput(SoundModel):
    """The oldest token is overwritten in place, after the answer was computed."""

    def next_logits(self, contexts: Integers) -> Any:
        logits = super().next_logits(contexts)
        contexts[:, 0] = 0
        return logits


@caught_by("input_unchanged")
class WritesItsPrompts(SoundModel):
    """``generate`` keeps its window in the array of prompts, and shifts it in place."""

    def generate(self, prompts: Integers, n: int, *, seed: int, **options: Any) -> Integers:
        answer = super().generate(prompts, n, seed=seed, **options)
        prompts[:] = answer[:, -prompts.shape[1] :]
        return answer


@caught_by(
    "deterministic",
    "no_state_leak",
    "batch_rows_independent",
    "batch_size_tolerance",
    "padding",
    "context_length",
    "causal",
    "session_equals_recompute",
    "session_after_crop",
    "fork_is_independent",
    "generate_seeded",
    "generate_greedy",
    "generate_short_prompts",
    *SAMPLED,
    "logprobs_match_law",
    "speculative",
    "same_chain",
)
class Dropout(SoundModel):
    """Dropout is left on: half of what tokens add is dropped, at random."""

    def __init__(self, vocab_size: int = 3, context_length: int = 3, *, seed: int = 0) -> None:
        super().__init__(vocab_size, context_length, seed=seed)
        self.noise = np.random.default_rng(seed)

    def added(self, tokens: Integers, first: int = 0) -> Floats:
        added = super().added(tokens, first)
        return added * self.noise.integers(0, 2, size=added.shape[:2])[:, :, None] * 2


@caught_by("no_state_leak")
class WarmUpLeak(SoundModel):
    """The state of a call for a single token is kept as the beginning of the next call."""

    left: Floats | None = None

    def next_logits(self, contexts: Integers) -> Any:
        logits = super().next_logits(contexts)
        if contexts.shape == (1, 1):
            self.left = self.added(contexts)[0, 0]
        elif self.left is not None:
            logits, self.left = logits + self.left, None
        return logits


@caught_by(
    "deterministic",
    "batch_rows_independent",
    "batch_size_tolerance",
    "padding",
    "causal",
    "session_equals_recompute",
    "generate_greedy",
    *SAMPLED,
    "logprobs_match_law",
    "speculative",
)
class CarriedState(SoundModel):
    """A recurrent state survives the call: a batch of as many rows goes on where the last one stopped."""

    state: Floats | None = None

    def next_logits(self, contexts: Integers) -> Any:
        logits = super().next_logits(contexts)
        before = self.state
        self.state = self.added(contexts)[:, -1]  # (batch, V)
        return logits + 3 * before if before is not None and len(before) == len(logits) else logits


@caught_by(
    "batch_rows_independent",
    "batch_size_tolerance",
    "padding",
    "context_length",
    "causal",
    "session_equals_recompute",
    "fork_is_independent",
    "generate_greedy",
    "generate_short_prompts",
    *SAMPLED,
    "logprobs_match_law",
    "speculative",
)
class FirstRowForAll(SoundModel):
    """A tensor is broadcast instead of indexed: every row has the oldest token of the first."""

    def next_logits(self, contexts: Integers) -> Any:
        mixed = contexts.copy()
        mixed[:, 0] = contexts[0, 0]
        return super().next_logits(mixed)


@caught_by(
    "batch_rows_independent",
    "batch_size_tolerance",
    "causal",
    "session_equals_recompute",
    "fork_is_independent",
    "generate_greedy",
    "generate_short_prompts",
    *SAMPLED,
    "generate_support",
    "logprobs_match_law",
    "speculative",
)
class RowsMixed(SoundModel):
    """A reshape with the batch in the wrong place: the last token of each row is read from the row after it."""

    def next_logits(self, contexts: Integers) -> Any:
        mixed = contexts.copy()
        mixed[:, -1] = np.roll(contexts[:, -1], -1)
        return super().next_logits(mixed)


@caught_by("batch_size_tolerance")
class BatchOfOne(SoundModel):
    """A batch of one takes another path, whose positions begin at 1."""

    def next_logits(self, contexts: Integers) -> Any:
        if len(contexts) != 1 or contexts.shape[1] < 2:
            return super().next_logits(contexts)
        window = contexts[:, -self.context_length :]
        positions = np.minimum(1 + np.arange(window.shape[1]), self.context_length - 1)
        return self.finished(self.weights[positions, window].sum(axis=1), window[:, -1])


@caught_by(
    "batch_size_tolerance", "padding", "causal", "session_equals_recompute", "fork_is_independent", "logprobs_match_law"
)
class LargeBatch(SoundModel):
    """Batches of more than eight rows are scaled as if they were in half precision: logits a hundredth too small."""

    def next_logits(self, contexts: Integers) -> Any:
        logits = super().next_logits(contexts)
        return logits * 0.99 if len(contexts) > 8 else logits


@caught_by("padding")
class PositionsFromPadding(SoundModel):
    """Left padding without position ids: positions count from the padding."""

    def padded_logits(self, contexts: Integers, lengths: Integers) -> Any:
        first = contexts.shape[1] - lengths[:, None]
        added = np.where((np.arange(contexts.shape[1]) >= first)[:, :, None], self.added(contexts), 0.0)
        return self.finished(added.sum(axis=1), contexts[:, -1])


@caught_by("padding")
class PaddingAttended(SoundModel):
    """The mask of the padding is not passed on."""

    def padded_logits(self, contexts: Integers, lengths: Integers) -> Any:  # noqa: ARG002  # that is the bug
        return self.network(contexts)[:, -1]


@caught_by("same_chain")
class ExportOfFixedLength(SoundModel):
    """The export was traced with K tokens: shorter contexts get the positions of the last ones."""

    @property
    def exported(self) -> Any:
        twin = super().exported
        K = self.context_length
        twin.next_logits = lambda contexts: self.finished(
            self.added(contexts, first=K - contexts.shape[1]).sum(axis=1), contexts[:, -1]
        )
        return twin


@caught_by("same_chain")
class ExportWithoutBias(SoundModel):
    """A bias was folded into a constant that the export does not have."""

    @property
    def exported(self) -> Any:
        twin = super().exported
        twin.start = np.zeros(self.vocab_size, dtype=np.float32)
        return twin
