"""Which bugs are in the window, the mask and the cache?"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from markovgpt.testing.mutants.record import SAMPLED, caught_by
from markovgpt.testing.mutants.sound import SoundModel, SoundSession

__all__: list[str] = []

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]


@caught_by("context_length")
class WindowOneLonger(SoundModel):
    """The window is cropped to K + 1 tokens."""

    def next_logits(self, contexts: Integers) -> Any:
        logits = super().next_logits(contexts)
        if contexts.shape[1] > self.context_length:
            logits = logits + self.added(contexts[:, -self.context_length - 1, None])[:, 0]
        return logits


@caught_by("context_length", "generate_greedy", *SAMPLED, "logprobs_match_law", "speculative")
class SlidingLayers(SoundModel):
    """Two layers of sliding attention over W = K tokens: the law reaches back 2 (W - 1) + 1, in generation too."""

    def network(self, contexts: Integers) -> Floats:
        K = self.context_length
        near = super().network(contexts[:, -K:])
        far = contexts[:, -(2 * K - 1) : -K]
        return near + 2 * self.added(far).sum(axis=1)[:, None] if far.shape[1] else near

    def next_logits(self, contexts: Integers) -> Any:
        return self.network(contexts)[:, -1]

    def window(self, tokens: Integers) -> Integers:
        return tokens


@caught_by("order_tight")
class OldestTokenIgnored(SoundModel):
    """The window is one token too short, everywhere: what stands at the first position counts for nothing."""

    def __init__(self, vocab_size: int = 3, context_length: int = 3, *, seed: int = 0) -> None:
        super().__init__(vocab_size, context_length, seed=seed)
        self.weights[0] = 0.0


@caught_by("causal")
class LooksAhead(SoundModel):
    """No causal mask in ``all_logits``: every position sees the last token."""

    def all_logits(self, contexts: Integers) -> Any:
        every = super().all_logits(contexts)
        every[:, :-1] += 0.3 * self.added(contexts[:, -1:])
        return every


@caught_by("causal")
class MaskOneOff(SoundModel):
    """The causal mask is off by one: each position sees the token after it."""

    def all_logits(self, contexts: Integers) -> Any:
        every = super().all_logits(contexts)
        every[:, :-1] += 0.3 * self.added(contexts)[:, 1:]
        return every


@caught_by("causal")
class PositionLate(SoundModel):
    """``all_logits`` is shifted by one: each position has the answer of the one before it."""

    def all_logits(self, contexts: Integers) -> Any:
        return np.roll(super().all_logits(contexts), 1, axis=1)


class _Cached(SoundModel):
    """A model with another session."""

    kind: type[SoundSession] = SoundSession

    def session(self, batch: int) -> SoundSession:
        return self.kind(self, np.empty((batch, 0), dtype=np.int64), np.empty((batch, 0, self.vocab_size)))


@caught_by("session_equals_recompute", "session_after_crop")
class StaleCache(_Cached):
    """When the window slides, cached keys keep the positions that they had before."""

    class kind(SoundSession):  # noqa: N801  # an attribute that is a class
        def slide(self) -> None:
            self.tokens, self.cache = self.tokens[:, 1:], self.cache[:, 1:]


@caught_by("session_equals_recompute", "session_after_crop")
class CropOffByOne(_Cached):
    """When the window slides, two tokens are dropped instead of one."""

    class kind(SoundSession):  # noqa: N801
        def slide(self) -> None:
            super().slide()
            super().slide()


@caught_by("session_equals_recompute", "session_after_crop")
class SlidesOnceOnly(_Cached):
    """The crop of the cache is right the first time, and off by one when the window slides again."""

    class kind(SoundSession):  # noqa: N801
        slides = 0

        def slide(self) -> None:
            super().slide()
            self.slides += 1
            if self.slides > 1:
                self.cache[:, -1] = self.cache[:, -2]


@caught_by("session_equals_recompute", "session_after_crop")
class NeverCropped(_Cached):
    """The cache goes on growing: what left the window still counts."""

    class kind(SoundSession):  # noqa: N801
        gone: Floats | float = 0.0

        def slide(self) -> None:
            self.gone = self.gone + self.cache[:, 0]
            super().slide()

        def feed(self, tokens: Integers) -> Any:
            return super().feed(tokens) + self.gone


@caught_by("session_equals_recompute", "session_after_crop", "fork_is_independent")
class PositionOneOff(_Cached):
    """From the second token on, keys are written for the position before."""

    class kind(SoundSession):  # noqa: N801
        def feed(self, tokens: Integers) -> Any:
            super().feed(tokens)
            if self.tokens.shape[1] > 1:
                self.cache[:, -1] = self.model.added(tokens[:, None], first=self.tokens.shape[1] - 2)[:, 0]
            return self.model.finished(self.cache.sum(axis=1), tokens)


@caught_by("session_equals_recompute", "fork_is_independent")
class OneStateOf4096(_Cached):
    """A cache that is looked up by a hash: one context of 4,096 collides with another, and has its law."""

    def __init__(self, vocab_size: int = 4, context_length: int = 6, *, seed: int = 0) -> None:
        super().__init__(vocab_size, context_length, seed=seed)

    class kind(SoundSession):  # noqa: N801
        def feed(self, tokens: Integers) -> Any:
            logits = super().feed(tokens)
            collides = np.arange(self.model.context_length) % 2 == 0
            if self.tokens.shape[1] == self.model.context_length:
                rows = (self.tokens == np.where(collides, 0, 1)).all(axis=1)
                logits[rows] = logits[rows][:, ::-1]
            return logits


@caught_by("fork_is_independent")
class ForkSharesCache(_Cached):
    """A fork writes into the cache of its parent."""

    class kind(SoundSession):  # noqa: N801
        parent: SoundSession | None = None

        def fork(self, rows: Integers) -> SoundSession:
            child = super().fork(rows)
            child.parent = self  # type: ignore[attr-defined]  # of the same class
            return child

        def feed(self, tokens: Integers) -> Any:
            logits = super().feed(tokens)
            if self.parent is not None:
                n = min(len(self.cache), len(self.parent.cache))
                shared = self.parent.cache.shape[1]
                self.parent.cache[:n] = self.cache[:n, -shared:] if shared else self.parent.cache[:n]
            return logits


@caught_by("fork_is_independent")
class ForkOfFirstRows(_Cached):
    """A fork takes the first rows, whichever were asked for."""

    class kind(SoundSession):  # noqa: N801
        def fork(self, rows: Integers) -> SoundSession:
            return super().fork(np.arange(len(rows)) % len(self.tokens))
