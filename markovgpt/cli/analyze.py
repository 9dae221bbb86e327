"""``markovgpt analyze``: what is this model, seen as a Markov chain?"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from markovgpt.cli.options import decoding_from, decoding_options, load_from, model_options, space_options, top_option
from markovgpt.cli.output import Writer, check_suffixes, output_option, print_report, write_files
from markovgpt.cli.parts import chain_from, part_of, part_options
from markovgpt.cli.progress import ProgressBar

if TYPE_CHECKING:
    from markovgpt.report import Analysis

__all__ = ["analyze"]

_SUFFIXES = (".json", ".md", ".npz", ".dot", ".svg", ".png")


@click.command()
@model_options
@decoding_options
@space_options
@part_options
@top_option(" Of chains with up to 64 arrows all are shown.")
@output_option(_SUFFIXES)
@click.option("--save-model", metavar="FOLDER", help="Keep the trained model; --model FOLDER loads it again.")
def analyze(**arguments: Any) -> None:
    """Show a model as a Markov chain: states, arrows, long run, and data.

    \b
    markovgpt analyze --model babygpt
    markovgpt analyze --model babygpt --greedy -o babygpt.svg -o babygpt.json
    markovgpt analyze --model mingpt --data book.txt -M context_length=3 -M steps=500
    markovgpt analyze --model FOLDER --reachable-from the --min-probability 0.01
    """
    paths = check_suffixes(arguments.pop("output"), _SUFFIXES)
    save_to, top = arguments.pop("save_model"), arguments.pop("top")
    decoding = decoding_from(arguments)
    if save_to and arguments["dry_run"]:
        raise click.UsageError("--save-model keeps what was trained, and --dry-run trains nothing: give one of them.")

    from markovgpt.errors import TrainingInterruptedError
    from markovgpt.report import analyze_chain
    from markovgpt.report.contents import report_sections

    with _folder_for_model(save_to), ProgressBar() as progress:
        try:
            model = load_from(arguments, progress=progress)
        except TrainingInterruptedError as interrupted:
            fate = (
                f"What it learned was saved to {save_to}"
                if save_to
                else "What it learned is lost; --save-model keeps it"
            )
            if save_to:
                _save(interrupted.facts["model"], save_to)
            raise TrainingInterruptedError(f"{interrupted} {fate}.", **interrupted.facts) from None
        if save_to:
            _save(model, save_to)
        model = part_of(model, arguments)
        chain = chain_from(model, arguments, decoding=decoding, progress=progress)
        analysis = analyze_chain(model, chain, progress=progress)
    print_report(report_sections(analysis, top=top))
    write_files(paths, _writers(analysis, top))


@contextmanager
def _folder_for_model(folder: str | None) -> Iterator[None]:
    """Make the folder before the model is trained: a bad place costs nothing. An empty one is taken away again."""
    if folder is None:
        yield
        return
    path = Path(folder)
    is_new = not path.exists()
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise click.BadParameter(
            f"the folder {folder} cannot be made: {error.strerror}.", param_hint="'--save-model'"
        ) from error
    if (path / "config.json").exists():
        raise click.BadParameter(
            f"{folder} holds a model already, which would be lost. Remove it, or name another folder.",
            param_hint="'--save-model'",
        )
    try:
        yield
    finally:
        if is_new and not any(path.iterdir()):
            path.rmdir()


def _save(model: Any, folder: str) -> None:
    from markovgpt.errors import ArgumentError
    from markovgpt.models.gpt_model import GPTModel
    from markovgpt.models.storage import save_model

    if not isinstance(model, GPTModel):
        raise ArgumentError(f"--save-model keeps models of the minGPT family: got a {type(model).__name__}.")
    save_model(model, folder)
    click.echo(f"saved the model to {folder}", err=True)


def _writers(analysis: Analysis, top: int) -> dict[str, Writer]:
    """What each suffix writes; a picture is laid out once, when the first file asks for it."""

    def text(make: Any, path: Path) -> None:
        path.write_text(make(), encoding="utf-8")

    def archive(path: Path) -> None:
        from markovgpt.report.machine import npz_report

        path.write_bytes(npz_report(analysis))

    def as_json() -> str:
        from markovgpt.report.machine import json_report

        return json_report(analysis)

    def as_markdown() -> str:
        from markovgpt.report.contents import report_sections
        from markovgpt.report.markdown import markdown_report

        return markdown_report(report_sections(analysis, top=top))

    def picture(path: Path) -> None:
        from markovgpt.cli.draw import drawing_of

        drawing_of(analysis.model, analysis.chain, stationary=analysis.only_stationary).save(path)

    return {
        ".json": partial(text, as_json),
        ".md": partial(text, as_markdown),
        ".npz": archive,
        **dict.fromkeys((".dot", ".svg", ".png"), picture),
    }
