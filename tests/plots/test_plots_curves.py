"""Learning curves go through their numbers, over steps that can be read, with names at their ends."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.colors import same_color
from matplotlib.text import Text

from markovgpt.errors import ArgumentError
from markovgpt.plots import Curve, Level, Panel, arrows_panel, bits_panel, missing_panel, plot_curves
from markovgpt.plots.style import COLOURS

STEPS = (0, 1, 10, 100)


def axes_of(panel: Panel, steps: tuple[int, ...] = STEPS) -> Axes:
    return plot_curves(steps, [panel]).figure().axes[0]


def labels(axes: Axes) -> list[str]:
    return [text.get_text() for text in axes.texts]


def test_curve_goes_through_its_numbers() -> None:
    """At every step."""
    line = axes_of(bits_panel([2.0, 1.5, 1.2, 1.1], [1.8, 1.05])).lines[0]
    assert np.asarray(line.get_xydata()).tolist() == [[0, 2], [1, 1.5], [10, 1.2], [100, 1.1]]


def test_steps_grow_logarithmically_after_zero() -> None:
    """0 is shown; from 1 to 10 is as far as from 10 to 100; every step has its number."""
    axes = axes_of(bits_panel([2.0, 1.5, 1.2, 1.1], [1.8]))
    place = axes.xaxis.get_transform().transform(np.array(STEPS, dtype=float))
    assert place[0] == 0
    assert place[3] - place[2] == pytest.approx(place[2] - place[1])
    assert [label.get_text() for label in axes.get_xticklabels()] == ["0", "1", "10", "100"]


def test_numbers_of_steps_do_not_overlap_when_there_are_many() -> None:
    """The last is always shown, and no two cover each other."""
    steps = tuple(range(0, 200_001, 2_000))
    figure = plot_curves(steps, [Panel(title="t", unit="", curves=(Curve(name="c", values=np.zeros(101)),))]).figure()
    figure.draw_without_rendering()
    shown = [label for label in figure.axes[0].get_xticklabels() if label.get_text()]
    boxes = [label.get_window_extent() for label in shown]
    assert shown[-1].get_text() == "200,000"
    assert len(shown) < 20
    assert all(a.x1 < b.x0 for a, b in pairwise(boxes))


def test_levels_are_thin_lines_with_names() -> None:
    """The data's entropies, below the curve in the list of names."""
    axes = axes_of(bits_panel([2.0, 1.5, 1.2, 1.1], [1.8, 1.05]))
    assert [line.get_ydata()[0] for line in axes.lines[1:]] == [1.8, 1.05]
    assert labels(axes) == ["model", "data, no context", "data, 1 token back"]


def test_names_do_not_overlap_when_curves_end_together() -> None:
    """Five curves that end at the same value."""
    curves = tuple(Curve(name=f"curve {k}", values=np.array([k, 1.0])) for k in range(5))
    figure = plot_curves([0, 1], [Panel(title="t", unit="", curves=curves)]).figure()
    figure.draw_without_rendering()
    boxes = sorted((Text.get_window_extent(text) for text in figure.axes[0].texts), key=lambda box: box.y0)
    assert all(a.y1 <= b.y0 for a, b in pairwise(boxes))


def test_single_curve_is_not_named() -> None:
    """The title says what it is."""
    assert labels(axes_of(Panel(title="t", unit="", curves=(Curve(name="c", values=np.zeros(4)),)))) == []


def test_target_is_a_dotted_line_of_the_same_colour() -> None:
    """The second arrow has no share in the data."""
    axes = axes_of(arrows_panel(["a→x", "b→x"], np.full((4, 2), 0.5), [0.25, None]))
    curve, target, other = axes.lines
    assert target.get_ydata()[0] == 0.25
    assert same_color(curve.get_color(), target.get_color())
    assert target.get_linestyle() not in ("-", other.get_linestyle())


def test_curves_beyond_the_colours_are_dashed() -> None:
    """So that no two look alike."""
    lines = axes_of(arrows_panel([f"{k}" for k in range(9)], np.full((4, 9), 0.5), [None] * 9)).lines
    assert len({(line.get_color(), line.get_linestyle()) for line in lines}) == 9
    assert lines[len(COLOURS)].get_linestyle() == "--"


def test_stack_ends_at_the_sum() -> None:
    """The upper border of the last area is the excess of the model."""
    orders = np.array([[0.5, 0.45], [0.1, 0.35], [0.0, 0.15], [0.0, 0.05]])
    areas = axes_of(missing_panel(orders)).collections
    top = areas[-1].get_paths()[0].vertices
    assert {(x, round(y, 9)) for x, y in top} >= set(zip(STEPS, orders.sum(axis=1).round(9).tolist(), strict=True))


def test_shares_have_an_axis_from_nothing_to_all(panels: tuple[Panel, ...]) -> None:
    """0 to 100%, whatever the curve does."""
    axes = axes_of(panels[3])
    assert [label.get_text() for label in axes.get_yticklabels()] == ["0", "25%", "50%", "75%", "100%"]


def test_panels_share_their_steps(panels: tuple[Panel, ...]) -> None:
    """Two in a row; the lowest of each column says what the axis is."""
    axes = plot_curves(STEPS, panels[:3]).figure().axes
    assert [each.get_xlabel() for each in axes[:3]] == ["", "training step", "training step"]
    assert len({each.get_xlim() for each in axes[:3]}) == 1
    assert not axes[3].axison


def test_one_step_is_drawn() -> None:
    """A model that was looked at once."""
    (line, *_) = axes_of(bits_panel([1.2], [2.0]), (5,)).lines
    assert np.asarray(line.get_xydata()).tolist() == [[5, 1.2]]


@pytest.mark.parametrize(
    ("steps", "said"),
    [
        ((0, 1, 1, 2), "need ascending steps and a panel: got .* and 1 panels"),
        ((), "need ascending steps"),
        ((-1, 0, 1, 2), "steps must be finite numbers of at least 0: got -1"),
        ((0, 1, 2), r"the values of 'model' must have the shape \(3\): got \(4,\)"),
    ],
    ids=["repeated", "none", "negative", "length"],
)
def test_steps_are_refused_when_curves_cannot_be_drawn_over_them(steps: tuple[int, ...], said: str) -> None:
    """With what they were."""
    with pytest.raises(ArgumentError, match=said):
        plot_curves(steps, [bits_panel([2.0, 1.5, 1.2, 1.1], [1.8])])


def test_panel_refuses_to_stack_what_is_negative() -> None:
    """An area below nothing is no part of a whole."""
    panel = Panel(title="t", unit="", curves=(Curve(name="c", values=np.array([-1.0, 1.0])),))
    with pytest.raises(ArgumentError, match="The curves of the panel 't' are stacked, so none may be negative"):
        replace(panel, stacked=True)


def test_panel_refuses_to_be_empty() -> None:
    """A level alone is no learning curve."""
    with pytest.raises(ArgumentError, match="The panel 't' must have at least one curve: got none"):
        Panel(title="t", unit="", curves=(), levels=(Level(name="data", value=1.0),))


def test_arrows_need_a_name_and_a_share_each() -> None:
    """Of two arrows, one has none."""
    with pytest.raises(ArgumentError, match="names must be one text for each of 2: got 1"):
        arrows_panel(["a→x"], np.full((4, 2), 0.5), [None, None])
    with pytest.raises(ArgumentError, match="shares must be one text for each of 2: got 1"):
        arrows_panel(["a→x", "b→x"], np.full((4, 2), 0.5), [None])
