"""Do these tokens come from this chain? A G-test for every state, with a stated rate of false alarms."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from markovgpt.chain import MarkovChain
from markovgpt.comparison.correction import adjusted_p_values
from markovgpt.comparison.rows import total_variation
from markovgpt.decoding import Decoding
from markovgpt.errors import ArgumentError
from markovgpt.model import LanguageModel
from markovgpt.testing.causes.diagnosis import Diagnosis, diagnose
from markovgpt.testing.causes.evidence import MOST_DRAWS, Evidence, evidence_of, evidence_of_counts
from markovgpt.testing.causes.mistakes import Rule
from markovgpt.testing.samples.draws import Draws, blocks_of, read_draws
from markovgpt.testing.samples.ranks import RankTally
from markovgpt.testing.samples.references import Reference
from markovgpt.testing.samples.tails import least_distance, row_tests
from markovgpt.testing.samples.verdicts import SampleVerdict
from markovgpt.testing.settings import resolved

__all__ = ["judge_samples"]

Integers = NDArray[np.int64]
Table = NDArray[np.float64]

_POWER = 0.99


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

    One G-test a state, with p-values that are exact or proven bounds (:mod:`markovgpt.testing.samples.tails`), Holm
    over all states that were visited, together with tests of how often likely and unlikely tokens are drawn in all
    states (:mod:`markovgpt.testing.samples.ranks`), which find a small fault that is everywhere. The number of draws of
    a state is taken as given. A draw of probability 0 rejects at once.

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
    blocks = list(blocks_of(sequences))
    draws, outside = read_draws(
        blocks,
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
    found = Diagnosis()
    if (every <= alpha).any() and (rules is None or rules):
        evidence = _evidence(reference, blocks, draws, int(length), chain)
        found = Diagnosis() if evidence is None else diagnose(evidence, alpha, rules=rules)
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
        likely=found.likely,
        facts=found.facts,
    )


def _evidence(
    reference: Reference, blocks: list[Integers], draws: list[Draws], length: int, chain: MarkovChain | LanguageModel
) -> Evidence | None:
    """The draws with all that stood before them; or, where that leaves out most of a long text, with K tokens."""
    model = None if isinstance(chain, MarkovChain) else chain
    total = sum(int(part.counts.sum()) for part in draws)
    if len(blocks) == 1:
        evidence = evidence_of(reference, blocks[0], blocks[0].shape[1] - length, model=model)
        if evidence is not None and 2 * len(evidence) >= min(total, MOST_DRAWS):
            return evidence
    return evidence_of_counts(reference, draws, model=model)


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
