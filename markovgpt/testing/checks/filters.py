"""Does ``generate`` sample from the law that was asked for? Draws, judged against the exact chain."""

from __future__ import annotations

from typing import Any

import numpy as np

from markovgpt.decoding import Decoding
from markovgpt.errors import ModelError
from markovgpt.testing.causes.beginnings import said_of_beginnings
from markovgpt.testing.causes.diagnosis import said_of_impossible
from markovgpt.testing.checks.record import check
from markovgpt.testing.findings import NotApplicable, fact
from markovgpt.testing.judging import Part, draws_after, exact_laws, judge, prompts_described, prompts_for, windows
from markovgpt.testing.refusals import refusal
from markovgpt.testing.subject import Subject
from markovgpt.testing.telling import telling_top_p

__all__ = [
    "generate_default_is_chain",
    "generate_is_markov",
    "generate_support",
    "generate_temperature",
    "generate_top_k",
    "generate_top_p",
]

_LENGTH = 4  # tokens drawn after a prompt without any option
_FILTERED = 2  # under each rule: a wrong filter shows in draws that it makes impossible
_AFTER = ("logits_shape", "logits_finite", "generate_shape")
_TEMPERATURES = (0.5, 2.0)
_NUCLEI = (0.5, 0.9)
_OLDER = 8  # tokens before the last K, at most
_MOST_K = 8  # together with a nucleus


@check(
    what="Draws without any option and judges the draws after every state against softmax(logits), by a G-test a "
    "state.",
    catches="A default that nobody asked for: the 50 likeliest tokens only, a temperature, a penalty; softmax taken "
    "twice; a sampler that is not quite one.",
    threads=("transformers #38549", "trl #6337"),
    mend="With no option, draw from softmax(logits): top_k=None, top_p=None, temperature=1.",
    needs=("generate",),
    after=_AFTER,
    samples=True,
)
def generate_default_is_chain(subject: Subject) -> str:
    """No option is the chain."""
    return judge(subject, _parts(subject, {}, length=_LENGTH))


@check(
    what="Draws at two temperatures, below and above 1, and judges each against softmax(logits / temperature).",
    catches="A temperature that is ignored, applied twice, or multiplied instead of divided by.",
    threads=("transformers #8686", "mesh-transformer-jax #164", "minGPT #10"),
    mend="Divide the logits by the temperature once, before any filter.",
    needs=("generate",),
    after=_AFTER,
    samples=True,
)
def generate_temperature(subject: Subject) -> str:
    """The law at other temperatures."""
    return judge(subject, _parts(subject, *({"temperature": value} for value in _TEMPERATURES)))


@check(
    what="Draws with the likeliest token, two, and all but one, and judges each: all tokens that tie with the k-th "
    "are kept.",
    catches="k that is off by one, tokens lost or kept at random where several tie at the cut, a threshold in "
    "probabilities that is compared with logits.",
    threads=("transformers #8686", "mesh-transformer-jax #164", "minGPT #10"),
    mend="Find the k-th largest logit and drop what is less: logits[logits < kth] = -inf.",
    needs=("generate",),
    after=_AFTER,
    samples=True,
)
def generate_top_k(subject: Subject) -> str:
    """The law of the k likeliest, ties kept."""
    return judge(
        subject, _parts(subject, *({"top_k": k} for k in sorted({1, min(2, subject.V), max(1, subject.V - 1)})))
    )


