"""Samplers of a right model, each with one line of its loop changed: what a home-made ``generate`` gets wrong."""

from __future__ import annotations

from typing import Any

import numpy as np

from markovgpt.testing.mutants import SoundModel

__all__ = ["SLIPS", "Sampler", "StaleKeys"]


class Sampler(SoundModel):
    """A right loop, in parts: what a step looks at, what becomes of the logits, and how a token is drawn."""

    name = "sampler"

    def look(self, text: np.ndarray, _prompt: int) -> np.ndarray:
        return text[:, -self.context_length :]

    def changed(self, logits: np.ndarray, _text: np.ndarray, _step: int) -> np.ndarray:
        return logits

    def random(self, rng: np.random.Generator, _seed: int) -> np.random.Generator:
        return rng

    def generate(self, prompts: np.ndarray, n: int, *, seed: int, **options: Any) -> np.ndarray:
        rng, text = np.random.default_rng(seed), np.array(prompts)
        for step in range(n):
            seen = self.look(text, prompts.shape[1])
            logits = self.changed(self.next_logits(seen), text, step)
            token = self.draw(self.law(logits, **options), self.random(rng, seed))
            text = np.column_stack([text, token])
        return text


class Short(Sampler):
    """The window is one token too short once it slides."""

    def look(self, text, _prompt):
        K = self.context_length
        return text if text.shape[1] <= K else text[:, -K + 1 :]


class Behind(Sampler):
    """The token that was drawn last is not in the window yet."""

    def look(self, text, prompt):
        return super().look(text[:, :-1] if text.shape[1] > prompt else text, prompt)


class PromptOnly(Sampler):
    """Drawn tokens are never fed."""

    def look(self, text, prompt):
        return super().look(text[:, :prompt], prompt)


class FirstTokens(Sampler):
    """The buffer is full, and new tokens are lost."""

    def look(self, text, _prompt):
        return text[:, : self.context_length]


class Newest(Sampler):
    """The cache is lost at every step after the first."""

    def look(self, text, prompt):
        return text[:, -1:] if text.shape[1] > prompt else super().look(text, prompt)


class Twice(Sampler):
    """The last token of the prompt is fed with the prompt, and by the loop again."""

    def look(self, text, prompt):
        return super().look(np.column_stack([text[:, :prompt], text[:, prompt - 1 :]]), prompt)


class OtherRow(Sampler):
    """Rows of the cache are in another order than the tokens."""

    def look(self, text, prompt):
        other = np.roll(text, -1, axis=0) if text.shape[1] > prompt else text
        return super().look(np.column_stack([other[:, :-1], text[:, -1]]), prompt)


class FirstRow(Sampler):
    """Every row gets the logits of the first one."""

    def look(self, text, prompt):
        return super().look(np.repeat(text[:1], len(text), axis=0), prompt)


class Presence(Sampler):
    """Tokens of the text are less likely."""

    def changed(self, logits, text, _step):
        return logits - 0.8 * (text[:, :, None] == np.arange(self.vocab_size)).any(axis=1)


class Frequency(Sampler):
    """The more often they are there."""

    def changed(self, logits, text, _step):
        return logits - 0.5 * (text[:, :, None] == np.arange(self.vocab_size)).sum(axis=1)


class Repetition(Sampler):
    """As transformers do it."""

    def changed(self, logits, text, _step):
        seen = (text[:, :, None] == np.arange(self.vocab_size)).any(axis=1)
        return np.where(seen, np.where(logits > 0, logits / 1.5, logits * 1.5), logits)


class Bonus(Sampler):
    """Tokens of the text are more likely."""

    def changed(self, logits, text, _step):
        return logits + 0.8 * (text[:, :, None] == np.arange(self.vocab_size)).any(axis=1)


class ColdStart(Sampler):
    """The first token is drawn at temperature 1/2, by another path."""

    def changed(self, logits, _text, step):
        return logits * 2 if step == 0 else logits


class Seeded(Sampler):
    """The generator is made inside of the loop; tokens by inversion."""

    def random(self, _rng, seed):
        return np.random.default_rng(seed)


class SeededRace(Seeded):
    """The same, and tokens are drawn as torch.multinomial does."""

    def draw(self, laws, rng):
        with np.errstate(divide="ignore"):
            return (rng.exponential(size=laws.shape) / laws).argmin(axis=1)


class StaleKeys(SoundModel):
    """A cache whose keys keep their positions when the window slides."""

    name = "stale keys"

    def slide(self, cache: np.ndarray, _text: np.ndarray) -> np.ndarray:
        return cache[:, 1:]

    def position(self, length: int) -> int:
        return length

    def generate(self, prompts: np.ndarray, n: int, *, seed: int, **options: Any) -> np.ndarray:
        rng, text, K = np.random.default_rng(seed), np.array(prompts), self.context_length
        cache = self.added(text[:, -K:])
        for _ in range(n):
            token = self.draw(self.law(self.finished(cache.sum(axis=1), text[:, -1]), **options), rng)
            text = np.column_stack([text, token])
            if cache.shape[1] == K:
                cache = self.slide(cache, text)
            new = self.added(token[:, None], first=self.position(cache.shape[1]))
            cache = np.concatenate([cache, new], axis=1)
        return text


class LatePositions(StaleKeys):
    """What slides is right; a new key is written for the position before."""

    def slide(self, _cache, text):
        return self.added(text[:, -self.context_length : -1])

    def position(self, length):
        return length - 1


SLIPS = {
    Short: "the window is one token too short: 2 in place of K=3",
    Behind: "one position behind: the newest token is not seen",
    PromptOnly: "tokens that were drawn are not seen",
    FirstTokens: "the first K tokens of the text are kept, and newer ones are lost",
    Newest: "only the newest token is seen",
    Twice: "the last token of the prompt is fed twice",
    OtherRow: "all tokens but the newest are read from the row after it in the batch",
    FirstRow: "a row is drawn from the law of the first row in its batch",
    Presence: "a presence penalty: tokens that are in the text already are drawn too rarely, as if 0.8",
    Frequency: "a frequency penalty: tokens that are in the text already are drawn too rarely, as if 0.5",
    Repetition: "a repetition penalty: tokens that are in the text already are drawn too rarely, as if their logits "
    "were divided by 1.5",
    Bonus: "a penalty that is a bonus: tokens that are in the text already are drawn too often",
    ColdStart: "a default temperature=0.5 is applied",
    Seeded: "the generator is seeded again at each step",
    SeededRace: "the generator is seeded again at each step",
    StaleKeys: "the key-value cache when the window slides: the keys that stay have the positions of before",
    LatePositions: "what a step leaves behind, before the window slides",
}
"""What the message must say of each."""
