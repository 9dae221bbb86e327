"""``markovgpt structure``: which states hang together, where does greedy decoding go round, where does it end?"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from markovgpt.cli.options import decoding_from, decoding_options, load_from, model_options, space_options, top_option
from markovgpt.cli.output import Writer, check_suffixes, output_option, print_report, write_files
from markovgpt.cli.parts import chain_from, part_of, part_options, start_option, starts_from
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
@start_option
@top_option()
@output_option(_SUFFIXES)
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
        begins = starts_from(model, starts)
        chain = chain_from(model, arguments, decoding=decoding, progress=progress)
        found = chain_structure(chain, begins, model=model, progress=progress)
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
