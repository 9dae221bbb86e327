"""Do these tokens come from this chain? A G-test for every state, with a stated rate of false alarms."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import xlogy

from markovgpt.chain import MarkovChain
from markovgpt.comparison.correction import adjusted_p_values
from markovgpt.comparison.rows import total_variation
from markovgpt.decoding import Decoding
from markovgpt.errors import ArgumentError
from markovgpt.model import LanguageModel
from markovgpt.testing.draws import Draws, read_draws
from markovgpt.testing.mistakes import Rule, wrong_rules
from markovgpt.testing.ranks import RankTally
from markovgpt.testing.references import Reference
from markovgpt.testing.settings import resolved
from markovgpt.testing.tails import least_distance, row_tests
from markovgpt.testing.verdicts import Likely, SampleVerdict

__all__ = ["judge_samples"]

Integers = NDArray[np.int64]
Table = NDArray[np.float64]

_POWER = 0.99
_CLOSER = 5.0
_GAIN, _FITS = 15.0, 1e-3
_ENOUGH = 100  # draws from which it means something that they do not contradict a rule
_MOST_LIKELY_STATES = 512  # with most draws, in which wrong rules are tried


def judge_samples(
    chain: MarkovChain | LanguageModel,
    sequences: Any,
    *,
    alpha: float | None = None,
    decoding: Decoding | None = None,
    prompt_length: int | None = None,
    rules: Mapping[str, Rule] | None = None,
) -> SampleVerdict:
    """Judge recorded tokens: is each drawn from the law of the at most K tokens before it?

    One G-test a state, with p-values that are exact or proven bounds (:mod:`markovgpt.testing.tails`), Holm over all
    states that were visited, together with tests of how often likely and unlikely tokens are drawn in all states
    (:mod:`markovgpt.testing.ranks`), which find a small fault that is everywhere. The number of draws of a state is
    taken as given. A draw of probability 0 rejects at once.

    Parameters
    ----------
    chain : MarkovChain or LanguageModel
        V tokens, context K. A model is asked about the visited states only, so V^K may be any number.
    sequences : (m, K + n) integers, or a list of sequences of different lengths
        The first K tokens of each are the prompt, every further one is one draw.
    alpha : float, 0 < alpha < 1, optional
        Probability of a false alarm, of all states together: 1e-6, or what pytest was told.
    decoding : Decoding, optional
        The rule that the sampler was asked for.
    prompt_length : int, at least 1, optional
        Tokens of each sequence that are given; K by default. Shorter ones need a chain of all lengths, or the model.
    rules : {what is wrong: rule}, optional
        Known mistakes to compare a rejected sample with; those of :func:`markovgpt.testing.wrong_rules` by default.

    Raises
    ------
    ArgumentError
        The sequences are none, or an option has a value that it cannot have.

    Examples
    --------
    >>> import numpy as np, markovgpt as mg
    >>> chain = mg.chain_from_table([[0.5, 0.5], [0.9, 0.1]])
    >>> fair = np.random.default_rng(0).integers(0, 2, size=(500, 3))
    >>> verdict = judge_samples(chain, fair)
    >>> verdict.ok, [verdict.labels[i] for i in verdict.rejected]
    (False, ['1'])
    """
    alpha = resolved(alpha=alpha).alpha
    reference = Reference(chain, decoding)
    length = reference.context_length if prompt_length is None else prompt_length
    if isinstance(length, bool) or not isinstance(length, int | np.integer) or length < 1:
        raise ArgumentError(f"prompt_length is a number of tokens, at least 1: got {length!r}.", prompt_length=length)
    draws, outside = read_draws(
        sequences,
        vocab_size=reference.vocab_size,
        context_length=reference.context_length,
        prompt_length=int(length),
    )
    tally = RankTally(reference.vocab_size)
    rows = _judged(reference, draws, tally)
    by_rank, m = tally.tests(), len(rows["p_values"])
    family = np.concatenate([rows["p_values"], [test.p_value for test in by_rank]])
    every = adjusted_p_values(family, "holm")
    adjusted, level = every[:m], alpha / max(1, len(every))
    ranks = min(by_rank, key=lambda test: (test.p_value, -test.rank), default=None)
    if ranks is not None and not (every[m:] <= alpha).any():
        ranks = None
    n, sizes = rows["draws"], rows["sizes"]
    smallest = (np.sqrt(least_distance(sizes, level)) + math.sqrt(-math.log(1 - _POWER))) / np.sqrt(2 * n)
    smallest[sizes < 2] = np.inf
    likely = None
    if (every <= alpha).any():
        known = wrong_rules(reference.rule, reference.vocab_size) if rules is None else rules
        likely = _likely(reference, draws, known)
    names = reference.vocabulary.names
    return SampleVerdict(
        name=reference.name,
        options=reference.described,
        n_states=reference.n_states,
        vocab_size=reference.vocab_size,
        alpha=alpha,
        labels=tuple(reference.vocabulary.label(context) for part in draws for context in part.contexts.tolist()),
        draws=n,
        statistics=rows["statistics"],
        adjusted=adjusted,
        distances=rows["distances"],
        tokens=tuple(names[token] for token in rows["tokens"].tolist()),
        exact=rows["exact"],
        sampled=rows["sampled"],
        evidence=rows["evidence"],
        smallest=smallest,
        ranks=ranks,
        outside=tuple(outside),
        likely=likely,
    )


def _judged(reference: Reference, draws: list[Draws], tally: RankTally) -> dict[str, NDArray[Any]]:
    """What is known of each visited state, ``(m,)`` each."""
    parts: list[dict[str, NDArray[Any]]] = []
    for part in draws:
        for begin, stop, laws in reference.blocks(part.contexts):
            counts = part.table(begin, stop, reference.vocab_size)  # (b, V)
            n = counts.sum(axis=1)
            tally.add(counts, laws)
            tests = row_tests(counts, laws)
            shares = _shares(counts, n[:, None] * laws)  # (b, V)
            worst, here = shares.argmax(axis=1), np.arange(len(n))
            parts.append(
                {
                    "draws": n,
                    "statistics": tests.statistics,
                    "p_values": tests.p_values,
                    "sizes": tests.sizes,
                    "distances": total_variation(counts / n[:, None], laws),
                    "tokens": worst,
                    "exact": laws[here, worst],
                    "sampled": counts[here, worst],
                    "evidence": shares[here, worst],
                }
            )
    if not parts:  # every number drawn is no token
        whole = {"draws", "sizes", "tokens", "sampled"}
        names = ("draws", "statistics", "p_values", "sizes", "distances", "tokens", "exact", "sampled", "evidence")
        return {name: np.zeros(0, dtype=np.int64 if name in whole else np.float64) for name in names}
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _shares(counts: Integers, expected: Table) -> Table:
    """What each token adds to G, ``2 (c ln(c / e) - c + e)``, never below 0: they sum to G."""
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = np.where(counts > 0, counts * np.log(counts / expected), 0.0)
    return np.asarray(2 * (logs - counts + expected))


def _likely(reference: Reference, draws: list[Draws], rules: Mapping[str, Rule]) -> Likely | None:
    """The rule whose law is nearest to the sample, if it is five times nearer than the right one.

    Where draws are few for every state, distances are noise: then the rule of the highest likelihood, if it is e^15
    times that of the right law and the sample does not contradict it.
    """
    if not draws:
        return None
    logs, laws, counts = _most_drawn(reference, draws)
    n = counts.sum(axis=1)
    frequencies = counts / n[:, None]

    def mean_distance(law: Table) -> float:
        return float(total_variation(frequencies, law) @ n / n.sum())

    right = mean_distance(laws)
    found = [(mean_distance(law), name, law) for name, rule in rules.items() if (law := rule(logs)).shape == laws.shape]
    if not found:
        return None
    distance, name, law = min(found, key=lambda one: one[0])
    near = distance * _CLOSER <= right
    if near:
        return Likely(rule=name, distance=distance)
    gains = [float(_log_likelihood(counts, law) - _log_likelihood(counts, laws)) for _, _, law in found]
    best = int(np.argmax(gains))
    distance, name, law = found[best]
    fits = not (adjusted_p_values(row_tests(counts, law).p_values, "holm") <= _FITS).any()
    return Likely(rule=name, distance=distance) if gains[best] >= _GAIN and n.sum() >= _ENOUGH and fits else None


def _log_likelihood(counts: Integers, laws: Table) -> float:
    """``sum c ln p``; a token that the law excludes counts as one of probability 1e-300."""
    return float(xlogy(counts, np.maximum(laws, 1e-300)).sum())


def _most_drawn(reference: Reference, draws: list[Draws]) -> tuple[Table, Table, Integers]:
    """Undecoded logarithms, laws and counts of the states with most draws, ``(b, V)`` each."""
    V = reference.vocab_size
    totals = np.concatenate([np.bincount(part.places, weights=part.counts) for part in draws])
    of_part = np.concatenate([np.full(len(part.contexts), i) for i, part in enumerate(draws)])
    place = np.concatenate([np.arange(len(part.contexts)) for part in draws])
    most = min(_MOST_LIKELY_STATES, max(1, 2**20 // V))
    chosen = np.sort(np.argsort(-totals, kind="stable")[:most])
    logs, laws, counts = [], [], []
    for i, part in enumerate(draws):
        places = place[chosen[of_part[chosen] == i]]
        if len(places):
            logs.append(reference.logs(part.contexts[places]))
            laws.append(reference.laws(part.contexts[places]))
            counts.append(np.concatenate([part.table(p, p + 1, V) for p in places.tolist()]))
    return np.concatenate(logs), np.concatenate(laws), np.concatenate(counts)
