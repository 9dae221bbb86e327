"""Does ``generate`` return what was asked for: tokens behind the prompt, by the seed, greedily where it should?"""

from __future__ import annotations

from functools import partial

import numpy as np
from numpy.typing import NDArray

from markovgpt.answers import as_float64
from markovgpt.decoding import Decoding
from markovgpt.enumeration.closeness import likely_precision
from markovgpt.errors import ModelError
from markovgpt.testing.causes.greedy import said_of_greedy
from markovgpt.testing.causes.modes import said_of_mode
from markovgpt.testing.checks.record import check
from markovgpt.testing.comparing import rounding_in
from markovgpt.testing.findings import NotApplicable, fact
from markovgpt.testing.judging import exact_laws, windows
from markovgpt.testing.messages import counted
from markovgpt.testing.subject import Subject

__all__ = ["generate_greedy", "generate_seeded", "generate_shape"]

Integers = NDArray[np.int64]

_LENGTH = 4  # tokens drawn after a prompt
_MOST = 18  # of them, where K + 2 would be more


@check(
    what="Generates nothing, one token and several, for one prompt and many: the rows must be the prompts and that "
    "many tokens from 0 to V - 1.",
    catches="Continuations without their prompts, stopping early, padding at the end, tokens of a padded vocabulary.",
    mend="Return (batch, length + n) integers that begin with the prompts.",
    needs=("generate",),
)
def generate_shape(subject: Subject) -> str:
    """``(batch, length + n)`` tokens that begin with the prompts."""
    prompts = subject.contexts(subject.K).tokens
    for asked in (prompts, prompts[:1], prompts[:, :1]):
        for n in (1, min(subject.K + 1, _MOST)):
            try:
                subject.generate(asked, n, seed=subject.seed)
            except ModelError as error:
                if error.__cause__ is not None:
                    raise
                raise subject.broken(
                    "generate does not return the prompts and the tokens after them",
                    fact("asked", f"{counted(len(asked), 'prompt')} of length {asked.shape[1]}, n={n}"),
                    fact("got", str(error)),
                    likely=partial(_wrong_shape, subject, error, asked, n),
                ) from error
    return f"{len(prompts)} prompts of length {subject.K}, one prompt, and prompts of one token"


def _wrong_shape(subject: Subject, error: ModelError, asked: Integers, n: int) -> str:
    """What makes ``generate`` return such tokens after prompts ``(rows, length)``."""
    facts = error.facts
    if "returned" in facts:
        return "is a return missing?"
    if "token" in facts:
        if facts["token"] < 0:
            return "a mark of the end, or of padding, is returned as a token"
        return f"the output layer is padded, and its extra rows are drawn: cut the logits, logits[:, :{subject.V}]"
    if "got" not in facts:
        return _changed_prompts(subject, asked, n)
    shape, dtype = facts["got"], facts["dtype"]
    if shape == (len(asked), asked.shape[1] + n) and np.issubdtype(dtype, np.floating):
        return (
            f"the tokens are numbers of {dtype}: an array made without a dtype, such as np.empty. Make it of integers"
        )
    if not np.issubdtype(dtype, np.integer):
        return "return the tokens themselves: whole numbers, of an array or a tensor of integers"
    if len(shape) == 1 and len(asked) == 1:
        return "a batch of one loses its first dimension: squeeze only the dimension that is meant"
    if shape == (len(asked), n):
        again = as_float64(subject.call("generate", asked, n, seed=subject.seed), f"generate of {subject.name}")
        length = min(n, asked.shape[1])
        if again.shape != shape or not (again[:, :length] == asked[:, :length]).all():
            return "only the new tokens are returned: put the prompts in front of them"
    if len(shape) == 2 and shape[1] < asked.shape[1] + n:
        return (
            "generation stops by itself, at an end token, say, or its loop ends too early: go on until there are n "
            "tokens after every prompt"
        )
    return "return each prompt and n tokens after it, whatever they are: no padding, no mark of the end"


def _changed_prompts(subject: Subject, asked: Integers, n: int) -> str:
    """What became of prompts ``(rows, length)`` that do not begin what is returned."""
    answer = as_float64(subject.call("generate", asked, n, seed=subject.seed), f"generate of {subject.name}")
    began = answer[:, : asked.shape[1]]
    if sorted(began.tolist()) == sorted(asked.astype(np.float64).tolist()):
        return "rows of the batch come back in another order"
    if (answer[:, n:] == asked).all():
        return "the new tokens stand before the prompts: put them behind"
    return "the prompts are changed on the way: cut, padded, shifted, or written over"


