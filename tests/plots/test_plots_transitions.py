"""Every transition has its dot where the numbers say, as dark as its context is frequent, and named if they are few."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.collections import PathCollection
from matplotlib.colors import to_rgb
from matplotlib.lines import Line2D
from matplotlib.text import Annotation

from markovgpt.errors import ArgumentError
from markovgpt.plots import Transitions, plot_transitions


def dots_of(axes: Axes) -> PathCollection:
    """Of a plot of few."""
    (dots,) = [artist for artist in axes.collections if isinstance(artist, PathCollection)]
    return dots


def crowd_of(axes: Axes) -> list[Line2D]:
    """Dots of a plot of many, by classes of size and colour."""
    return [line for line in axes.lines if line.get_marker() == "o"]


def lightness(colour: Any) -> float:
    return sum(to_rgb(colour))


def names_in(axes: Axes) -> dict[str, tuple[float, float]]:
    """Names of dots, and the dots that they point at."""
    return {text.get_text(): text.xy for text in axes.texts if isinstance(text, Annotation)}


def ticks_of(axis: Any) -> dict[str, float]:
    return {label.get_text(): place for label, place in zip(axis.get_ticklabels(), axis.get_ticklocs(), strict=True)}


def test_dots_stand_at_the_square_roots_of_share_and_probability(small: Transitions) -> None:
    """Rows of the rarer context first: (1, 0.75), (0, 0.25), (0.36, 0.49), (0.64, 0.51)."""
    axes = plot_transitions(small).figure().axes[0]
    expected = np.sqrt([[1, 0.75], [0, 0.25], [0.36, 0.49], [0.64, 0.51]])
    assert np.asarray(dots_of(axes).get_offsets()) == pytest.approx(expected)


def test_ticks_stand_where_their_numbers_are(small: Transitions) -> None:
    """ "20%" at the square root of 0.2, on both axes."""
    axes = plot_transitions(small).figure().axes[0]
    for axis in (axes.xaxis, axes.yaxis):
        ticks = ticks_of(axis)
        assert list(ticks) == ["0", "1%", "5%", "10%", "20%", "40%", "60%", "80%", "100%"]
        assert ticks["20%"] == pytest.approx(np.sqrt(0.2))
        assert ticks["0"] == 0


def test_diagonal_is_where_model_and_data_agree(small: Transitions) -> None:
    """From (0, 0) to (1, 1)."""
    (line,) = plot_transitions(small).figure().axes[0].lines
    assert np.asarray(line.get_xydata()).tolist() == [[0, 0], [1, 1]]


def test_frequent_contexts_have_larger_and_darker_dots_on_top_when_there_are_few(small: Transitions) -> None:
    """The two of "a" first, then the two of "b"."""
    dots = dots_of(plot_transitions(small).figure().axes[0])
    small_ones, large_ones = np.unique(dots.get_sizes())
    assert dots.get_sizes().tolist() == [small_ones, small_ones, large_ones, large_ones]
    pale, _, dark, _ = map(lightness, dots.get_facecolors())
    assert pale > dark


def test_frequent_contexts_have_larger_and_darker_dots_on_top_when_there_are_many(large: Transitions) -> None:
    """Classes are drawn one over the other, ascending; each dot is in that of its count."""
    crowd = crowd_of(plot_transitions(large).figure().axes[0])
    assert (np.diff([line.get_markersize() for line in crowd]) > 0).all()
    assert (np.diff([lightness(line.get_color()) for line in crowd]) < 0).all()
    low, high = large.counts.min(), large.counts.max()
    classes = np.minimum((np.log(large.counts / low) / np.log(high / low) * len(crowd)).astype(int), len(crowd) - 1)
    expected = np.bincount(classes, minlength=len(crowd)) * large.share.shape[1]
    assert [len(line.get_xdata()) for line in crowd] == expected.tolist()


def test_few_transitions_are_named(small: Transitions) -> None:
    """Each name points at its dot; those of the unseen context in the strip."""
    axes, strip, _bar = plot_transitions(small).figure().axes
    assert {name: pytest.approx(place) for name, place in names_in(axes).items()} == {
        "a→x": (1, np.sqrt(0.75)),
        "a→y": (0, 0.5),
        "b→x": (0.6, 0.7),
        "b→y": (0.8, np.sqrt(0.51)),
    }
    assert set(names_in(strip)) == {"c→x", "c→y"}


def test_many_transitions_are_pixels_without_names(large: Transitions) -> None:
    """A thousand dots would make a large file of curves."""
    axes = plot_transitions(large).figure().axes[0]
    assert all(line.get_rasterized() for line in crowd_of(axes))
    assert sum(len(line.get_xdata()) for line in crowd_of(axes)) == large.share.size
    assert not names_in(axes)


def test_many_zeros_stand_side_by_side_over_their_tick(large: Transitions) -> None:
    """All at one place would hide each other; none reaches the smallest share that is not 0."""
    axes = plot_transitions(large).figure().axes[0]
    x = np.concatenate([line.get_xdata() for line in crowd_of(axes)])
    zeros = x[x < 0]
    assert len(zeros) == (large.share == 0).sum()
    assert len(set(zeros.tolist())) == len(zeros)
    assert abs(zeros - ticks_of(axes.xaxis)["0"]).max() <= 0.02


def test_strip_shows_how_the_steps_from_unseen_contexts_are_spread(large: Transitions) -> None:
    """The area is one for each context: its probabilities, each at its own height."""
    strip = plot_transitions(large).figure().axes[1]
    (stairs,) = strip.patches
    values, edges, _ = stairs.get_data()
    assert values.sum() == pytest.approx(100)
    top = large.unseen >= edges[-2] ** 2
    assert values[-1] == pytest.approx(large.unseen[top].sum())
    assert strip.get_xlabel() == "share of the steps\nfrom contexts\nnever seen: 100"


def test_strip_is_left_out_when_every_context_occurs(small: Transitions) -> None:
    """One plot and its bar of colours."""
    whole = replace(small, unseen=np.empty((0, 2)), unseen_contexts=())
    assert len(plot_transitions(whole).figure().axes) == 2


def test_bar_of_colours_ends_at_the_smallest_and_the_largest_count(small: Transitions) -> None:
    """From 2 to 50, with 10 between them."""
    bar = plot_transitions(small).figure().axes[-1]
    assert ticks_of(bar.xaxis) == {"2": 2, "10": 10, "50": 50}


def test_bar_of_colours_is_replaced_by_words_when_all_counts_are_equal(small: Transitions) -> None:
    """One colour needs no scale."""
    figure = plot_transitions(replace(small, counts=np.array([7, 7]))).figure()
    assert len(figure.axes) == 2
    assert figure.axes[0].get_xlabel() == "share in the data (contexts: 2; transitions: 4; each occurs 7×)"


def test_numbers_are_kept_as_copies_that_cannot_be_changed() -> None:
    """The plot is drawn later; what was given may have changed by then."""
    share = np.array([[0.5, 0.5]])
    transitions = Transitions(share=share, probability=share, counts=np.array([1]), unseen=np.empty((0, 2)))
    share[:] = 0
    assert transitions.share.tolist() == [[0.5, 0.5]]
    with pytest.raises(ValueError, match="read-only"):
        transitions.share[0] = 1


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"share": np.ones(4)}, r"share must have the shape \(any, any\): got \(4,\)"),
        ({"share": np.empty((0, 2))}, "at least one context that occurs in the data: got none"),
        ({"probability": np.ones((2, 3))}, r"probability must have the shape \(2, 2\): got \(2, 3\)"),
        (
            {"probability": np.full((2, 2), 1.1)},
            "probability must be finite numbers of at least 0 and of at most 1: got 1.1",
        ),
        ({"share": np.full((2, 2), np.nan)}, "share must be finite numbers .* got nan"),
        ({"counts": np.array([0, 1])}, "counts must be finite numbers of at least 1: got 0"),
        ({"unseen": np.ones((1, 3))}, r"unseen must have the shape \(any, 2\)"),
        ({"tokens": ("x",)}, "tokens must be one text for each of 2: got 1"),
        ({"contexts": ()}, "contexts must be one text for each of 2: got 0"),
    ],
    ids=["flat", "empty", "shape", "above one", "nan", "count", "vocabulary", "tokens", "contexts"],
)
def test_transitions_refuse_what_cannot_be_drawn(small: Transitions, wrong: dict[str, Any], said: str) -> None:
    """With the name of the argument, and what it was."""
    with pytest.raises(ArgumentError, match=said):
        replace(small, **wrong)
