"""Compared with data, the picture says of every arrow whether the model takes it too often, too rarely, or alike."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.sparse import csr_array

from markovgpt.chain import MarkovChain
from markovgpt.drawing import Drawing, draw
from markovgpt.drawing.caption import caption_lines
from markovgpt.drawing.colours import arrow_colour, difference_colour, is_dotted, text_colour
from markovgpt.drawing.differences import colour_scale, shares_after
from markovgpt.drawing.dot import dot_source
from markovgpt.drawing.graph import StateGraph, state_graph
from markovgpt.drawing.legend import legend_of
from markovgpt.errors import ArgumentError
from markovgpt.ngrams import count_ngrams
from markovgpt.sparse_chain import END, SparseChain
from markovgpt.table import chain_from_table
from markovgpt.vocabulary import Vocabulary

COUNTS = np.array([[0, 0], [0, 0], [0, 0], [0, 2], [0, 0], [0, 2], [0, 2], [3, 3]])
"""What follows 000, 001, ..., 111 in 111101111011110, counted by hand."""


def luminance(colour: str) -> float:
    """Relative luminance of ``#rrggbb`` by WCAG 2."""
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return float(np.dot([0.2126, 0.7152, 0.0722], linear))


def warmth(colour: str) -> int:
    """Red minus blue: above 0 for orange, below for blue."""
    return int(colour[1:3], 16) - int(colour[5:7], 16)


@pytest.fixture
def compared(notebook: MarkovChain) -> StateGraph:
    return state_graph(notebook, data=COUNTS.__getitem__)


@pytest.fixture
def picture(notebook: MarkovChain) -> Drawing:
    return draw(notebook, data=COUNTS.__getitem__, renderer="circle", title="against its data")


def test_differences_are_model_minus_data(compared: StateGraph, notebook: MarkovChain) -> None:
    """``P - counts / total`` after the four states that occur, unknown after the others."""
    for edge in compared.edges:
        total = COUNTS[edge.source].sum()
        if total:
            expected = notebook.probabilities[edge.source, edge.token] - COUNTS[edge.source, edge.token] / total
            assert edge.difference == pytest.approx(expected, abs=1e-15)
        else:
            assert edge.difference is None


def test_differences_are_those_of_a_table_of_counts(compared: StateGraph, notebook: MarkovChain) -> None:
    """The method ``after`` of the counted tokens says the same as the counts by hand."""
    tokens = np.array([int(token) for token in "111101111011110"])
    counts = count_ngrams(tokens, vocab_size=2, context_length=3).on(notebook.states)
    assert state_graph(notebook, data=counts.after) == compared


def test_data_say_which_states_were_seen(compared: StateGraph, notebook_seen: NDArray[np.bool_]) -> None:
    """011, 101, 110 and 111."""
    assert [node.seen for node in compared.nodes] == notebook_seen.tolist()


def test_picture_without_data_has_no_differences(notebook: MarkovChain) -> None:
    """No scale, no legend, nothing dotted."""
    graph = state_graph(notebook)
    assert graph.difference_scale is None
    assert legend_of(graph) is None
    assert not any(is_dotted(edge, graph) or edge.difference is not None for edge in graph.edges)


def test_data_are_asked_about_drawn_states_only(sizeable: MarkovChain) -> None:
    """So that a large table need not be unpacked."""
    asked = []

    def after(state: int) -> NDArray[np.int64]:
        asked.append(state)
        return np.ones(3, dtype=np.int64)

    graph = state_graph(sizeable, data=after, max_nodes=5)
    assert asked == [node.state for node in graph.nodes]


def test_data_of_a_sparse_chain_are_asked_about_contexts_only() -> None:
    """The end is followed by nothing, and an arrow that is no single token has no share."""
    chain = SparseChain(
        matrix=csr_array(np.array([[0.75, 0.25], [0, 1]])),
        arrow_tokens=np.array([0, -1, -1]),
        contexts=np.array([[0]]),
        special=(END,),
        cut=np.zeros(2),
        vocabulary=Vocabulary(tokens=("a", "b")),
    )
    graph = state_graph(chain, data=lambda state: [[1, 3]][state])
    assert [edge.difference for edge in graph.edges] == [0.5, None, None]
    assert [node.seen for node in graph.nodes] == [True, None]
    assert (graph.excluded, graph.worst_excluded) == (1, 0.75)


