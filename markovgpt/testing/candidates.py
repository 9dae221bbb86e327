"""Which mistakes are tried on a rejected sample: wrong rules, windows, rows, penalties?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from markovgpt.testing.draws import different_rows
from markovgpt.testing.evidence import Evidence
from markovgpt.testing.mistakes import Rule
from markovgpt.testing.penalties import penalties
from markovgpt.testing.predictions import Prediction
from markovgpt.testing.shifts import ROWS, Look, other_rows, prompts_of, windows_of

__all__ = ["by_rule", "candidates", "looked_elsewhere"]

Integers = NDArray[np.int64]
Table = NDArray[np.float64]

_MOST_STATES = 512  # with most draws, in which wrong rules are tried
_CELLS = 2**20
_MOST_DRAWS, _FEWEST = 2**13, 256  # of which other windows are asked about
_MOST_ASKED = 4096  # different contexts of one rule that a model is asked about


def candidates(evidence: Evidence, rules: Mapping[str, Rule]) -> Iterator[Prediction]:
    """What each known mistake would have drawn from, in the states that have most draws."""
    yield from by_rule(evidence, rules)
    yield from looked_elsewhere(evidence)
    yield from penalties(evidence)


def looked_elsewhere(evidence: Evidence) -> Iterator[Prediction]:
    """Draws from laws after other tokens than the last K: other windows, other rows."""
    some, K = evidence.thinned(max(_FEWEST, min(_MOST_DRAWS, _CELLS // evidence.vocab_size))), evidence.context_length
    for name, look in {**windows_of(K), **prompts_of(K)}.items():
        seen = _looked(some, name, look)
        if seen is not None:
            yield seen
    yield from _rows(some)


def by_rule(evidence: Evidence, rules: Mapping[str, Rule]) -> Iterator[Prediction]:
    """Wrong ways to make a law of logits."""
    often = evidence.most_drawn(min(_MOST_STATES, max(1, _CELLS // evidence.vocab_size)))
    logs = often.reference.logs(often.contexts)
    for name, rule in rules.items():
        laws = rule(logs)
        if laws.shape == often.laws.shape:
            yield Prediction(rule=name, evidence=often, groups=often.places, laws=laws)


def _looked(evidence: Evidence, name: str, look: Look) -> Prediction | None:
    """Draws from the law of another window; None if the model cannot be asked about it."""
    groups, laws, n = np.empty(len(evidence), dtype=np.int64), [], 0
    for step in np.unique(evidence.steps).tolist():
        here = np.flatnonzero(evidence.steps == step)
        texts = evidence.sequences[evidence.rows[here], : evidence.prompt_length + step]
        contexts, places = different_rows(look(texts, evidence.prompt_length), evidence.vocab_size)
        law = evidence.laws_after(contexts) if len(contexts) <= _MOST_ASKED else None
        if law is None:
            return None
        groups[here], n = places + n, n + len(contexts)
        laws.append(law)
    return Prediction(rule=name, evidence=evidence, groups=groups, laws=np.concatenate(laws))


def _rows(evidence: Evidence) -> Iterator[Prediction]:
    """Draws from the laws of other rows of the same call."""
    if len(np.unique(evidence.calls)) == len(evidence.calls):
        return
    K = evidence.context_length
    columns = (evidence.prompt_length + evidence.steps - K)[:, None] + np.arange(K)
    own = evidence.contexts[evidence.places]
    for which, rows in other_rows(evidence.calls).items():
        other = evidence.sequences[rows[evidence.rows][:, None], columns]  # (d, K)
        inside = (other >= 0) & (other < evidence.vocab_size)
        if not inside.all():
            return
        for name, look in ROWS.items():
            contexts, groups = different_rows(look(own, other), evidence.vocab_size)
            if len(contexts) <= _MOST_ASKED:
                laws = evidence.reference.laws(contexts)
                yield Prediction(rule=name.format(row=which), evidence=evidence, groups=groups, laws=laws)