@check(
    what="The same seed twice, with a call for another seed in between, must give the same tokens; another seed must "
    "give others, where the law makes it impossible (less than alpha) that they agree by chance.",
    catches="A seed that is not passed on, random numbers of the whole process, one generator for all calls, a seed "
    "that is fixed inside.",
    mend="Make a generator from the seed at the start of each call, and draw from that one alone.",
    needs=("generate",),
    after=("logits_shape", "logits_finite", "generate_shape"),
)
def generate_seeded(subject: Subject) -> str:
    """The seed, and nothing else, decides."""
    prompts = subject.contexts(subject.K).tokens
    first = subject.generate(prompts, _LENGTH, seed=subject.seed)
    other = subject.generate(prompts, _LENGTH, seed=subject.seed + 10_000)
    again = subject.generate(prompts, _LENGTH, seed=subject.seed)
    differs = np.flatnonzero((first != again).any(axis=1))
    if len(differs):
        row = differs[0]
        raise subject.broken(
            "the same seed gives other tokens the second time",
            fact("compared", f"{len(prompts)} prompts and {_LENGTH} tokens after each, seed={subject.seed} twice"),
            fact("differ", f"{len(differs)} of {len(prompts)} rows"),
            fact(
                "first",
                f"after {subject.label(prompts[row])}: {first[row, subject.K :]}, then {again[row, subject.K :]}",
            ),
            likely="the seed is not used, or the generator goes on from the call before",
        )
    drawn = windows(first, subject.K, _LENGTH)  # (rows, K + 1)
    laws = exact_laws(subject, drawn[:, :-1], Decoding())
    with np.errstate(divide="ignore"):
        chance = float(np.log(laws[np.arange(len(drawn)), drawn[:, -1]]).sum())
    if chance > np.log(subject.alpha):
        return "the same seed gives the same tokens; the law leaves too little choice to tell other seeds apart"
    if (first == other).all():
        raise subject.broken(
            "another seed gives the same tokens",
            fact(
                "compared",
                f"{len(prompts)} prompts and {_LENGTH} tokens, seeds {subject.seed} and {subject.seed + 10_000}",
            ),
            fact("chance", f"e^{chance:.1f} if the seed were used"),
            likely="the seed is ignored: the generator inside has a fixed one",
        )
    return f"{len(prompts)} prompts and {_LENGTH} tokens after each, seed {subject.seed} twice and another one"


@check(
    what="At temperature 0 every token must be the likeliest after the K before it; of tokens that tie up to "
    "rounding, any.",
    catches="Temperature 0 that is taken for 'not given', a division by 0, sampling among the best few, a second "
    "sampler for greedy decoding that looks at another position.",
    mend="Take argmax of the logits where temperature is 0, before anything is divided or filtered.",
    needs=("generate",),
    after=("logits_shape", "logits_finite", "generate_shape"),
)
def generate_greedy(subject: Subject) -> str:
    """Temperature 0 is argmax."""
    contexts = subject.contexts(subject.K)
    n = min(subject.K + 2, _MOST)
    if not subject.takes("generate", "temperature"):
        raise NotApplicable("generate takes no temperature")
    sequences = subject.generate(contexts.tokens, n, seed=subject.seed, temperature=0.0)
    drawn = windows(sequences, subject.K, n)
    laws = exact_laws(subject, drawn[:, :-1], Decoding())
    taken = laws[np.arange(len(drawn)), drawn[:, -1]]
    missing: NDArray[np.float64] = laws.max(axis=1) - taken  # (rows,)
    allowed = 2 * subject.allowed(np.log(np.maximum(laws, 1e-300)))  # either of two probabilities may be rounded
    wrong = ~(missing <= allowed)
    if wrong.any():
        row = int(missing.argmax())
        best = int(laws[row].argmax())
        logits = subject.ask(drawn[row : row + 1, :-1])  # (1, V)
        swapped = logits.copy()
        swapped[0, [best, drawn[row, -1]]] = logits[0, [drawn[row, -1], best]]
        precision = likely_precision(swapped, logits)
        raise subject.broken(
            "generate at temperature 0 does not take the likeliest token",
            fact("compared", f"{contexts.describe()}, and {n} tokens after each"),
            fact("differ", f"{int(wrong.sum())} of {len(drawn)} tokens"),
            subject.worst(
                drawn[row, :-1],
                f"{subject.labels[drawn[row, -1]]} with probability {taken[row]:.4g}, where {subject.labels[best]} has "
                f"{laws[row, best]:.4g}",
            ),
            explained=rounding_in(precision, float(missing[row]) / 2) if precision else "",
            likely=lambda: said_of_mode(subject.model) or said_of_greedy(subject, sequences, n),
        )
    return f"{contexts.describe()}, and {n} tokens after each"