def test_steps_that_the_model_excludes_are_counted() -> None:
    """After 0 the data take 1 with 1/4, after 1 they take 1 with 1; the model does neither."""
    graph = state_graph(chain_from_table([[1.0, 0.0], [1.0, 0.0]]), data=[[3, 1], [0, 2]].__getitem__)
    assert (graph.excluded, graph.worst_excluded) == (2, 1.0)
    assert caption_lines(graph)[-1] == (
        "Not drawn: 2 steps from these states that the data take and the model excludes, up to 100% of a state's steps."
    )


@given(difference=st.floats(-1, 1))
def test_colour_of_an_arrow_follows_the_sign(difference: float) -> None:
    """Warmer than "alike" where the model takes the step more often, colder where less often."""
    alike = warmth(difference_colour(0.0))
    assert np.sign(warmth(difference_colour(difference)) - alike) in (0, np.sign(difference))
    if abs(difference) > 0.02:
        assert np.sign(warmth(difference_colour(difference)) - alike) == np.sign(difference)


def test_colours_of_opposite_signs_differ_in_lightness_from_those_that_are_alike() -> None:
    """For those who do not see the hue: both ends are clearly darker than the middle."""
    middle = luminance(difference_colour(0.0))
    assert max(luminance(difference_colour(-1.0)), luminance(difference_colour(1.0))) < 0.6 * middle


@given(difference=st.floats(-0.25, 0.25))
def test_labels_are_legible_whatever_the_difference_is(difference: float) -> None:
    """Contrast at least 4.5 to 1 on white (WCAG AA)."""
    graph = state_graph(chain_from_table([[0.9, 0.1], [0.4, 0.6]]), data=[[1, 1], [1, 1]].__getitem__)
    edge = replace(graph.edges[0], difference=difference)
    colour = text_colour(edge, replace(graph, difference_scale=0.25))
    assert 1.05 / (luminance(colour) + 0.05) >= 4.5


def test_colours_are_full_at_the_scale(compared: StateGraph) -> None:
    """The largest difference is 0.22, so 0.25 has the full colour; alike is neither blue nor orange."""
    assert compared.difference_scale == 0.25
    edge = compared.edges[-1]
    for difference, strength in ((0.25, 1.0), (-0.25, -1.0), (0.0, 0.0), (None, 0.0)):
        assert arrow_colour(replace(edge, difference=difference), compared) == difference_colour(strength)


@given(differences=st.lists(st.one_of(st.none(), st.floats(-1, 1))))
def test_colour_scale_holds_every_difference(differences: list[float | None]) -> None:
    """None is ever cut off, and the scale is at most 1."""
    scale = colour_scale(differences)
    assert all(abs(difference) <= scale <= 1 for difference in differences if difference is not None)


def test_svg_dots_exactly_the_arrows_from_unseen_states(picture: Drawing) -> None:
    """Eight lines and the sample in the legend have round dots; four circles are dashed."""
    svg = picture.svg()
    assert len(re.findall(r"stroke-dasharray[^\"]*stroke-linecap: round", svg)) == 9
    assert svg.count("stroke-dasharray") == 9 + 4


def test_dot_dots_exactly_the_arrows_from_unseen_states(compared: StateGraph) -> None:
    """s0, s1, s2 and s4."""
    lines = dot_source(compared).splitlines()
    assert {line.split()[0] for line in lines if "dotted" in line} == {"s0", "s1", "s2", "s4"}
    assert f'color="{difference_colour(-0.2071452 / 0.25)}"' in next(line for line in lines if "s5 -> s3" in line)


