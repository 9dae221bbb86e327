"""What does a correct model look like, with everything that a model can have?

Small enough to be read whole: every mutant is this model with one thing changed.
"""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
from numpy.typing import NDArray

from markovgpt.generation import decoding_of

__all__ = ["SoundModel", "SoundSession"]

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]


class SoundModel:
    """A correct model of V tokens and context K: a token adds to the logits what its position says.

    ``logits = sum_t weight[t, token_t]``, positions counted from the oldest token. In every state that ends with token
    V - 1, token 0 is impossible; after token 1 the two tokens 1 and 2 tie.

    Parameters
    ----------
    vocab_size : int, at least 3
    context_length : int
    seed : int
        Of the weights.

    Examples
    --------
    >>> from markovgpt.testing import check_model
    >>> print(check_model(SoundModel()))
    sound: 27 checks: 27 passed
    """

    name = "sound"

    def __init__(self, vocab_size: int = 3, context_length: int = 3, *, seed: int = 0) -> None:
        self.vocab_size, self.context_length = vocab_size, context_length
        rng = np.random.default_rng([seed, vocab_size, context_length])
        self.weights = rng.normal(size=(context_length, vocab_size, vocab_size))  # (K, V, V): position, token, logit
        self.start = 1.0 + rng.random(vocab_size)  # (V,) logits before any token

    # What the network computes

    def added(self, tokens: Integers, first: int = 0) -> Floats:
        """What each token adds, ``(batch, length) -> (batch, length, V)``, the first of them at position ``first``."""
        added: Floats = self.weights[first + np.arange(tokens.shape[1]), tokens]
        return added

    def finished(self, sums: Floats, last: Integers) -> Floats:
        """Logits from sums ``(..., V)`` and last tokens ``(...)``: the impossible token and the tie."""
        logits = self.start + sums
        logits[last == 1, 2] = logits[last == 1, 1]
        logits[last == self.vocab_size - 1, 0] = -np.inf
        return logits

    def network(self, contexts: Integers) -> Floats:
        """Logits after every position, ``(batch, length) -> (batch, length, V)``."""
        return self.finished(np.cumsum(self.added(contexts), axis=1), contexts)

    # The protocol

    def next_logits(self, contexts: Integers) -> Any:
        """``(batch, length) -> (batch, V)``; of longer histories the last K tokens."""
        return self.network(contexts[:, -self.context_length :])[:, -1]

    def all_logits(self, contexts: Integers) -> Any:
        """``(batch, length) -> (batch, length, V)``."""
        return self.network(contexts)

    def session(self, batch: int) -> SoundSession:
        """Rows that grow together."""
        return SoundSession(self, np.empty((batch, 0), dtype=np.int64), np.empty((batch, 0, self.vocab_size)))

    def padded_logits(self, contexts: Integers, lengths: Integers) -> Any:
        """Rows padded on the left, each with ``lengths`` tokens: ``(batch, length), (batch,) -> (batch, V)``."""
        positions = np.arange(contexts.shape[1]) - (contexts.shape[1] - lengths[:, None])  # (batch, length)
        added = np.where((positions >= 0)[:, :, None], self.weights[np.maximum(positions, 0), contexts], 0.0)
        return self.finished(added.sum(axis=1), contexts[:, -1])

    @property
    def exported(self) -> Any:
        """The same model in float32."""
        twin = copy.copy(self)
        twin.weights, twin.start = self.weights.astype(np.float32), self.start.astype(np.float32)
        return twin

    # Drawing

    def window(self, tokens: Integers) -> Integers:
        """What a step of generation looks at."""
        return tokens[:, -self.context_length :]

    def law(self, logits: Floats, **options: Any) -> Floats:
        """Probabilities under temperature, top-k and top-p, ``(batch, V)``."""
        with np.errstate(invalid="ignore"):  # of mutants whose logits are no numbers
            return decoding_of(**options).apply(logits)

    def draw(self, laws: Floats, rng: np.random.Generator) -> Integers:
        """A token of each law, ``(batch, V) -> (batch,)``: the first whose sum is above a random number."""
        sums = np.cumsum(laws, axis=1)
        points = rng.random(len(laws)) * sums[:, -1]
        drawn: Integers = (sums <= points[:, None]).sum(axis=1)
        return drawn

    def generator(self, seed: int) -> np.random.Generator:
        """Where random numbers come from."""
        return np.random.default_rng(seed)

    def generate(self, prompts: Integers, n: int, *, seed: int, **options: Any) -> Integers:
        """``(batch, length) -> (batch, length + n)``; temperature, top_k, top_p."""
        return self.generate_with_logprobs(prompts, n, seed=seed, **options)[0]

    def generate_with_logprobs(
        self,
        prompts: Integers,
        n: int,
        *,
        seed: int,
        temperature: float = 1.0,
        top_k: int | None = None,
        top_p: float | None = None,
    ) -> tuple[Integers, Floats]:
        """The tokens, and the log-probability of each that was drawn, ``(batch, n)``."""
        rng, tokens, reported = self.generator(seed), np.array(prompts), []
        for _ in range(n):
            logits = self.network(self.window(tokens))[:, -1]
            laws = self.law(logits, temperature=temperature, top_k=top_k, top_p=top_p)
            drawn = self.draw(laws, rng)
            tokens = np.concatenate([tokens, drawn[:, None]], axis=1)
            reported.append(self.reported(logits, laws)[np.arange(len(drawn)), drawn])
        return tokens, np.stack(reported, axis=1) if reported else np.empty((len(tokens), 0))

    def reported(self, logits: Floats, laws: Floats) -> Floats:  # noqa: ARG002  # mutants report from the logits
        """Log-probabilities of all tokens."""
        with np.errstate(divide="ignore"):
            return np.log(laws)

    def generate_speculative(self, prompts: Integers, n: int, *, seed: int, temperature: float = 1.0) -> Integers:
        """As ``generate``: a draft proposes each token, and the model accepts it or draws from what is left."""
        rng, tokens = self.generator(seed), np.array(prompts)
        for _ in range(n):
            logits = self.network(self.window(tokens))[:, -1]
            target = self.law(logits, temperature=temperature)  # (batch, V)
            draft = np.full_like(target, 1 / self.vocab_size)  # it knows nothing
            rows, proposed = np.arange(len(tokens)), self.draw(draft, rng)
            accepted = self.accepts(target[rows, proposed], draft[rows, proposed], rng)
            drawn = np.where(accepted, proposed, self.draw(self.left_over(target, draft), rng))
            tokens = np.concatenate([tokens, drawn[:, None]], axis=1)
        return tokens

    def accepts(self, target: Floats, draft: Floats, rng: np.random.Generator) -> NDArray[np.bool_]:
        """Whether a proposed token is taken, given its two probabilities, ``(batch,)``."""
        return rng.random(len(target)) * draft < target

    def left_over(self, target: Floats, draft: Floats) -> Floats:
        """What is drawn from after a rejection, ``(batch, V)``, up to a factor."""
        left = np.maximum(target - draft, 0.0)
        return np.where(left.sum(axis=1, keepdims=True) > 0, left, target)


class SoundSession:
    """Rows of text that grow together: the window of each, and what its tokens add."""

    def __init__(self, model: SoundModel, tokens: Integers, cache: Floats) -> None:
        self.model, self.tokens, self.cache = model, tokens, cache  # (batch, length), (batch, length, V)

    def feed(self, tokens: Integers) -> Any:
        """Append one token a row; logits of what comes next."""
        if self.tokens.shape[1] == self.model.context_length:
            self.slide()
        new = self.model.added(tokens[:, None], first=self.tokens.shape[1])  # (batch, 1, V)
        self.tokens = np.concatenate([self.tokens, tokens[:, None]], axis=1)
        self.cache = np.concatenate([self.cache, new], axis=1)
        return self.model.finished(self.cache.sum(axis=1), tokens)

    def slide(self) -> None:
        """Drop the oldest token; all others have a new position, so their cache is computed again."""
        self.tokens = self.tokens[:, 1:]
        self.cache = self.model.added(self.tokens)

    def fork(self, rows: Integers) -> SoundSession:
        """Copies of some rows."""
        return type(self)(self.model, self.tokens[rows].copy(), self.cache[rows].copy())
