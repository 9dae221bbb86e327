"""What can be done with a picture? Show it, embed it, save it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from html import escape
from os import PathLike
from typing import Any, final

from numpy.typing import ArrayLike

from markovgpt.chain import check_is_chain
from markovgpt.drawing.caption import caption_lines
from markovgpt.drawing.differences import CountsAfter
from markovgpt.drawing.dot import dot_source
from markovgpt.drawing.graph import Drawable, StateGraph, state_graph
from markovgpt.drawing.layout import Engine, Renderer, lay_out
from markovgpt.drawing.paint import paint
from markovgpt.drawing.scene import Scene, compose
from markovgpt.drawing.svg import PROLOG, embeddable
from markovgpt.figures import save_by_suffix

__all__ = ["Drawing", "draw"]


@final
@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Drawing:
    """The picture of a chain.

    Attributes
    ----------
    scene : Scene
        Where everything stands.
    renderer : str
        The program that placed the states: "dot", "pygraphviz" or "circle".
    engine : str
        The Graphviz layout that was asked for.
    title : str
        Above the picture; may be empty.
    """

    scene: Scene
    renderer: str
    engine: str
    title: str = ""

    @property
    def graph(self) -> StateGraph:
        """What is drawn."""
        return self.scene.graph

    @property
    def caption_lines(self) -> tuple[str, ...]:
        """What the reader must know, in sentences."""
        return caption_lines(self.graph, unlabelled=len(self.scene.arrows) - len(self.scene.labels))

    @property
    def caption(self) -> str:
        """What the reader must know, a sentence a line."""
        return "\n".join(self.caption_lines)

    def dot(self) -> str:
        """Source in the DOT language: the same states, arrows, sizes and colours, for Graphviz to lay out."""
        head = (self.title,) if self.title else ()
        return dot_source(self.graph, engine=self.engine, caption=(*head, *caption_lines(self.graph)))

    def svg(self) -> str:
        """An ``<svg>`` element with title and caption. It has no XML prolog, so that it can stand in a page."""
        return self._svg(title=self.title, caption=self.caption_lines)

    def png(self) -> bytes:
        """A PNG image, 200 pixels an inch (fewer if it would be wider or higher than 5,000 pixels)."""
        return paint(self.scene, to="png", title=self.title, caption=self.caption_lines)

    def pdf(self) -> bytes:
        """A PDF page."""
        return paint(self.scene, to="pdf", title=self.title, caption=self.caption_lines)

    def html(self) -> str:
        """A ``<figure>`` element: the SVG, and title and caption as ``<figcaption>``."""
        head = (f"<strong>{escape(self.title)}</strong>",) if self.title else ()
        text = "<br/>\n".join((*head, *map(escape, self.caption_lines)))
        svg = self._svg(title="", caption=())
        return f"<figure>\n{svg}\n<figcaption>{text}</figcaption>\n</figure>\n"

    def save(self, path: str | PathLike[str]) -> None:
        """Write the picture to a file; its suffix says how: ``.svg .png .pdf .dot .gv .html``.

        Raises
        ------
        DrawingError
            The suffix is none of these, or the file cannot be written.
        """
        writers: dict[str, Callable[[], str | bytes]] = {
            ".svg": lambda: PROLOG + self.svg(),
            ".png": self.png,
            ".pdf": self.pdf,
            ".dot": self.dot,
            ".gv": self.dot,
            ".html": self._page,
        }
        save_by_suffix(path, writers)

    def _page(self) -> str:
        title = escape(self.title or "Markov chain")
        return (
            f'<!DOCTYPE html>\n<html lang="en">\n<head><meta charset="utf-8"><title>{title}</title></head>\n'
            f'<body style="font-family: sans-serif">\n{self.html()}</body>\n</html>\n'
        )

    def _svg(self, *, title: str, caption: tuple[str, ...]) -> str:
        painted = paint(self.scene, to="svg", title=title, caption=caption).decode()
        states = f"{len(self.graph.nodes):,} states and {len(self.graph.edges):,} arrows"
        return embeddable(painted, self.graph, name=f"{self.title or 'Markov chain'}: {states}")

    def _repr_svg_(self) -> str:
        return self.svg()


def draw(
    chain: Drawable,
    *,
    stationary: Any = None,
    seen: ArrayLike | None = None,
    data: CountsAfter | None = None,
    compared_with: str = "the data",
    max_nodes: int = 64,
    renderer: Renderer = "auto",
    engine: Engine = "circo",
    title: str = "",
) -> Drawing:
    """Draw a chain: one node a state, one arrow a possible next token.

    The area of a state is its stationary probability, the width and strength of an arrow its probability, and a dashed
    state was never seen in training. It works on every machine: states are placed by Graphviz where there is one (the
    ``dot`` program, or the package pygraphviz), else on a circle of our own.

    Parameters
    ----------
    chain : MarkovChain or SparseChain
        n states.
    stationary : (n,) array, or an object with ``probabilities`` (n,), optional
        Computed where it is left out, for up to 2,048 states and one recurrent class.
    seen : (n,) bool, optional
        Whether each state occurred in training. ``data`` say it too; at most one of the two.
    data : callable, state -> (V,) counts, optional
        How often each token follows a state in the data, such as the method ``after`` of a table of counts; zeros where
        the state never occurs. The colour of an arrow is then model minus data, and no longer its token's. The rows of
        another chain will do as well.
    compared_with : str
        What to call these data.
    max_nodes : int
        Larger chains are drawn in part: the heaviest states, and the caption says how much that is.
    renderer : "auto", "dot", "pygraphviz" or "circle"
        What places the states; ``"auto"`` takes the first that works.
    engine : "circo", "dot", "fdp", "neato", "sfdp" or "twopi"
        Which of its layouts Graphviz uses.
    title : str
        Stands above the picture.

    Raises
    ------
    ArgumentError
        An argument has a wrong shape or value.
    DrawingError
        The renderer that was asked for cannot be used on this machine.

    Examples
    --------
    >>> from markovgpt import chain_from_table
    >>> picture = draw(chain_from_table([[0.9, 0.1], [0.4, 0.6]]), renderer="circle")
    >>> "0(90%)" in picture.svg()
    True
    >>> print(picture.caption)
    Area of a state: its stationary probability, but at least the size of its name.
    Arrow: next token (its probability); the wider, the likelier.
    """
    check_is_chain(chain)
    graph = state_graph(
        chain, stationary=stationary, seen=seen, data=data, compared_with=compared_with, max_nodes=max_nodes
    )
    layout = lay_out(graph, renderer=renderer, engine=engine)
    scene = compose(graph, layout.positions)
    return Drawing(scene=scene, renderer=layout.renderer, engine=engine, title=_printable(title))


def _printable(title: str) -> str:
    """Without line breaks and control characters, which XML cannot hold."""
    return "".join(character if character.isprintable() else " " for character in title).strip()
