"""How often does the judgement of samples find a wrong sampler, and how often does it cry wolf? Print both as tables.

    python benchmarks/power.py [trials]

One wrong row: of two, three or fifty tokens, sampled from another law at a given total variation; it is one of 27
states that are judged together, so the level is that of a real test. A fault in every state: 27 or 4,096 rows, all
drawn by another rule than was asked for, judged by :func:`markovgpt.testing.judge_samples`; a fifth of the trials.
Seeds are fixed: the same tables on every machine.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from markovgpt import Decoding
from markovgpt.testing import judge_samples
from markovgpt.testing.samples.tails import least_distance, row_tests

ALPHA = 1e-6
STATES = 27
DRAWS = (100, 300, 1000, 3000, 10_000, 30_000)
DISTANCES = (0.02, 0.04, 0.06, 0.08, 0.1, 0.15, 0.2, 0.3)

SIZES = (3, 8, 50)
ALL_STATES = (27, 4096)
ALL_DRAWS = (5000, 20_000, 80_000)

Laws = NDArray[np.float64]


def wrong_law(law: Laws, distance: float, rng: np.random.Generator) -> Laws:
    """A law at that total variation: probability goes from some tokens to others, in proportion to what they have."""
    up = np.zeros(len(law), dtype=bool)
    up[rng.permutation(len(law))[: int(rng.integers(1, len(law)))]] = True
    if law[~up].sum() < distance:
        up = np.arange(len(law)) == law.argmin()  # one token wins, all others lose: there is always as much
    moved = law.copy()
    moved[up] += distance * law[up] / law[up].sum()
    moved[~up] -= distance * law[~up] / law[~up].sum()
    return np.maximum(moved, 0)


def power(size: int, n: int, distance: float, trials: int) -> float:
    """Share of trials in which the wrong row is rejected, as the first of 27 rows in Holm's procedure."""
    rng = np.random.default_rng([size, n, int(1000 * distance)])
    laws = rng.dirichlet(np.full(size, 2.0), size=trials)  # not too far from uniform: the hard case
    counts = np.array([rng.multinomial(n, wrong_law(law, distance, rng)) for law in laws])
    return float((row_tests(counts, laws).p_values <= ALPHA / STATES).mean())


def false_alarms(size: int, n: int, trials: int, alpha: float) -> float:
    """Share of trials in which one of 27 right rows is rejected at level alpha."""
    rng = np.random.default_rng([size, n])
    laws = rng.dirichlet(np.full(size, 1.0), size=trials * STATES)
    counts = np.array([rng.multinomial(n, law) for law in laws])
    p = row_tests(counts, laws).p_values.reshape(trials, STATES)
    return float((p.min(axis=1) <= alpha / STATES).mean())


class Rows:
    """A model that is asked about so many contexts: 0, 1, 2, ..., written in base V with as many tokens as it takes."""

    def __init__(self, laws: Laws) -> None:
        self.laws, self.vocab_size, self.context_length = laws, laws.shape[1], 1
        while self.vocab_size**self.context_length < len(laws):
            self.context_length += 1
        self.weights = self.vocab_size ** np.arange(self.context_length - 1, -1, -1)

    def next_logits(self, contexts: NDArray[np.int64]) -> Laws:
        """``(batch, K) -> (batch, V)``."""
        return np.log(self.laws[contexts @ self.weights])

    def drawn(self, laws: Laws, n: int, rng: np.random.Generator) -> NDArray[np.int64]:
        """A token after each of n contexts, which take turns, drawn from these laws: ``(n, K + 1)``."""
        each = n // len(laws) + (np.arange(len(laws)) < n % len(laws))  # (states,)
        counts = rng.multinomial(each, laws)  # (states, V)
        states, tokens = np.nonzero(counts)
        contexts = states[:, None] // self.weights % self.vocab_size
        return np.repeat(np.column_stack([contexts, tokens]), counts[states, tokens], axis=0)


