"""Size, colour and line mean what the caption says."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import TextPath
from numpy.typing import NDArray

from markovgpt.chain import MarkovChain
from markovgpt.drawing.colours import arrow_colour, text_colour
from markovgpt.drawing.graph import state_graph
from markovgpt.drawing.style import (
    ARROW_FONT,
    NODE_FONT,
    arrow_label,
    arrow_width,
    is_dashed,
    label_lines,
    radii,
)
from markovgpt.figures import text_width
from markovgpt.table import chain_from_table


def luminance(colour: str) -> float:
    """Relative luminance of ``#rrggbb`` by WCAG 2."""
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return float(np.dot([0.2126, 0.7152, 0.0722], linear))


def test_area_of_a_state_is_proportional_to_its_mass(notebook: MarkovChain) -> None:
    """``r^2 / mass`` is one constant for the states that are larger than their name needs; the others are larger."""
    graph = state_graph(notebook)
    masses = np.array([node.mass for node in graph.nodes])
    alike = radii(replace(graph, nodes=tuple(replace(node, mass=1e-9) for node in graph.nodes[:-1]) + graph.nodes[-1:]))
    least = alike[0]  # what "000" needs; all names are equally wide
    radius = radii(graph)
    free = radius > least + 1e-9
    ratio = radius**2 / masses
    assert [graph.nodes[k].label for k in np.flatnonzero(~free)] == ["000"]
    assert np.ptp(ratio[free]) == pytest.approx(0, abs=1e-9)
    assert ratio[~free].min() > ratio[free].max()


@given(masses=st.lists(st.floats(0, 1), min_size=8, max_size=8).filter(lambda m: sum(m) > 1e-3))
def test_radius_never_falls_as_mass_grows(masses: list[float]) -> None:
    """Equal names: more mass is never drawn smaller, and nothing grows without bounds."""
    chain = chain_from_table(np.full((8, 2), 0.5))
    pi = np.array(masses) / sum(masses)
    radius = radii(state_graph(chain, stationary=pi))
    assert (np.diff(radius[np.argsort(pi, kind="stable")]) >= -1e-9).all()
    assert radius.max() <= 48 + 1e-9


@pytest.mark.parametrize("label", ["0", "011", "010110", "011010110101", "the cat sat", "WWWW", "OQHD", "8" * 60])
def test_name_fits_its_circle(label: str) -> None:
    """The lines, as matplotlib measures them in digits of DejaVu, lie inside the smallest circle."""
    graph = state_graph(chain_from_table([[1.0]]), stationary=[1.0])
    node = replace(graph.nodes[0], label=label)
    radius = radii(replace(graph, nodes=(node, replace(node, label="0", mass=1e6))))[0]
    lines = label_lines(node.label)
    for k, line in enumerate(lines):
        middle = (k - (len(lines) - 1) / 2) * NODE_FONT * 1.15
        top = max(abs(middle - NODE_FONT * 0.365), abs(middle + NODE_FONT * 0.365))
        assert np.hypot(TextPath((0, 0), line, size=NODE_FONT).get_extents().width / 2, top) <= radius


@given(label=st.text(alphabet="01 ", min_size=1, max_size=48).filter(lambda s: s == " ".join(s.split())))
def test_label_lines_lose_no_sign(label: str) -> None:
    """Joined again, with a space where one was broken, the lines are the name."""
    lines = label_lines(label)
    assert (" " if " " in label else "").join(lines) == label


def test_label_lines_shorten_a_very_long_name_in_the_middle() -> None:
    """Start and end of a long context remain."""
    lines = "".join(label_lines("a" * 100 + "b" * 100))
    assert lines == "a" * 24 + "…" + "b" * 24


@pytest.mark.parametrize("text", ["1(79%)", "0(<1%)", "12(100%)", "cat(5%)", "Wow(5%)", "OHM(5%)"])
def test_text_width_leaves_room_for_the_real_width(text: str) -> None:
    """The estimate is not below what matplotlib measures in its own font."""
    real = TextPath((0, 0), text, size=ARROW_FONT, prop=FontProperties(family="DejaVu Sans")).get_extents().width
    assert text_width(text, ARROW_FONT) >= real - 0.5


def test_states_are_dashed_exactly_when_training_never_saw_them(
    notebook: MarkovChain, notebook_seen: NDArray[np.bool_]
) -> None:
    """Known to be unseen: dashed. Seen, or not known: not."""
    graph = state_graph(notebook, seen=notebook_seen)
    assert [node.label for node in graph.nodes if is_dashed(node)] == ["000", "001", "010", "100"]
    assert not any(map(is_dashed, state_graph(notebook).nodes))


def test_arrows_are_wider_and_darker_when_likelier(notebook: MarkovChain) -> None:
    """Among the arrows of one token, in the order of their probabilities."""
    graph = state_graph(notebook)
    arrows = sorted((edge for edge in graph.edges if edge.token == 1), key=lambda edge: edge.probability)
    assert (np.diff([arrow_width(edge) for edge in arrows]) > 0).all()
    assert (np.diff([luminance(arrow_colour(edge, graph)) for edge in arrows]) < 0).all()


@pytest.mark.parametrize("V", [1, 2, 3, 4, 5])
def test_label_colours_are_legible_on_white_and_tell_tokens_apart(V: int) -> None:
    """Contrast at least 4.5 to 1 (WCAG AA); one colour a token for 2 to 4 tokens, else one for all."""
    graph = state_graph(chain_from_table(np.full((V, V), 1 / V)))
    colours = [text_colour(edge, graph) for edge in graph.edges[:V]]
    assert min(1.05 / (luminance(colour) + 0.05) for colour in colours) >= 4.5
    assert len(set(colours)) == (V if 2 <= V <= 4 else 1)


def test_arrow_label_never_says_zero_of_a_possible_step() -> None:
    """0.001 is "<1%", 0.999 is ">99%"."""
    graph = state_graph(chain_from_table([[0.999, 0.001], [1.0, 0.0]]))
    assert [arrow_label(edge) for edge in graph.edges] == ["0(>99%)", "1(<1%)", "0(100%)"]
