"""Models that do not behave: they raise, return other things, hang, or change while they are used."""

from __future__ import annotations

import time

import numpy as np

from markovgpt.testing.mutants import SoundModel

__all__ = ["Asleep", "Grows", "Hangs", "LosesItsName", "Raises", "Refuses", "ReturnsText", "TwoRows"]


class Raises(SoundModel):
    """It fails on one context of all."""

    name = "raises"

    def next_logits(self, contexts):
        if contexts.shape[1] == 3 and (contexts == [1, 2, 0]).all(axis=1).any():
            raise RuntimeError("CUDA is on holiday")
        return super().next_logits(contexts)


class TwoRows(SoundModel):
    """It fails on two rows and more."""

    name = "two rows"

    def next_logits(self, contexts):
        if len(contexts) > 1:
            raise MemoryError("one at a time, please")
        return super().next_logits(contexts)


class Refuses(SoundModel):
    """Only ``generate`` does not work."""

    name = "refuses"

    def generate(self, prompts, n, *, seed, **options):
        raise NotImplementedError("generation comes with the next release")


class ReturnsText(SoundModel):
    """No numbers."""

    name = "returns text"

    def next_logits(self, _):
        return "hello"


class Hangs(SoundModel):
    """A loop in Python that never ends, in ``all_logits`` alone; ``ended`` once it was interrupted."""

    name = "hangs"
    ended = False

    def all_logits(self, _):
        try:
            while True:
                pass
        finally:
            self.ended = True


class Asleep(SoundModel):
    """It waits in C, for as long as the process lives."""

    name = "asleep"

    def all_logits(self, _):
        time.sleep(3600)


class Grows(SoundModel):
    """A token is added after some calls."""

    name = "grows"
    calls = 0

    def next_logits(self, contexts):
        self.calls += 1
        if self.calls == 9:
            self.vocab_size += 1
        return super().next_logits(np.minimum(contexts, 2))


class LosesItsName(SoundModel):
    """Texts of tokens appear when the tokenizer is loaded, at the first call."""

    name = "loses its name"
    tokens: tuple[str, ...] | None = None

    def next_logits(self, contexts):
        self.tokens = ("a", "b", "c")
        return super().next_logits(contexts)
