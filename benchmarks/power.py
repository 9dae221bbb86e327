"""How often does the judgement of samples find a wrong row, and how often does it cry wolf? Print both as tables.

    python benchmarks/power.py [trials]

A row of two, three or fifty tokens is sampled from another law at a given total variation; it is one of 27 states that
are judged together, so the level is that of a real test. Seeds are fixed: the same tables on every machine.
"""

from __future__ import annotations

import sys

import numpy as np

from markovgpt.testing.tails import least_distance, row_tests

ALPHA = 1e-6
STATES = 27
DRAWS = (100, 300, 1000, 3000, 10_000, 30_000)
DISTANCES = (0.02, 0.04, 0.06, 0.08, 0.1, 0.15, 0.2, 0.3)


def wrong_law(law: np.ndarray, distance: float, rng: np.random.Generator) -> np.ndarray:
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


def main(trials: int) -> None:
    """Print the tables in Markdown."""
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


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 500)
