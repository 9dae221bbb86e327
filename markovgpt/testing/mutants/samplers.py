"""Which bugs are in a sampler: in its law, in its random numbers, in what it reports?"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from markovgpt.generation import decoding_of
from markovgpt.testing.mutants.record import SAMPLED, caught_by
from markovgpt.testing.mutants.sound import SoundModel

__all__: list[str] = []

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]


@caught_by("generate_shape")
class PromptsCutOff(SoundModel):
    """Only the new tokens are returned."""

    def generate(self, prompts: Integers, n: int, *, seed: int, **options: Any) -> Integers:
        return super().generate(prompts, n, seed=seed, **options)[:, prompts.shape[1] :]


@caught_by("generate_shape")
class StopsEarly(SoundModel):
    """Generation of a batch stops as soon as one of its rows has drawn token 0, as if it were the end of all."""

    def generate(self, prompts: Integers, n: int, *, seed: int, **options: Any) -> Integers:
        tokens = super().generate(prompts, n, seed=seed, **options)
        ended = (np.cumsum(tokens[:, prompts.shape[1] :] == 0, axis=1) > 0).any(axis=0)  # (n,)
        return tokens[:, : tokens.shape[1] - max(0, int(ended.sum()) - 1)]


@caught_by("generate_seeded")
class SeedIgnored(SoundModel):
    """Random numbers come from the generator of the model, which goes on from call to call."""

    def __init__(self, vocab_size: int = 3, context_length: int = 3, *, seed: int = 0) -> None:
        super().__init__(vocab_size, context_length, seed=seed)
        self.own = np.random.default_rng(seed)

    def generator(self, seed: int) -> np.random.Generator:  # noqa: ARG002  # that is the bug
        return self.own


@caught_by("generate_seeded")
class SeedFixed(SoundModel):
    """Every call has the same random numbers, whatever the seed."""

    def generator(self, seed: int) -> np.random.Generator:  # noqa: ARG002  # that is the bug
        return np.random.default_rng(42)


@caught_by("generate_short_prompts", *SAMPLED, "speculative")
class RowsShareDraws(SoundModel):
    """One random number a step, for all rows of the batch."""

    def draw(self, laws: Floats, rng: np.random.Generator) -> Integers:
        sums = np.cumsum(laws, axis=1)
        drawn: Integers = (sums <= rng.random() * sums[:, -1:]).sum(axis=1)
        return drawn


@caught_by("generate_greedy")
class ZeroIsDefault(SoundModel):
    """``temperature or 1.0``: temperature 0 is taken for not given."""

    def law(self, logits: Floats, **options: Any) -> Floats:
        return super().law(logits, **{**options, "temperature": options.get("temperature") or 1.0})


@caught_by("generate_temperature", "generate_top_p", "logprobs_match_law", "speculative")
class TemperatureIgnored(SoundModel):
    """The temperature is not used, but for 0."""

    def law(self, logits: Floats, **options: Any) -> Floats:
        return super().law(logits, **{**options, "temperature": 0.0 if options.get("temperature") == 0 else 1.0})


@caught_by("generate_temperature", "generate_top_p", "logprobs_match_law", "speculative")
class TemperatureTwice(SoundModel):
    """The logits are divided by the temperature in two places."""

    def law(self, logits: Floats, **options: Any) -> Floats:
        temperature = options.get("temperature", 1.0)
        return super().law(logits, **{**options, "temperature": temperature**2})


@caught_by(
    "generate_default_is_chain",
    "generate_short_prompts",
    "generate_temperature",
    "generate_top_p",
    "generate_is_markov",
    "logprobs_match_law",
    "speculative",
)
class HiddenTopK(SoundModel):
    """Without top_k, the two likeliest tokens are kept."""

    def law(self, logits: Floats, **options: Any) -> Floats:
        return super().law(logits, **{**options, "top_k": options.get("top_k") or 2})


@caught_by("generate_top_k", "generate_top_p", "logprobs_match_law")
class TopKOffByOne(SoundModel):
    """One token more is kept than was asked for."""

    def law(self, logits: Floats, **options: Any) -> Floats:
        k = options.get("top_k")
        return super().law(logits, **{**options, "top_k": None if k is None else k + 1})


@caught_by("generate_top_k", "logprobs_match_law")
class TiesAtTheCut(SoundModel):
    """Top-k takes k tokens of a sorted list: of those that tie at the cut, some are lost."""

    def law(self, logits: Floats, **options: Any) -> Floats:
        k = options.pop("top_k", None)
        if k is not None:
            order = np.argsort(-logits, axis=1, kind="stable")  # (batch, V)
            logits = logits.copy()
            np.put_along_axis(logits, order[:, k:], -np.inf, axis=1)
        return super().law(logits, **options)


@caught_by("generate_top_p")
class CrossingTokenDropped(SoundModel):
    """Top-p drops the token that crosses the sum."""

    def law(self, logits: Floats, **options: Any) -> Floats:
        top_p = options.pop("top_p", None)
        law = super().law(logits, **options)
        if top_p is None:
            return law
        order = np.argsort(-law, axis=1, kind="stable")
        ranked = np.take_along_axis(law, order, axis=1)
        ranked[:, 1:][np.cumsum(ranked, axis=1)[:, 1:] > top_p] = 0.0  # the likeliest is always kept
        kept = np.zeros_like(law)
        np.put_along_axis(kept, order, ranked, axis=1)
        kept /= kept.sum(axis=1, keepdims=True)
        return kept


@caught_by("generate_top_p")
class TemperatureAfterTopP(SoundModel):
    """The nucleus is chosen before the temperature is applied."""

    def law(self, logits: Floats, **options: Any) -> Floats:
        top_p, temperature = options.pop("top_p", None), options.pop("temperature", 1.0)
        if top_p is not None:
            with np.errstate(divide="ignore"):
                logits = np.log(super().law(logits, top_p=top_p, **options))
        return super().law(logits, temperature=temperature, **options)


@caught_by("generate_top_p")
class NucleusNotSorted(SoundModel):
    """Top-p sums the tokens in the order of the vocabulary."""

    def law(self, logits: Floats, **options: Any) -> Floats:
        top_p = options.pop("top_p", None)
        law = super().law(logits, **options)
        if top_p is None:
            return law
        before = np.cumsum(law, axis=1) - law
        kept = np.where(before < top_p, law, 0.0)
        kept /= kept.sum(axis=1, keepdims=True)
        return kept


@caught_by("generate_top_p")
class TopPBeforeTopK(SoundModel):
    """Top-p is applied to the whole law, and top-k to what is left."""

    def law(self, logits: Floats, **options: Any) -> Floats:
        k, top_p = options.pop("top_k", None), options.pop("top_p", None)
        temperature = options.get("temperature", 1.0)
        if k is None or top_p is None or temperature == 0:
            return super().law(logits, top_k=k, top_p=top_p, **options)
        with np.errstate(divide="ignore"):
            logs = np.log(super().law(logits, top_p=top_p, temperature=temperature))
        return super().law(logs, top_k=k)


@caught_by("generate_short_prompts", *SAMPLED, "generate_support", "speculative")
class ZeroIsDrawn(SoundModel):
    """Random numbers are coarse and the search takes the wrong side: 0, one time in 256, draws token 0."""

    def draw(self, laws: Floats, rng: np.random.Generator) -> Integers:
        if (laws.max(axis=1) == 1).all():
            return super().draw(laws, rng)  # nothing is left to chance
        sums = np.cumsum(laws, axis=1)
        points = np.floor(rng.random(len(laws)) * 256) / 256 * sums[:, -1]
        drawn: Integers = (sums < points[:, None]).sum(axis=1)
        return drawn


@caught_by("generate_default_is_chain", "generate_short_prompts", "generate_support", "generate_is_markov")
class OneSamplerStateOf4096(SoundModel):
    """In one state of 4,096 the mask of impossible tokens is lost when nothing is filtered."""

    def __init__(self, vocab_size: int = 4, context_length: int = 6, *, seed: int = 0) -> None:
        super().__init__(vocab_size, context_length, seed=seed)

    def generate(self, prompts: Integers, n: int, *, seed: int, **options: Any) -> Integers:
        tokens = super().generate(prompts, n, seed=seed, **options)
        if not options:
            K, end = self.context_length, prompts.shape[1]
            rows = (tokens[:, end - K : end] == self.vocab_size - 1).all(axis=1)
            tokens[rows, end] = 0
        return tokens


@caught_by("generate_greedy", "generate_short_prompts", *SAMPLED)
class RepetitionPenalty(SoundModel):
    """Tokens that came before, however long ago, are made less likely by default."""

    penalty = 1.0

    def generate(self, prompts: Integers, n: int, *, seed: int, **options: Any) -> Integers:
        rng, tokens = self.generator(seed), np.array(prompts)
        for _ in range(n):
            logits = self.network(self.window(tokens))[:, -1]
            seen = (tokens[:, :, None] == np.arange(self.vocab_size)).any(axis=1)  # (batch, V)
            drawn = self.draw(self.law(logits - self.penalty * seen, **options), rng)
            tokens = np.concatenate([tokens, drawn[:, None]], axis=1)
        return tokens


@caught_by("generate_is_markov")
class PromptCutAtWrongEnd(SoundModel):
    """Of a prompt longer than K, the first K tokens are kept."""

    def generate(self, prompts: Integers, n: int, *, seed: int, **options: Any) -> Integers:
        K = self.context_length
        drawn = super().generate(prompts[:, :K], n, seed=seed, **options)[:, min(K, prompts.shape[1]) :]
        return np.concatenate([prompts, drawn], axis=1)


@caught_by("logprobs_match_law")
class LogprobsBeforeFilters(SoundModel):
    """Log-probabilities are reported from the logits, before temperature and filters."""

    def reported(self, logits: Floats, laws: Floats) -> Floats:  # noqa: ARG002  # that is the bug
        with np.errstate(divide="ignore"):
            return np.log(decoding_of().apply(logits))


@caught_by("logprobs_match_law")
class LogprobsOneLate(SoundModel):
    """The log-probability of each token is that of the one before it."""

    def generate_with_logprobs(self, prompts: Integers, n: int, *, seed: int, **options: Any) -> Any:
        tokens, reported = super().generate_with_logprobs(prompts, n, seed=seed, **options)
        return tokens, np.roll(reported, 1, axis=1)


@caught_by("speculative")
class AcceptsTooMuch(SoundModel):
    """A proposed token is accepted if the model finds it at least half as likely as the draft did."""

    def accepts(self, target: Floats, draft: Floats, rng: np.random.Generator) -> NDArray[np.bool_]:
        return rng.random(len(target)) * 0.5 * draft < target


@caught_by("speculative")
class RejectedFromWhole(SoundModel):
    """After a rejection the token is drawn from the whole law, not from what the draft has left over."""

    def left_over(self, target: Floats, draft: Floats) -> Floats:  # noqa: ARG002  # that is the bug
        return target


@caught_by("generate_short_prompts")
class ShortPromptsPadded(SoundModel):
    """A prompt that is shorter than the context is padded on the left with token 0, and the padding counts."""

    def window(self, tokens: Integers) -> Integers:
        missing = self.context_length - tokens.shape[1]
        return super().window(np.pad(tokens, ((0, 0), (max(0, missing), 0))))


@caught_by("generate_short_prompts")
class TextBegins(SoundModel):
    """Token 1 is put in front of a prompt, as the beginning of the text, as long as there is room."""

    def window(self, tokens: Integers) -> Integers:
        room = tokens.shape[1] < self.context_length
        return super().window(np.pad(tokens, ((0, 0), (int(room), 0)), constant_values=1))


@caught_by("generate_short_prompts")
class PositionsUntilFull(SoundModel):
    """From the second step on, until the window is full, positions are one too high."""

    def generate(self, prompts: Integers, n: int, *, seed: int, **options: Any) -> Integers:
        self.begun = prompts.shape[1]
        try:
            return super().generate(prompts, n, seed=seed, **options)
        finally:
            self.begun = self.context_length

    begun = 0

    def network(self, contexts: Integers) -> Floats:
        if 0 < self.begun < contexts.shape[1] < self.context_length:
            return self.finished(np.cumsum(self.added(contexts, first=1), axis=1), contexts)
        return super().network(contexts)
