"""The caption says what the picture means and what it leaves out, in numbers that are never rounded to a lie."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from markovgpt.chain import MarkovChain
from markovgpt.drawing.caption import caption_lines, percent
from markovgpt.drawing.graph import state_graph
from markovgpt.table import chain_from_table


@given(share=st.floats(0, 1))
def test_percent_says_never_or_always_only_of_what_is_so(share: float) -> None:
    """ "0%" only for 0, "100%" only for 1 (within 1e-12)."""
    assert (percent(share) == "0%") == (share == 0)
    assert (percent(share) == "100%") == (share >= 1 - 1e-12)


@given(share=st.floats(0.005, 0.9949))
def test_percent_rounds_to_the_nearest(share: float) -> None:
    """Within half a percent."""
    assert abs(int(percent(share).rstrip("%")) - 100 * share) <= 0.5 + 1e-9


def test_caption_says_how_much_of_the_chain_a_part_is(sizeable: MarkovChain) -> None:
    """Count, share of the stationary mass, and the probability of leaving the part."""
    graph = replace(state_graph(sizeable, max_nodes=10), n_states=19683, share=0.612, leaving=0.234)
    assert caption_lines(graph)[0] == (
        "10 of 19,683 states, 61% of the stationary mass; of the steps from them, 23% lead out of the picture."
    )


def test_caption_does_not_call_a_guess_stationary_when_steps_chose_the_part() -> None:
    """Without a stationary distribution it says how the part was chosen."""
    table = np.full((16, 2), 0.5)
    table[0], table[-1] = (1, 0), (0, 1)
    first = caption_lines(state_graph(chain_from_table(table), max_nodes=2))[0]
    assert first.startswith("2 of 16 states: those likeliest after 64 steps from a uniform start (")
    assert "no stationary distribution is known" in first


def test_caption_explains_sizes_only_where_they_mean_something() -> None:
    """With two recurrent classes all states are alike."""
    assert not any("Area" in line for line in caption_lines(state_graph(chain_from_table(np.eye(2)))))


def test_caption_doubts_sizes_that_are_not_certified(notebook: MarkovChain) -> None:
    """The reader must not take them for proven."""
    lines = caption_lines(replace(state_graph(notebook), vouched=False))
    assert any("stationary probability (NOT certified)" in line for line in lines)


def test_caption_counts_unseen_states(notebook: MarkovChain, notebook_seen: NDArray[np.bool_]) -> None:
    """000, 001, 010 and 100."""
    lines = caption_lines(state_graph(notebook, seen=notebook_seen))
    assert "Dashed: never seen in training (4 of 8 states)." in lines


@pytest.mark.parametrize("seen", [None, np.ones(8, bool)], ids=["unknown", "all"])
def test_caption_is_silent_about_dashes_when_there_are_none(
    notebook: MarkovChain, seen: NDArray[np.bool_] | None
) -> None:
    """No legend for what is not in the picture."""
    assert not any("Dashed" in line for line in caption_lines(state_graph(notebook, seen=seen)))


def test_caption_admits_arrows_without_a_label(notebook: MarkovChain) -> None:
    """Where there is no room, the reader is told."""
    assert caption_lines(state_graph(notebook), unlabelled=3)[-1] == "3 of 16 arrows have no room for their label."