@check(
    what="Draws with two nuclei, and with a nucleus, chosen to tell orders apart, together with a temperature and "
    "with top-k: temperature first, then top-k, then top-p, and the token that crosses the sum is kept.",
    catches="Filters in another order, the crossing token dropped, tokens that are cut off by an unsorted sum, a "
    "nucleus of probabilities before the temperature.",
    threads=("transformers #8686", "mesh-transformer-jax #164", "minGPT #10"),
    mend="Temperature, top-k, softmax, then keep sorted tokens while the sum before them is below top_p.",
    needs=("generate",),
    after=_AFTER,
    samples=True,
)
def generate_top_p(subject: Subject) -> str:
    """The law of the nucleus: order and crossing token."""
    options: list[dict[str, Any]] = [{"top_p": value} for value in _NUCLEI]
    if subject.takes("generate", "temperature"):
        for value in _TEMPERATURES:
            top_p = telling_top_p(subject, "the temperature is applied after top_p", temperature=value)
            options.append({"top_p": top_p, "temperature": value})
    if subject.takes("generate", "top_k") and subject.V > 2:
        k = min(max(2, subject.V // 2), _MOST_K)
        options.append({"top_p": telling_top_p(subject, "top_p is applied before top_k", top_k=k), "top_k": k})
    return judge(subject, _parts(subject, *options))


@check(
    what="Draws from states that have impossible tokens: one draw of probability 0 fails at once, without statistics.",
    catches="A sampler that can return an index of weight 0: a sum that rounds up to 1 too late, a search that takes "
    "the wrong side.",
    threads=("pytorch #4858", "pytorch #48841", "pytorch #136623"),
    mend="Search the cumulated sum for the first entry above the random number, and divide that by the last entry.",
    needs=("generate",),
    after=_AFTER,
    samples=True,
)
def generate_support(subject: Subject) -> str:
    """A draw of probability 0 fails at once."""
    prompts = subject.contexts(subject.K).tokens
    some = prompts[(exact_laws(subject, prompts, Decoding()) == 0).any(axis=1)]
    if not len(some):
        raise NotApplicable("no token is impossible")
    asked = some[np.resize(np.arange(len(some)), subject.n)]
    drawn = windows(subject.generate(asked, 1, seed=subject.seed), subject.K, 1)
    laws = exact_laws(subject, drawn[:, :-1], Decoding())
    wrong = np.flatnonzero(laws[np.arange(len(drawn)), drawn[:, -1]] == 0)
    if len(wrong):
        row = drawn[wrong[0]]
        raise subject.broken(
            "generate draws tokens of probability 0",
            fact("drawn", f"{len(drawn):,} tokens after {len(some)} states that have impossible ones"),
            fact("wrong", f"{len(wrong)} of {len(drawn):,}"),
            fact("first", f"{subject.labels[row[-1]]} after {subject.label(row[:-1])}"),
            likely=said_of_impossible(len(np.unique(drawn[wrong, :-1], axis=0)), len(some)),
        )
    return f"{len(drawn):,} draws after {len(some)} states that have impossible tokens"


@check(
    what="Gives generate prompts that are longer than K, with the same last K tokens behind different beginnings, and "
    "judges the draws behind each beginning against the law of the last K tokens.",
    catches="A repetition penalty, a window of another length, a prompt that is cut at the wrong end.",
    threads=("lattice #387", "ik_llama.cpp #2410"),
    mend="Crop to the last K tokens before each step; leave penalties off by default.",
    needs=("generate",),
    after=_AFTER,
    samples=True,
)
def generate_is_markov(subject: Subject) -> str:
    """Given K tokens, older ones are irrelevant."""
    beginnings = {0, subject.V - 1}
    n = max(1, subject.n // len(beginnings))
    last, older = prompts_for(subject, n), min(subject.K + 1, _OLDER)
    parts = []
    for token in sorted(beginnings):
        prompts = np.concatenate([np.full((n, older), token), last], axis=1)
        try:
            sequences = subject.generate(prompts, 1, seed=subject.seed)
        except ModelError as error:
            kind = refusal(error).partition(":")[0]
            raise NotApplicable(f"generate takes no prompts longer than K={subject.K} ({kind})") from error
        said = f"{older} times {subject.labels[token]} before the last K={subject.K} tokens"
        parts.append(Part(sequences, 1, {}, said))
    return judge(subject, parts, check="generate_is_markov", suspect=said_of_beginnings)


def _parts(subject: Subject, *rules: dict[str, Any], length: int = _FILTERED) -> list[Part]:
    """Draws after all contexts under each rule; the rules share the prompts that there are."""
    prompts = prompts_for(subject, max(1, subject.n // len(rules)))
    said, length = prompts_described(subject), draws_after(subject, length)
    return [Part(subject.generate(prompts, length, seed=subject.seed, **rule), length, rule, said) for rule in rules]
