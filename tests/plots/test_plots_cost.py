"""The cost of enumeration is drawn where it was measured, and dashed where it was not."""

from __future__ import annotations

import numpy as np
import pytest
from clocked_models import Clock, clocked_models

import markovgpt as mg


@pytest.fixture(scope="module")
def found():
    """Two strategies at V = 2 and 3; all runs of a case take the same time."""
    clock = Clock()
    return mg.benchmark_enumeration(
        clocked_models(clock),
        clock=clock,
        vocab_sizes=[2, 3],
        context_lengths=[2, 3, 4],
        strategies=["loop", "batched"],
        runs=2,
        max_seconds=1e9,
    )


@pytest.fixture(scope="module")
def figure(found):
    drawn = mg.plot_benchmark(found).figure()
    drawn.draw_without_rendering()
    return drawn


def points(axes):
    """Strategy to its points: what error bars stand on."""
    return {bar.get_label(): np.asarray(bar.lines[0].get_xydata()) for bar in axes.containers}


def lines(axes, style):
    """The laws: all lines but those that the legend names, and the caps of error bars, which are none."""
    return [
        np.asarray(line.get_xydata())
        for line in axes.lines
        if line.get_linestyle() == style and line.get_label().startswith("_") and len(line.get_xdata())
    ]


def test_points_are_the_medians(found, figure):
    """One panel for each V, one series for each strategy."""
    assert [axes.get_title(loc="left") for axes in figure.axes] == ["V = 2 tokens", "V = 3 tokens"]
    for V, axes in zip((2, 3), figure.axes, strict=True):
        drawn = points(axes)
        assert list(drawn) == ["loop", "batched"]
        for strategy, places in drawn.items():
            expected = [(c.key.context_length, c.spread.median) for c in found.cases if c.key[::2] == (V, strategy)]
            assert places.tolist() == [list(place) for place in expected]


def test_laws_are_solid_where_measured_and_dashed_beyond(found, figure):
    """The dashed line begins where the solid one ends, at K = 4, and ends eight tokens later."""
    for V, axes in zip((2, 3), figure.axes, strict=True):
        growth = [g for g in found.growth if g.vocab_size == V]
        for g, solid, dashed in zip(growth, lines(axes, "-"), lines(axes, "--"), strict=False):
            assert solid[:, 0].tolist() == [2, 3, 4]
            assert solid[:, 1] == pytest.approx(g.seconds[:3])
            assert dashed[:, 0].tolist() == list(range(4, 13))
            assert dashed[:, 1] == pytest.approx(g.seconds[2:11])
        assert len(lines(axes, "--")) == len(growth)


def test_dotted_line_grows_as_the_states(figure):
    """By a factor of V a token."""
    for V, axes in zip((2, 3), figure.axes, strict=True):
        (dotted,) = (line for line in axes.lines if line.get_label().startswith("grows as the states"))
        assert dotted.get_label().endswith(f"{V}^K")
        assert np.diff(np.log(dotted.get_ydata())) == pytest.approx(np.log(V))


def test_axes_have_units_and_times_in_words(figure):
    """A logarithmic axis whose numbers say what they are."""
    for axes in figure.axes:
        assert axes.get_yscale() == "log"
        assert axes.get_xlabel() == "context length K, tokens"
        assert axes.get_ylabel() == "time for all V^K contexts"
        words = {label.get_text() for label in axes.get_yticklabels()}
        assert {"100 ms", "1 s", "10 s"} <= words
        assert not any("$" in word for word in words)


def test_legend_stands_beside_the_points(figure):
    """It covers none of them."""
    for axes in figure.axes:
        box = axes.get_legend().get_window_extent()
        assert box.x0 > axes.get_window_extent().x1


@pytest.mark.parametrize(("suffix", "begins"), [(".png", b"\x89PNG"), (".svg", b"<?xml"), (".pdf", b"%PDF")])
def test_plot_is_written_in_every_format(found, tmp_path, suffix, begins):
    """A file that begins as such files do."""
    path = tmp_path / f"cost{suffix}"
    mg.plot_benchmark(found).save(path)
    assert path.read_bytes().startswith(begins)
