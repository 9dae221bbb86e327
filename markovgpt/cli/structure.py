"""``markovgpt structure``: which states hang together, where does greedy decoding go round, where does it end?"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from markovgpt.cli.options import decoding_from, decoding_options, load_from, model_options, space_options
from markovgpt.cli.output import Writer, check_suffixes, print_report, write_files
from markovgpt.cli.parts import chain_from, context_from, part_of, part_options
from markovgpt.cli.progress import ProgressBar

if TYPE_CHECKING:
    from markovgpt.report import ChainStructure

__all__ = ["structure"]

_SUFFIXES = (".json", ".md")


@click.command()
@model_options
@decoding_options
@space_options
@part_options
@click.option(
    "--start",
    multiple=True,
    metavar="CONTEXT|uniform",
    help="Where the chain begins, for the probabilities of its ends: a context, or every state alike. Repeatable.  "
    "[default: uniform, or the context of --reachable-from]",
)
@click.option("--top", type=click.IntRange(min=1), default=20, show_default=True, help="Rows of tables that are cut.")
@click.option(
    "--output",
    "-o",
    multiple=True,
    metavar="FILE",
    help=f"Also write a file, by its suffix: {' '.join(_SUFFIXES)}. Repeat for more.",
)
def structure(**arguments: Any) -> None:
    """Show how the chain hangs together: classes, periods, greedy loops, ends.

    Decided by exact zeros of the probabilities, never by a tolerance. With several recurrent classes it says how
    probably each is where the chain ends, with proven bounds.

    \b
    markovgpt structure --model babygpt
    markovgpt structure --model babygpt --temperature 0.1
    markovgpt structure --model babygpt --top-p 0.76 --start 000 --start uniform -o structure.json
    """
    paths = check_suffixes(arguments.pop("output"), _SUFFIXES)
    starts, top = arguments.pop("start"), arguments.pop("top")
    decoding = decoding_from(arguments)

    from markovgpt.report import chain_structure
    from markovgpt.report.graph import structure_sections

    with ProgressBar() as progress:
        model = part_of(load_from(arguments, progress=progress), arguments)
        begins = [text if text == "uniform" else context_from(model, text) for text in starts]
        chain = chain_from(model, arguments, decoding=decoding, progress=progress)
        found = chain_structure(chain, begins, progress=progress)
        sections = structure_sections(found, top=top)
    print_report(sections)
    write_files(paths, _writers(found, top))


def _writers(found: ChainStructure, top: int) -> dict[str, Writer]:
    """What each suffix writes."""

    def text(make: Any, path: Path) -> None:
        path.write_text(make(), encoding="utf-8")

    def as_json() -> str:
        from markovgpt.report.graph import structure_json

        return structure_json(found)

    def as_markdown() -> str:
        from markovgpt.report.graph import structure_sections
        from markovgpt.report.markdown import markdown_report

        return markdown_report(structure_sections(found, top=top))

    return {".json": partial(text, as_json), ".md": partial(text, as_markdown)}