def faults(size: int) -> Mapping[str, Decoding | None]:
    """Rules that nobody asked for; None where there is no such rule."""
    return {
        "temperature 1.1": Decoding(temperature=1.1),
        "temperature 0.9": Decoding(temperature=0.9),
        "top_k V - 1": Decoding(top_k=size - 1),
        "top_k V / 2": Decoding(top_k=size // 2) if size > 3 else None,
        "top_p 0.98": Decoding(top_p=0.98),
    }


def right_rows(size: int, states: int, seed: int) -> Rows:
    """Rows as hard as those above."""
    return Rows(np.random.default_rng([size, states, seed]).dirichlet(np.full(size, 2.0), size=states))


def power_everywhere(size: int, states: int, n: int, rule: Decoding, trials: int) -> float:
    """Share of trials in which a sampler that follows another rule in every state is rejected."""
    found = 0
    for trial in range(trials):
        rows = right_rows(size, states, trial)
        wrong = rule.apply(np.log(rows.laws))
        sequences = rows.drawn(wrong, n, np.random.default_rng([n, trial]))
        found += not judge_samples(rows, sequences, alpha=ALPHA, rules={}).ok
    return found / trials


def false_alarms_everywhere(size: int, states: int, n: int, trials: int) -> tuple[float, float]:
    """Share of trials in which a right sampler is rejected, at the levels 0.1 and 0.01."""
    at_tenth = at_hundredth = 0
    for trial in range(trials):
        rows = right_rows(size, states, trial)
        sequences = rows.drawn(rows.laws, n, np.random.default_rng([n, trial]))
        if not judge_samples(rows, sequences, alpha=0.1, rules={}).ok:  # what passes there passes at 0.01
            at_tenth += 1
            at_hundredth += not judge_samples(rows, sequences, alpha=0.01, rules={}).ok
    return at_tenth / trials, at_hundredth / trials


def print_one_row(trials: int) -> None:
    """The tables of one wrong row, in Markdown."""
    out = sys.stdout.write
    for size in (2, 3, 50):
        out(
            f"\n{size} tokens\n\n| draws in the state | "
            + " | ".join(f"TV {d:g}" for d in DISTANCES)
            + " | surely from |\n"
        )
        out("|---:|" + "---:|" * (len(DISTANCES) + 1) + "\n")
        for n in DRAWS:
            cells = [f"{100 * power(size, n, distance, trials):.0f}%" for distance in DISTANCES]
            sure = (least_distance(np.array([size]), ALPHA / STATES)[0] ** 0.5 + np.log(100) ** 0.5) / (2 * n) ** 0.5
            out(f"| {n:,} | " + " | ".join(cells) + f" | {min(sure, 1):.2g} |\n")
    out("\nFalse alarms of right samplers, 27 states\n\n| tokens | draws in each state | alpha 0.1 | alpha 0.01 |\n")
    out("|---:|---:|---:|---:|\n")
    for size in (2, 3, 50):
        for n in (30, 300, 3000):
            rates = [false_alarms(size, n, trials, alpha) for alpha in (0.1, 0.01)]
            out(f"| {size} | {n:,} | " + " | ".join(f"{100 * rate:.1f}%" for rate in rates) + " |\n")


def print_every_row(trials: int) -> None:
    """The tables of a fault in every state, in Markdown."""
    out = sys.stdout.write
    names = list(faults(SIZES[0]))
    out(f"\nHow large the faults are: mean TV\n\n| tokens | {' | '.join(names)} |\n|---:|{'---:|' * len(names)}\n")
    for size in SIZES:
        laws = right_rows(size, max(ALL_STATES), 0).laws
        moved = [
            None if rule is None else abs(rule.apply(np.log(laws)) - laws).sum(axis=1).mean() / 2
            for rule in faults(size).values()
        ]
        out(f"| {size} | " + " | ".join("" if tv is None else f"{tv:.2g}" for tv in moved) + " |\n")
    out("\nA fault in every state\n\n| tokens | states | draws in all | " + " | ".join(names))
    out(" | right, alpha 0.1 | right, alpha 0.01 |\n|" + "---:|" * (len(names) + 5) + "\n")
    for size in SIZES:
        for states in ALL_STATES:
            for n in ALL_DRAWS:
                cells = [
                    "" if rule is None else f"{100 * power_everywhere(size, states, n, rule, trials):.0f}%"
                    for rule in faults(size).values()
                ]
                cells += [f"{100 * rate:.1f}%" for rate in false_alarms_everywhere(size, states, n, trials)]
                out(f"| {size} | {states:,} | {n:,} | " + " | ".join(cells) + " |\n")
                sys.stdout.flush()


def main(trials: int) -> None:
    """Print all tables."""
    print_one_row(trials)
    print_every_row(max(1, trials // 5))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 500)
