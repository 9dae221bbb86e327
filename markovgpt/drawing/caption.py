"""What must the reader of the picture know? What size and line mean, and what was left out."""

from __future__ import annotations

from markovgpt.drawing.graph import StateGraph

__all__ = ["caption_lines", "percent"]


def percent(share: float) -> str:
    """A probability as whole percent; never 0% for what is possible, never 100% for what is not certain.

    >>> percent(0.7928548), percent(0.004), percent(0.996), percent(0.0), percent(1.0)
    ('79%', '<1%', '>99%', '0%', '100%')
    """
    if 0 < share < 0.005:
        return "<1%"
    if 0.995 <= share < 1 - 1e-12:
        return ">99%"
    return f"{100 * share:.0f}%"


def caption_lines(graph: StateGraph, *, unlabelled: int = 0) -> tuple[str, ...]:
    """Sentences that belong under the picture; ``unlabelled`` arrows found no room for their label."""
    lines = (*_of_part(graph), *_of_states(graph))
    if graph.edges:
        lines += ("Arrow: next token (its probability); the wider, the likelier.",)
    if graph.worst_cut > 0:
        lines += (
            f"Cut off, and the rest divided by its sum: up to {percent(graph.worst_cut)} of a state's probability.",
        )
    if unlabelled:
        lines += (f"{unlabelled:,} of {len(graph.edges):,} arrows have no room for their label.",)
    return lines


def _of_part(graph: StateGraph) -> tuple[str, ...]:
    if not graph.is_part:
        return ()
    drawn, share = len(graph.nodes), percent(graph.share)
    size = f"{drawn:,} of {graph.n_states:,} states"
    out = f"of the steps from them, {percent(graph.leaving)} lead out of the picture."
    if graph.steps is None:
        return (f"{size}, {share} of the stationary mass; {out}",)
    return (
        f"{size}: those likeliest after {graph.steps} steps from a uniform start ({share} together; no stationary "
        f"distribution is known); {out}",
    )


def _of_states(graph: StateGraph) -> tuple[str, ...]:
    sentences: list[str] = []
    if graph.mass_shown is not None:
        doubt = "" if graph.vouched else " (NOT certified)"
        sentences.append(f"Area of a state: its stationary probability{doubt}, but at least the size of its name.")
    unseen = sum(node.seen is False for node in graph.nodes)
    if unseen:
        sentences.append(f"Dashed: never seen in training ({unseen} of {len(graph.nodes)} states).")
    return tuple(sentences)
