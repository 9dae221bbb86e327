"""A picture can be shown, embedded and saved, and is the same every time."""

from __future__ import annotations

import logging
import re
from pathlib import Path
from xml.etree import ElementTree

import matplotlib as mpl
import numpy as np
import pytest
from hypothesis import given, settings
from matplotlib.image import imread
from numpy.typing import NDArray
from strategies import vocabularies

from markovgpt.chain import MarkovChain
from markovgpt.drawing import Drawing, draw
from markovgpt.errors import DrawingError
from markovgpt.table import chain_from_table
from markovgpt.vocabulary import Vocabulary

SVG = "{http://www.w3.org/2000/svg}"
START = {
    ".svg": b"<?xml",
    ".png": b"\x89PNG\r\n\x1a\n",
    ".pdf": b"%PDF-",
    ".dot": b"digraph {",
    ".gv": b"digraph {",
    ".html": b"<!DOCTYPE html>",
}


def texts(svg: str, tag: str = "text") -> list[str]:
    """Contents of all elements of a kind."""
    return [element.text or "" for element in parsed(svg).iter(f"{SVG}{tag}")]


def parsed(xml: str) -> ElementTree.Element:
    return ElementTree.fromstring(xml)  # noqa: S314  our own text


@pytest.fixture(scope="module")
def picture(notebook: MarkovChain, notebook_seen: NDArray[np.bool_]) -> Drawing:
    return draw(notebook, seen=notebook_seen, renderer="circle", title="babygpt after 50 training steps")


def test_svg_shows_states_arrows_title_and_caption_as_text(picture: Drawing) -> None:
    """8 names, 16 labels, the title and the sentences of the caption; all can be found and read aloud."""
    shown = texts(picture.svg())
    states = [f"{state:03b}" for state in range(8)]
    assert sorted(set(states) & set(shown)) == states
    assert len([text for text in shown if re.fullmatch(r"[01]\(\d\d%\)", text)]) == 16
    assert set(shown) >= {"babygpt after 50 training steps", *picture.caption_lines}


def test_svg_tells_every_probability_in_a_tooltip(picture: Drawing) -> None:
    """What the label rounds can be read in full."""
    tips = texts(picture.svg(), "title")
    assert "101 → 011: token 1, probability 0.792855" in tips
    assert any(tip.startswith("state 000, stationary probability 0.018277") for tip in tips)
    assert sum(tip.endswith(", never seen in training") for tip in set(tips)) == 4


def test_svg_dashes_exactly_the_unseen_states(picture: Drawing) -> None:
    """Four circles have a dashed line."""
    assert picture.svg().count("stroke-dasharray") == 4


def test_svg_can_stand_in_a_page(picture: Drawing) -> None:
    """One element: no prolog; no ids, which two pictures would share; no style sheet, which the page would obey."""
    svg = picture.svg()
    assert svg.startswith("<svg ")
    assert not re.search(r"\bid=|<style|<!DOCTYPE|<\?xml|<metadata", svg)


def test_svg_says_what_it_is(picture: Drawing) -> None:
    """For a screen reader."""
    root = parsed(picture.svg())
    assert root.get("role") == "img"
    assert root.get("aria-label") == "babygpt after 50 training steps: 8 states and 16 arrows"


@settings(max_examples=15)
@given(vocabulary=vocabularies())
def test_svg_is_valid_whatever_the_tokens_are(vocabulary: Vocabulary) -> None:
    """Quotes, control characters, surrogates, brackets: it parses, and the names stand in it."""
    V = len(vocabulary)
    drawing = draw(
        chain_from_table(np.full((V, V), 1 / V), tokens=vocabulary.tokens), renderer="circle", title="<&\x00"
    )
    shown = texts(drawing.svg())
    assert set(shown) >= {name for name in vocabulary.names if len(name) <= 6}
    parsed(drawing.html())


def test_svg_takes_dollars_for_dollars() -> None:
    """Nothing is read as mathematics."""
    chain = chain_from_table(np.full((2, 2), 0.5), tokens=["$x$", "$\\frac$"])
    assert "$x$(50%)" in texts(draw(chain, renderer="circle").svg())


def test_html_holds_picture_and_caption_apart(picture: Drawing) -> None:
    """A figure whose caption is text of the page, not part of the drawing."""
    root = parsed(picture.html())
    assert [child.tag for child in root] == [f"{SVG}svg", "figcaption"]
    said = "".join(root[1].itertext())
    assert all(line in said for line in (picture.title, *picture.caption_lines))
    assert not set(texts(picture.html())) & {picture.title, *picture.caption_lines}


def test_png_is_an_image_with_more_than_white_in_it(picture: Drawing, tmp_path: Path) -> None:
    """It opens, is not empty, and is not one colour."""
    picture.save(tmp_path / "a.png")
    pixels = imread(tmp_path / "a.png")
    assert min(pixels.shape[:2]) > 500
    assert len(np.unique(pixels.reshape(-1, pixels.shape[2]), axis=0)) > 10