def test_tooltips_tell_the_share_in_the_data(picture: Drawing) -> None:
    """In full, where it is known."""
    svg = picture.svg()
    assert "101 → 011: token 1, probability 0.792855, share in the data 1</title>" in svg
    assert "000 → 001: token 1, probability 0.731635</title>" in svg
    assert "state 000, stationary probability 0.0182779, never seen in the data</title>" in svg


def test_caption_explains_colours_and_names_the_largest_difference(picture: Drawing) -> None:
    """1 after 110: 0.7799 in the model, 1 in the data."""
    assert picture.caption.splitlines()[1:] == [
        "Dashed, with dotted arrows: never seen in the data (4 of 8 states).",
        "Arrow: next token (its probability); the wider, the likelier.",
        "Colour of an arrow: model minus data. Orange: likelier in the model; blue: rarer; grey: alike; strongest at "
        "25 percentage points.",
        "Largest difference of these: 1 after 110, 78% in the model and 100% in the data.",
    ]


def test_caption_says_that_nothing_can_be_compared_when_no_state_is_in_the_data(notebook: MarkovChain) -> None:
    """And there is no legend of colours that do not occur."""
    graph = state_graph(notebook, data=np.zeros((8, 2)).__getitem__)
    assert caption_lines(graph)[-1] == "No arrow can be compared: the data never show the states that they leave."
    assert legend_of(graph) is None


def test_legend_runs_from_rarer_to_likelier(compared: StateGraph) -> None:
    """Swatches side by side from -1 to 1, the ends in percentage points."""
    legend = legend_of(compared)
    assert legend is not None
    strengths = np.linspace(-1, 1, len(legend.swatches))
    assert [swatch.colour for swatch in legend.swatches] == [difference_colour(float(s)) for s in strengths]
    lefts = [swatch.box[0] for swatch in legend.swatches]
    assert np.allclose(np.diff(lefts), legend.swatches[0].box[2])
    assert [text for *_, text in legend.texts] == [
        "rarer in the model",
        "likelier in the model",
        "−25",
        "0",
        "+25",
        "percentage points",
        "state not in the data",
    ]


def test_legend_stands_in_the_picture_without_caption(picture: Drawing) -> None:
    """In a page the caption is text of the page, but colours are explained beside them."""
    svg = picture.html().split("<figcaption>")[0]
    assert "likelier in the model" in svg
    assert "percentage points" in svg


def test_compared_picture_is_the_same_every_time(notebook: MarkovChain, picture: Drawing) -> None:
    """Byte for byte."""
    again = draw(notebook, data=COUNTS.__getitem__, renderer="circle", title=picture.title)
    assert (again.svg(), again.png(), again.pdf()) == (picture.svg(), picture.png(), picture.pdf())


@pytest.mark.parametrize(
    ("wrong", "got"),
    [
        (np.ones(3), r"float64 of shape \(3,\)"),
        (np.array([-1, 2]), "values from -1 to 2"),
        (np.array([np.nan, 1]), "values from nan to nan"),
        (np.array(["a", "b"]), r"<U1 of shape \(2,\)"),
        (None, r"object of shape \(\)"),
    ],
    ids=["shape", "sign", "nan", "text", "none"],
)
def test_data_refuse_what_are_no_counts(notebook: MarkovChain, wrong: object, got: str) -> None:
    """The first state is named."""
    with pytest.raises(ArgumentError, match=f"for state 0, how often each of the 2 tokens follows it: got {got}"):
        state_graph(notebook, data=dict.fromkeys(range(8), wrong).__getitem__)  # type: ignore[arg-type]


def test_data_and_seen_are_not_given_together(notebook: MarkovChain, notebook_seen: NDArray[np.bool_]) -> None:
    """They could contradict each other."""
    with pytest.raises(ArgumentError, match="Give seen or data, not both"):
        state_graph(notebook, seen=notebook_seen, data=COUNTS.__getitem__)


def test_shares_are_unknown_where_a_state_never_occurs() -> None:
    """Not a uniform law, and not zeros."""
    assert shares_after(COUNTS.__getitem__, 0, vocab_size=2) is None
