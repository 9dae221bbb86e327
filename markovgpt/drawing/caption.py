"""What must the reader of the picture know? What size and line mean, and what was left out."""

from __future__ import annotations

from markovgpt.drawing.graph import GraphEdge, StateGraph

__all__ = ["caption_lines", "percent", "points"]


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


def points(difference: float) -> str:
    """A difference of two probabilities in percentage points, with its sign.

    >>> points(0.2071), points(-0.05), points(0.0)
    ('+21', '−5', '0')
    """
    return f"{100 * difference:+.0f}".replace("-", "−") if round(100 * difference) else "0"


def caption_lines(graph: StateGraph, *, unlabelled: int = 0) -> tuple[str, ...]:
    """Sentences that belong under the picture; ``unlabelled`` arrows found no room for their label."""
    lines = (*_of_part(graph), *_of_states(graph))
    if graph.edges:
        lines += ("Arrow: next token (its probability); the wider, the likelier.",)
    lines += _of_differences(graph)
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
        dashed, where = ("Dashed", "training")
        if graph.difference_scale is not None:
            dashed, where = ("Dashed, with dotted arrows", graph.compared_with)
        sentences.append(f"{dashed}: never seen in {where} ({unseen} of {len(graph.nodes)} states).")
    return tuple(sentences)


def _of_differences(graph: StateGraph) -> tuple[str, ...]:
    if graph.difference_scale is None:
        return ()
    compared = [edge for edge in graph.edges if edge.difference is not None]
    lines: tuple[str, ...] = ()
    if compared:
        lines = (
            f"Colour of an arrow: model minus {graph.compared_with.removeprefix('the ')}. Orange: likelier in the "
            "model; blue: rarer; grey: alike; strongest "
            f"at {100 * graph.difference_scale:.0f} percentage points.",
            _largest(max(compared, key=_size_of_difference), graph),
        )
    elif graph.edges:
        lines = (f"No arrow can be compared: {graph.compared_with} never show the states that they leave.",)
    if graph.excluded:
        steps = "1 step" if graph.excluded == 1 else f"{graph.excluded:,} steps"
        lines += (
            f"Not drawn: {steps} from these states that {graph.compared_with} take and the model excludes, "
            f"up to {percent(graph.worst_excluded)} of a state's steps.",
        )
    return lines


def _size_of_difference(edge: GraphEdge) -> tuple[float, float]:
    """Of two that are alike but for rounding, the likelier arrow comes later."""
    return round(abs(edge.difference or 0.0), 9), edge.probability


def _largest(edge: GraphEdge, graph: StateGraph) -> str:
    labels = {node.state: node.label for node in graph.nodes}
    share = edge.probability - (edge.difference or 0.0)
    return (
        f"Largest difference of these: {edge.name} after {labels[edge.source]}, {percent(edge.probability)} in the "
        f"model and {percent(share)} in {graph.compared_with}."
    )
