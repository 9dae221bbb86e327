"""What do all ways to compare share: what they hand back, how a chain is built, drawn and written?"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from markovgpt.cli.costs import announce
from markovgpt.cli.output import Writer, print_note

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from markovgpt.analysis import StationaryDistribution
    from markovgpt.chain import MarkovChain
    from markovgpt.decoding import Decoding
    from markovgpt.model import LanguageModel, Progress
    from markovgpt.report.sections import Section

__all__ = ["Compared", "draw_difference", "enumerated", "writers_of"]


class Compared(NamedTuple):
    """What is shown, what can be written, the state graph if there is one, and what may be above a limit.

    ``interrupted`` says how far it came, if it did not come to its end.
    """

    sections: list[Section]
    writers: dict[str, Writer]
    graph: Writer | None
    metrics: dict[str, float | None]
    interrupted: str = ""


def enumerated(model: LanguageModel, arguments: dict[str, Any], decoding: Decoding, progress: Progress) -> MarkovChain:
    """The chain of a model, enumerated as the options say."""
    from markovgpt.enumeration import build_chain

    said = {name: arguments[name] for name in ("max_states", "max_memory", "max_time", "strategy", "batch_size")}
    how = {name: value for name, value in said.items() if value is not None}
    chain = build_chain(model, decoding=decoding, progress=progress, announce=announce, **how)
    print_note(chain.origin.note)
    return chain


def draw_difference(
    chain: MarkovChain,
    data: Callable[[int], NDArray[Any]],
    path: Path,
    *,
    stationary: StationaryDistribution | None,
    title: str,
    compared_with: str = "the data",
) -> None:
    """Write the state graph, arrows coloured by the difference to ``data``."""
    from markovgpt.cli.draw import states_drawn
    from markovgpt.drawing import draw

    draw(
        chain,
        data=data,
        compared_with=compared_with,
        stationary=stationary,
        max_nodes=states_drawn(chain.n_states),
        title=title,
    ).save(path)


def writers_of(
    sections: list[Section], document: Callable[[], dict[str, Any]], picture: Callable[[Path], None]
) -> dict[str, Writer]:
    """What each suffix writes."""

    def as_json(path: Path) -> None:
        path.write_text(json.dumps(document(), ensure_ascii=False, allow_nan=False) + "\n", encoding="utf-8")

    def as_markdown(path: Path) -> None:
        from markovgpt.report.markdown import markdown_report

        path.write_text(markdown_report(sections), encoding="utf-8")

    return {".json": as_json, ".md": as_markdown, **dict.fromkeys((".png", ".svg", ".pdf"), picture)}