@pytest.mark.parametrize("suffix", [*START, ".SVG"])
def test_save_writes_the_format_of_the_suffix(picture: Drawing, tmp_path: Path, suffix: str) -> None:
    """Each begins as its format does."""
    path = tmp_path / f"chain{suffix}"
    picture.save(str(path))
    assert path.read_bytes().startswith(START[suffix.lower()])


@pytest.mark.parametrize("name", ["chain.jpg", "chain", ".svg"])
def test_save_refuses_an_unknown_suffix(picture: Drawing, tmp_path: Path, name: str) -> None:
    """The allowed ones are named."""
    with pytest.raises(DrawingError, match=r"saved as \.svg, \.png, \.pdf, \.dot, \.gv, \.html: got '"):
        picture.save(tmp_path / name)


def test_save_refuses_a_place_that_cannot_be_written(picture: Drawing, tmp_path: Path) -> None:
    """With the reason of the system."""
    with pytest.raises(DrawingError, match=r"cannot be written to '.*missing.*': No such file or directory"):
        picture.save(tmp_path / "missing" / "chain.svg")


@pytest.mark.parametrize("suffix", START)
def test_picture_is_the_same_every_time(
    notebook: MarkovChain, tmp_path: Path, suffix: str, picture: Drawing, notebook_seen: NDArray[np.bool_]
) -> None:
    """Byte for byte: no date, no random names."""
    again = draw(notebook, seen=notebook_seen, renderer="circle", title=picture.title)
    picture.save(tmp_path / f"a{suffix}")
    again.save(tmp_path / f"b{suffix}")
    assert (tmp_path / f"a{suffix}").read_bytes() == (tmp_path / f"b{suffix}").read_bytes()


def test_picture_neither_obeys_nor_changes_the_settings_of_matplotlib(picture: Drawing) -> None:
    """A user's style is his own."""
    expected = picture.svg()
    level = logging.getLogger("matplotlib.font_manager").level
    with mpl.rc_context({"font.size": 33, "lines.linewidth": 9, "font.family": ["serif"], "text.color": "red"}):
        before = dict(mpl.rcParams)
        assert picture.svg() == expected
        assert dict(mpl.rcParams) == before
    assert logging.getLogger("matplotlib.font_manager").level == level


def test_picture_is_drawn_when_a_font_lacks_the_letters(tmp_path: Path) -> None:
    """Chinese and emoji: no error and no warning; the SVG keeps the text."""
    chain = chain_from_table(np.full((2, 2), 0.5), tokens=["你好", "😀"])
    drawing = draw(chain, renderer="circle")
    assert drawing.png().startswith(START[".png"])
    assert "你好" in texts(drawing.svg())


def test_caption_is_a_sentence_a_line(picture: Drawing) -> None:
    """For a terminal."""
    assert picture.caption.splitlines() == list(picture.caption_lines)
    assert "Dashed: never seen in training (4 of 8 states)." in picture.caption


def test_dot_of_a_picture_holds_its_title(picture: Drawing) -> None:
    """As the first line under the graph."""
    assert 'label="babygpt after 50 training steps\\nArea of a state' in picture.dot()


def test_drawing_says_who_placed_the_states(picture: Drawing, notebook: MarkovChain) -> None:
    """By name."""
    assert picture.renderer == "circle"
    assert draw(notebook).renderer in ("dot", "pygraphviz", "circle")


@pytest.mark.parametrize(
    ("table", "lengths"),
    [
        ([[1.0]], "full"),
        (np.ones((3, 1)), "all"),
        ([[0.9, 0.1], [0.4, 0.6]], "full"),
        (np.eye(2)[[0, 1] * 4], "full"),
        (np.full((14, 2), 0.5), "all"),
    ],
    ids=["V=1", "V=1 all", "K=1", "one-hot", "all lengths"],
)
def test_picture_of_an_extreme_chain_is_drawn(table: object, lengths: str) -> None:
    """One state, a line of states, two states, a deterministic chain, states of every length."""
    drawing = draw(chain_from_table(table, lengths=lengths))  # type: ignore[arg-type]
    parsed(drawing.svg())
    assert len(drawing.scene.labels) == len(drawing.graph.edges)


def test_picture_of_a_large_chain_is_its_heaviest_part() -> None:
    """64 of 4,096 states; ``0`` repeated is where this chain mostly is."""
    table = np.tile([0.9, 0.1], (4096, 1))
    drawing = draw(chain_from_table(table), renderer="circle")
    assert len(drawing.graph.nodes) == 64
    assert drawing.graph.nodes[0].label == "0" * 12
    assert drawing.caption.startswith("64 of 4,096 states: those likeliest after 64 steps from a uniform start")


def test_chain_shows_itself_in_a_notebook(notebook: MarkovChain) -> None:
    """The same picture as ``draw``."""
    assert "1(79%)" in texts(notebook._repr_svg_())
