"""What is wrong with a sampler whose draws were rejected: at which step, and by which known mistake?"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from markovgpt.testing.causes.candidates import by_rule, candidates
from markovgpt.testing.causes.evidence import Evidence
from markovgpt.testing.causes.mistakes import Rule, wrong_rules
from markovgpt.testing.causes.predictions import best_of
from markovgpt.testing.causes.randomness import same_at_every_step, shared_by_rows
from markovgpt.testing.causes.slides import Again, slide_of
from markovgpt.testing.causes.steps import rejected_rows, split_of
from markovgpt.testing.findings import cause_of
from markovgpt.testing.samples.references import Reference
from markovgpt.testing.samples.verdicts import Likely

__all__ = ["Diagnosis", "Suspect", "diagnose", "said_of_impossible"]

Suspect = Callable[[Evidence, Sequence[Evidence]], str]
"""What is likely of rejected draws, given others of the same sampler; empty if nothing is."""

_CACHE = "what a step leaves behind: the key-value cache, its positions, or how it is cropped when the window slides"
_CROPPED = (
    "the key-value cache when the window slides: the keys that stay have the positions of before, or too many or too "
    "few are dropped"
)
_GROWN = (
    "what a step leaves behind, before the window slides: the key-value cache, the position of the new token, or a "
    "random number that is used twice"
)
_FIRST = (
    "the first token after a prompt is drawn in another way than those after it: look at how the prompt is taken in"
)
_SAME, _AGAINST = 1e-6, 15.0  # nats
_RARE, _FEW = 0.02, 0.1  # of all draws; of all states


class Diagnosis(NamedTuple):
    """What was seen of a wrong sampler besides that it is wrong.

    Attributes
    ----------
    facts : tuple of (name, text)
        Lines of a message.
    likely : Likely, or None
        The known mistake that explains the draws.
    """

    facts: tuple[tuple[str, str], ...] = ()
    likely: Likely | None = None


def diagnose(
    evidence: Evidence,
    alpha: float,
    *,
    rules: Mapping[str, Rule] | None = None,
    others: Sequence[Evidence] = (),
    again: Again | None = None,
    n: int = 0,
    seed: int = 0,
    suspect: Suspect | None = None,
) -> Diagnosis:
    """Where a rejected sample goes wrong, and what explains it: laws are compared, and nothing is claimed without one.

    Parameters
    ----------
    evidence : Evidence
        Draws that were rejected.
    alpha : float
        As they were judged.
    rules : {what is wrong: rule}, optional
        Wrong rules to try in place of all known mistakes.
    others : sequence of Evidence
        Draws of the same sampler under other rules: they decide between mistakes that are the same under this one.
    again : callable, optional
        Draws again from other prompts, n at a time, to see whether it is the sliding window that is wrong.
    n, seed
        Of these.
    suspect : callable, optional
        Says what is likely where nothing is found by a law, and all steps are wrong, from the draws and those under
        other rules.
    """
    try:
        return _diagnosed(evidence, alpha, rules, others, again, n, seed, suspect)
    except Exception as error:  # of the model, mostly, which is asked again: the draws are wrong all the same
        return Diagnosis((("diagnosis", f"not made: {cause_of(error)}"),))


def _diagnosed(
    evidence: Evidence,
    alpha: float,
    rules: Mapping[str, Rule] | None,
    others: Sequence[Evidence],
    again: Again | None,
    n: int,
    seed: int,
    suspect: Suspect | None,
) -> Diagnosis:
    split = split_of(evidence, alpha)
    facts = [("steps", split.says())] if split else []
    wrong = evidence
    if split is not None:
        wrong = evidence.only((evidence.steps >= split.first) == split.later)
    likely = _known(wrong, evidence, rules, others)
    if likely is not None or rules is not None:
        return Diagnosis(tuple(facts), likely)
    shared = shared_by_rows(evidence)
    if shared:
        return Diagnosis(tuple(facts), Likely(rule=shared))
    impossible = _only_impossible(wrong, alpha)
    if impossible:
        return Diagnosis(tuple(facts), Likely(rule=impossible))
    if split is None:
        said = suspect(evidence, others) if suspect else ""
        return Diagnosis(tuple(facts), Likely(rule=said) if said else None)
    if not split.later:
        return Diagnosis(tuple(facts), Likely(rule=_FIRST))
    slide = None
    if again is not None and evidence.model is not None:
        asked = Reference(evidence.model, evidence.rule)
        slide = slide_of(asked, again, n=n, seed=seed, alpha=alpha)
    if slide is None:
        return Diagnosis(tuple(facts), Likely(rule=_CACHE))
    return Diagnosis((*facts, ("window", slide.said)), Likely(rule=_CROPPED if slide.sliding else _GROWN))


def _known(
    wrong: Evidence, whole: Evidence, rules: Mapping[str, Rule] | None, others: Sequence[Evidence]
) -> Likely | None:
    """The known mistake under which the draws are likeliest, if it explains them; all that say the same, if several."""
    if rules is not None:
        best = best_of(by_rule(wrong, rules))
    else:
        tried = wrong_rules(wrong.rule, wrong.vocab_size)
        best = best_of([*candidates(wrong, tried), *same_at_every_step(whole)])
    gains = [prediction.gain_elsewhere(others) for prediction in best]
    highest = max(gains, default=-np.inf)
    if highest < -_AGAINST:
        return None
    names = [one.rule for one, gain in zip(best, gains, strict=True) if gain >= highest - _SAME]
    names = list(dict.fromkeys(names))
    seen, chance = best[0].distance
    return Likely(rule=names[0], distance=seen, chance=chance, also=tuple(names[1:]))


def _only_impossible(evidence: Evidence, alpha: float) -> str:
    """What is likely where all that is wrong are draws that the model itself excludes, or a few that its rule does."""
    possible = evidence.laws[evidence.places, evidence.tokens] > 0
    if possible.all() or not possible.any():
        return ""
    excluded = evidence.only(~possible)
    logs = evidence.reference.logs(evidence.contexts)[excluded.places, excluded.tokens]
    states = int((evidence.laws[np.unique(evidence.places)] == 0).any(axis=1).sum())
    everywhere = len(np.unique(excluded.places)) > _FEW * states
    if not np.isneginf(logs).all() and not (everywhere and len(excluded) <= _RARE * len(evidence)):
        return ""
    if rejected_rows(evidence.only(possible).counts(), evidence.laws, alpha) is not None:
        return ""
    cause = said_of_impossible(len(np.unique(excluded.places)), states)
    return f"draws of probability 0 are all that is seen to be wrong ({len(excluded):,} of {len(evidence):,}): {cause}"


def said_of_impossible(wrong: int, states: int) -> str:
    """What draws tokens of probability 0 in so many of the states that have any."""
    if wrong <= _FEW * states:
        return f"in {wrong} of {states:,} states that exclude tokens, where a mask is lost"
    return "the cumulated sum is searched from the wrong side, or weights are raised above 0"
