"""How does the verdict on a sample read?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from markovgpt.testing.findings import fact

if TYPE_CHECKING:
    from markovgpt.testing.samples.verdicts import SampleVerdict

__all__ = ["sample_message"]

_MOST_ROWS = 10


def sample_message(verdict: SampleVerdict, *, sampler: str, seed: int | None, reproduce: str) -> str:
    """Options, reference, test, verdict; then the states that add most to G, or what could have been seen."""
    what, n_tests = sampler or "the sample", len(verdict.draws)
    drawn = (sampler and "sample") or "come"
    head = f"{what} {_verb(drawn, verdict.ok)} from the chain of {verdict.name}"
    V = verdict.vocab_size
    states = f"{verdict.n_states:,} states" if verdict.n_states is not None else f"{n_tests:,} visited states"
    lines = [
        head,
        f"  options    {verdict.options}" + ("" if seed is None else f"   seed={seed}"),
        f"  reference  exact {'chain' if verdict.n_states is not None else 'law'}: {states} x {V:,} tokens, computed, "
        "not sampled",
        f"  test       G-test per state, {n_tests:,} tests, Holm, family false-alarm rate {verdict.alpha:.4g}; "
        f"{verdict.n_draws} transitions drawn",
    ]
    if verdict.ok:
        lines += _passed(verdict)
    else:
        lines += _failed(verdict)
    if reproduce:
        lines.append(f"  reproduce  {reproduce}")
    return "\n".join(lines)


def _verb(verb: str, ok: bool) -> str:
    if verb == "come":
        return "comes" if ok else "does not come"
    return "samples" if ok else "does not sample"


def _passed(verdict: SampleVerdict) -> list[str]:
    finite = verdict.smallest[verdict.smallest <= 1]
    if len(finite):
        seen = (
            f"a row distance of TV {finite.min():.4g} would have been seen in the state with most draws, TV "
            f"{np.median(finite):.4g} in the median one (each with 99% probability)"
        )
    else:
        seen = "too few draws in every state for any row distance to be seen reliably"
    return [f"  verdict    no state rejected; {seen}"]


def _failed(verdict: SampleVerdict) -> list[str]:
    lines = []
    if verdict.outside:
        first = verdict.outside[0]
        lines.append(
            f"  outside    {len(verdict.outside)} drawn numbers are no tokens (0..{verdict.vocab_size - 1}), first "
            f"{first.token} after {first.context}"
        )
    rejected = verdict.rejected
    lines.append(f"  verdict    {len(rejected)} of {len(verdict.draws)} states rejected")
    if verdict.ranks is not None and not len(rejected):
        ranks = verdict.ranks
        lines.append(
            f"  ranks      in all states together, tokens behind the {ranks.rank} likeliest: "
            f"{ranks.drawn} of {ranks.n} draws, {ranks.expected:.4g} expected (p {ranks.p_value:.2g})"
        )
    if len(rejected):
        lines += _table(verdict, rejected)
        lines.append(
            f"  largest row distance: TV {verdict.distances[rejected].max():.4g}; "
            f"weighted mean TV {verdict.mean_distance:.4g}"
        )
    lines += [fact(name, text) for name, text in verdict.facts]
    if verdict.likely is not None:
        lines.append(fact("likely", verdict.likely.describe()))
    elif verdict.outside:
        lines.append("  likely     the padded rows of the output layer are sampled: cut the logits to vocab_size")
    return lines


def _table(verdict: SampleVerdict, rejected: np.typing.NDArray[np.int64]) -> list[str]:
    shown = rejected[:_MOST_ROWS].tolist()
    names = [verdict.labels[i] for i in shown]
    width, token_width = max(9, *map(len, names)), max(4, *(len(verdict.tokens[i]) for i in shown))
    lines = [f"  {'state':{width}} {'next':{token_width}}  {'exact':>10} {'sampled':>9} {'draws':>15}   evidence"]
    for i, name in zip(shown, names, strict=True):
        impossible = verdict.exact[i] == 0
        n = int(verdict.draws[i])
        evidence = "impossible" if impossible else f"G {verdict.evidence[i]:.4g}"
        lines.append(
            f"  {name:{width}} {verdict.tokens[i]:{token_width}}  {verdict.exact[i]:>10.4g} "
            f"{verdict.sampled[i] / n:>9.4g} {f'{verdict.sampled[i]}/{n}':>15}   {evidence}"
        )
    if len(rejected) > len(shown):
        lines.append(f"  ... and {len(rejected) - len(shown)} more")
    return lines
