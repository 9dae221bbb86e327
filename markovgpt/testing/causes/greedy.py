"""Why does a sampler not take the likeliest token at temperature 0?"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from markovgpt.decoding import Decoding
from markovgpt.errors import ModelError
from markovgpt.testing.causes.candidates import looked_elsewhere
from markovgpt.testing.causes.evidence import evidence_of
from markovgpt.testing.causes.penalties import penalty_of_greedy
from markovgpt.testing.samples.references import Reference
from markovgpt.testing.subject import Subject

__all__ = ["said_of_greedy"]

Integers = NDArray[np.int64]

_OTHER_SEED = 10_000


def said_of_greedy(subject: Subject, sequences: Integers, n: int) -> str:
    """What is wrong with tokens taken at temperature 0, the last n of each row.

    Another seed shows whether they are drawn. If they are not, the likeliest tokens after other windows and rows, and
    under penalties, are compared with all that were taken.
    """
    prompts = sequences[:, : sequences.shape[1] - n]
    try:
        again = subject.generate(prompts, n, seed=subject.seed + _OTHER_SEED, temperature=0.0)
    except ModelError:
        again = sequences
    if (again != sequences).any():
        return (
            "tokens are drawn, another seed gives others: temperature 0 is taken for the default, as by "
            "`temperature or 1.0`, or for a small one"
        )
    reference = Reference(subject.source, Decoding(greedy=True))
    calls = np.concatenate([np.full(len(prompts[rows]), number) for number, rows in subject.calls(prompts)])
    evidence = evidence_of(reference, sequences, n, model=subject.model, calls=calls)
    wrong = None if evidence is None else evidence.steps[evidence.laws[evidence.places, evidence.tokens] == 0]
    if evidence is None or wrong is None or not len(wrong):
        return _UNKNOWN
    first = int(wrong.min())
    later = evidence.only(evidence.steps >= first)
    for other in looked_elsewhere(later):
        right = other.evidence.laws[other.evidence.places, other.evidence.tokens]
        if (right == 0).any() and (other.laws[other.groups, other.evidence.tokens] > 0).all():
            since = f" from token {first + 1} on" if first else ""
            return f"{other.rule} (every token that was taken{since} is the likeliest then)"
    penalty = penalty_of_greedy(evidence)
    if penalty:
        return penalty
    if not first:
        return _UNKNOWN
    are = "token 1 after each prompt is" if first == 1 else f"tokens 1 to {first} after each prompt are"
    return (
        f"{are} right, and the first wrong one is token {first + 1}: what a step leaves behind, the key-value cache, "
        "its positions, or how it is cropped"
    )


_UNKNOWN = "another sampler is used for temperature 0, or it looks at another position"
