"""Which mistakes are tried on a rejected sample: wrong rules, windows, rows, penalties?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial

import numpy as np
from numpy.typing import NDArray

from markovgpt.testing.causes.evidence import Evidence
from markovgpt.testing.causes.mistakes import Rule, wrong_rules
from markovgpt.testing.causes.penalties import penalties
from markovgpt.testing.causes.predictions import Prediction
from markovgpt.testing.causes.shifts import ROWS, Look, LookAcross, other_rows, prompts_of, windows_of
from markovgpt.testing.samples.draws import different_rows

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


def by_rule(evidence: Evidence, rules: Mapping[str, Rule]) -> Iterator[Prediction]:
    """Wrong ways to make a law of logits."""
    often = evidence.most_drawn(min(_MOST_STATES, max(1, _CELLS // evidence.vocab_size)))
    logs = often.reference.logs(often.contexts)
    for name, rule in rules.items():
        laws = rule(logs)
        if laws.shape == often.laws.shape:
            again = partial(_same_rule, name)
            yield Prediction(rule=name, evidence=often, groups=often.places, laws=laws, elsewhere=again)


def _same_rule(name: str, other: Evidence) -> Iterator[Prediction]:
    rules = wrong_rules(other.rule, other.vocab_size)
    return by_rule(other, {name: rules[name]} if name in rules else {})


def looked_elsewhere(evidence: Evidence) -> Iterator[Prediction]:
    """Draws from laws after other tokens than the last K: other windows, other rows."""
    K = evidence.context_length
    for name, look in {**windows_of(K), **prompts_of(K)}.items():
        yield from _looked(name, look, evidence)
    names = list(other_rows(evidence.calls)) if len(np.unique(evidence.calls)) < len(evidence.calls) else []
    for which in names:
        for name, across in ROWS.items():
            yield from _looked_across(name, across, which, evidence)


def _looked(name: str, look: Look, evidence: Evidence) -> Iterator[Prediction]:
    """Draws from the law of another window; none if the model cannot be asked about it."""
    some = _some(evidence)
    groups, laws, n = np.empty(len(some), dtype=np.int64), [], 0
    for step in np.unique(some.steps).tolist():
        here = np.flatnonzero(some.steps == step)
        texts = some.sequences[some.rows[here], : some.prompt_length + step]
        contexts, places = different_rows(look(texts, some.prompt_length), some.vocab_size)
        law = some.laws_after(contexts) if len(contexts) <= _MOST_ASKED else None
        if law is None:
            return
        groups[here], n = places + n, n + len(contexts)
        laws.append(law)
    again = partial(_looked, name, look)
    yield Prediction(rule=name, evidence=some, groups=groups, laws=np.concatenate(laws), elsewhere=again)


def _looked_across(name: str, look: LookAcross, which: str, evidence: Evidence) -> Iterator[Prediction]:
    """Draws from the laws of windows that are mixed with those of another row of the same call."""
    some, K = _some(evidence), evidence.context_length
    columns = (some.prompt_length + some.steps - K)[:, None] + np.arange(K)
    other = some.sequences[other_rows(some.calls)[which][some.rows][:, None], columns]  # (d, K)
    if not ((other >= 0) & (other < some.vocab_size)).all():
        return
    contexts, groups = different_rows(look(some.contexts[some.places], other), some.vocab_size)
    if len(contexts) <= _MOST_ASKED:
        said, again = name.format(row=which), partial(_looked_across, name, look, which)
        yield Prediction(rule=said, evidence=some, groups=groups, laws=some.reference.laws(contexts), elsewhere=again)


def _some(evidence: Evidence) -> Evidence:
    """So many draws as other laws are asked for."""
    return evidence.thinned(max(_FEWEST, min(_MOST_DRAWS, _CELLS // evidence.vocab_size)))
