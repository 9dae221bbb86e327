"""Bars are as long as their numbers, the worst come first, and what is infinite is not drawn as if it ended."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.container import BarContainer

from markovgpt.errors import ArgumentError
from markovgpt.plots import BitsByOrder, ContextExcess, plot_contexts, plot_orders


def widths(axes: Axes) -> dict[str, list[float]]:
    """Lengths of the bars, by what they are."""
    bars = [container for container in axes.containers if isinstance(container, BarContainer)]
    return {str(group.get_label()): [bar.get_width() for bar in group.patches] for group in bars}


def test_orders_have_two_bars_each(by_order: BitsByOrder) -> None:
    """What it tells, and what of it is missing, in bits."""
    axes = plot_orders(by_order).figure().axes[0]
    assert widths(axes) == {"told by the data": [0.5, 0.25, 0.125], "still to learn": [0.01, 0.0625, 0.1]}
    assert [label.get_text() for label in axes.get_yticklabels()] == ["no context", "1 token back", "2 tokens back"]


def test_orders_say_their_numbers(by_order: BitsByOrder) -> None:
    """Three decimals; the first order stands on top."""
    axes = plot_orders(by_order).figure().axes[0]
    assert [text.get_text() for text in axes.texts] == ["0.500", "0.250", "0.125", "0.010", "0.062", "0.100"]
    low, high = axes.get_ylim()
    assert low > high


def test_orders_hatch_exactly_what_is_infinite(by_order: BitsByOrder) -> None:
    """It ends beyond the longest that is finite, and says so."""
    axes = plot_orders(BitsByOrder(told=by_order.told, missing=np.array([0.1, np.inf, 0.2]))).figure().axes[0]
    bars = axes.containers[1].patches
    assert [bool(bar.get_hatch()) for bar in bars] == [False, True, False]
    assert bars[1].get_width() > 0.5
    assert axes.texts[4].get_text() == "infinite"


def test_orders_show_a_negative_number_to_the_left() -> None:
    """An axis from 0 would cut it off."""
    axes = plot_orders(BitsByOrder(told=[0.5, -0.1], missing=[0.0, 0.0])).figure().axes[0]
    assert axes.get_xlim()[0] < -0.1
    assert axes.texts[1].get_text() == "−0.100"


def test_contexts_stand_in_the_order_of_their_excess(contexts: ContextExcess) -> None:
    """0.3, 0.2, 0.1; names are not read as mathematics; the count stands at the end."""
    axes = plot_contexts(contexts).figure().axes[0]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["$b$", "c", "a"]
    assert not axes.get_yticklabels()[0].get_parse_math()
    assert [bar.get_width() for bar in axes.containers[0].patches] == [0.3, 0.2, 0.1]
    assert [text.get_text() for text in axes.texts] == ["0.300", "0.200", "0.100", "1,234×", "5×", "7×"]


def test_contexts_are_cut_off_after_the_worst(contexts: ContextExcess) -> None:
    """Two of three."""
    axes = plot_contexts(contexts, top=2).figure().axes[0]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["$b$", "c"]


def test_contexts_put_an_infinite_loss_first(contexts: ContextExcess) -> None:
    """Hatched, and longer than the others."""
    worse = ContextExcess(names=contexts.names, excess=np.array([np.inf, 0.3, 0.2]), counts=contexts.counts)
    first, second, _ = plot_contexts(worse).figure().axes[0].containers[0].patches
    assert first.get_hatch()
    assert first.get_width() > second.get_width()


def test_contexts_keep_the_end_of_a_long_name() -> None:
    """The last tokens tell the most."""
    plot = plot_contexts(ContextExcess(names=("a" * 50 + "b" * 20,), excess=[1.0], counts=[1]))
    assert plot.figure().axes[0].get_yticklabels()[0].get_text() == "…aaa" + "b" * 20


@pytest.mark.parametrize(
    ("told", "missing", "said"),
    [
        ([], [], "told must have a number of bits for every order from 0: got none"),
        ([1.0], [1.0, 2.0], r"missing must have the shape \(1\): got \(2,\)"),
        ([np.inf], [1.0], "told must be finite numbers: got inf"),
        ([1.0], [np.nan], "missing must be finite numbers: got nan"),
        ([1.0], [-np.inf], "missing must be finite numbers: got -inf"),
        (["a"], [1.0], "told must be numbers: "),
    ],
    ids=["none", "length", "infinite", "nan", "minus infinity", "text"],
)
def test_orders_refuse_what_cannot_be_drawn(told: list[float], missing: list[float], said: str) -> None:
    """With the name of the argument."""
    with pytest.raises(ArgumentError, match=said):
        BitsByOrder(told=told, missing=missing)


@pytest.mark.parametrize(
    ("excess", "counts", "names", "said"),
    [
        ([-0.1], [1], ("a",), "excess must be finite numbers of at least 0: got -0.1"),
        ([0.1], [1, 2], ("a",), r"counts must have the shape \(1\)"),
        ([0.1], [1], ("a", "b"), "names must be one text for each of 1: got 2"),
    ],
    ids=["negative", "length", "names"],
)
def test_contexts_refuse_what_cannot_be_drawn(
    excess: list[float], counts: list[int], names: tuple[str, ...], said: str
) -> None:
    """With the name of the argument."""
    with pytest.raises(ArgumentError, match=said):
        ContextExcess(names=names, excess=excess, counts=counts)
