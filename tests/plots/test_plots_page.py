"""A page holds all the plots, and is the same file every time, whoever draws it."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import matplotlib as mpl
import numpy as np
import pytest

from markovgpt.errors import ArgumentError, DrawingError
from markovgpt.plots import BitsByOrder, ContextExcess, Panel, Plot, Transitions, page

STEPS = (0, 1, 10, 100)
START = {".svg": b"<?xml", ".png": b"\x89PNG\r\n\x1a\n", ".pdf": b"%PDF-"}
HEADLINES = [
    "Transitions from contexts of the data",
    "What each token of context is worth",
    "Contexts that cost the most",
]


def headlines(plot: Plot) -> list[str]:
    """Of every plot on it, in order."""
    return [title for axes in plot.figure().axes if (title := axes.get_title(loc="left"))]


def texts(svg: bytes) -> set[str]:
    root = ElementTree.fromstring(svg)  # noqa: S314  our own text
    return {element.text or "" for element in root.iter("{http://www.w3.org/2000/svg}text")}


@pytest.fixture
def whole(small: Transitions, by_order: BitsByOrder, contexts: ContextExcess, panels: tuple[Panel, ...]) -> Plot:
    return page(small, by_order, contexts=contexts, steps=STEPS, panels=panels, title="babygpt against its data")


def test_page_holds_every_plot(whole: Plot, panels: tuple[Panel, ...]) -> None:
    """Learning curves first in the figure, below on the page."""
    assert sorted(headlines(whole)) == sorted([*HEADLINES, *(panel.title for panel in panels)])
    assert whole.figure().get_suptitle() == "babygpt against its data"


def test_page_does_without_learning_curves(
    small: Transitions, by_order: BitsByOrder, contexts: ContextExcess, whole: Plot
) -> None:
    """Three plots, on a lower page."""
    plot = page(small, by_order, contexts=contexts)
    assert headlines(plot) == HEADLINES
    assert plot.size[1] < whole.size[1]


@pytest.mark.parametrize("suffix", START)
def test_plot_is_the_same_every_time(whole: Plot, tmp_path: Path, suffix: str) -> None:
    """Byte for byte, in the format of the suffix: no date, no random names."""
    for name in ("a", "b"):
        whole.save(tmp_path / f"{name}{suffix}")
    content = (tmp_path / f"a{suffix}").read_bytes()
    assert content.startswith(START[suffix])
    assert content == (tmp_path / f"b{suffix}").read_bytes()


def test_plot_neither_obeys_nor_changes_the_settings_of_matplotlib(whole: Plot) -> None:
    """A user's style is his own."""
    expected = whole.svg()
    with mpl.rc_context({"font.size": 33, "lines.linewidth": 9, "axes.facecolor": "red", "svg.fonttype": "path"}):
        before = dict(mpl.rcParams)
        assert whole.svg() == expected
        assert dict(mpl.rcParams) == before


def test_plot_leaves_no_figure_behind(whole: Plot) -> None:
    """Pyplot, which keeps them, is not used."""
    import matplotlib.pyplot as plt

    whole.png()
    assert plt.get_fignums() == []


def test_svg_keeps_text_as_text(whole: Plot) -> None:
    """It can be found and read aloud; names with dollars are no mathematics."""
    assert texts(whole.svg()) >= {"babygpt against its data", *HEADLINES, "$b$", "a→x"}


@pytest.mark.parametrize("suffix", START)
def test_many_transitions_make_a_small_file(
    by_order: BitsByOrder, contexts: ContextExcess, tmp_path: Path, suffix: str
) -> None:
    """60,000 dots: less than 2 MB."""
    rng = np.random.default_rng(1)
    law = rng.dirichlet(np.ones(20) / 4, size=3_000)
    share = rng.multinomial(9, law) / 9
    many = Transitions(share=share, probability=law, counts=rng.integers(1, 999, 3_000), unseen=law[:500])
    page(many, by_order, contexts=contexts).save(tmp_path / f"a{suffix}")
    assert (tmp_path / f"a{suffix}").stat().st_size < 2_000_000


def test_notebook_shows_the_plot_as_an_image(whole: Plot) -> None:
    """An SVG would bring ids into the page."""
    assert whole._repr_png_().startswith(START[".png"])


def test_long_title_is_wrapped(small: Transitions, by_order: BitsByOrder, contexts: ContextExcess) -> None:
    """Rather than cut off."""
    title = "word " * 60
    assert "\n" in page(small, by_order, contexts=contexts, title=title.strip()).figure().get_suptitle()


def test_save_refuses_an_unknown_suffix(whole: Plot, tmp_path: Path) -> None:
    """The allowed ones are named."""
    with pytest.raises(DrawingError, match=r"saved as \.svg, \.png, \.pdf: got '\.jpg'"):
        whole.save(tmp_path / "a.jpg")


@pytest.mark.parametrize("given", [{"steps": STEPS}, {"panels": "all"}], ids=["steps", "panels"])
def test_page_refuses_steps_without_panels_and_panels_without_steps(
    small: Transitions,
    by_order: BitsByOrder,
    contexts: ContextExcess,
    panels: tuple[Panel, ...],
    given: dict[str, Any],
) -> None:
    """One of the two is missing."""
    if "panels" in given:
        given = {"panels": panels}
    with pytest.raises(ArgumentError, match=r"Give steps and panels, or neither: got \d steps and \d panels"):
        page(small, by_order, contexts=contexts, **given)
