"""``markovgpt stationary``: where does the chain spend its time, in certain digits, and where does it end?"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from markovgpt.cli.errors import ShownError
from markovgpt.cli.options import decodings_from, load_from, model_options, space_options, sweep_options, top_option
from markovgpt.cli.output import Writer, check_suffixes, output_option, print_report, write_files
from markovgpt.cli.parts import chains_from, part_of, part_options, start_option, starts_from
from markovgpt.cli.progress import ProgressBar
from markovgpt.interrupts import interrupts_noted

if TYPE_CHECKING:
    from markovgpt.chain import MarkovChain
    from markovgpt.errors import NotComputedError
    from markovgpt.model import Progress
    from markovgpt.report import StationaryReport
    from markovgpt.report.sections import Section
    from markovgpt.report.sweep import Sweep
    from markovgpt.sparse_chain import SparseChain

__all__ = ["stationary"]

_SUFFIXES = (".json", ".md", ".npz")


@click.command()
@model_options
@sweep_options
@space_options
@part_options
@start_option
@click.option(
    "--tol",
    "tolerance",
    type=float,
    default=1e-8,
    show_default=True,
    help="Total error to be proven; work goes on until it is, or until no more can be proven.",
)
@click.option("--extended", is_flag=True, help="Some 25 digits of every probability, up to 4,096 states.")
@top_option()
@output_option(_SUFFIXES)
def stationary(**arguments: Any) -> None:
    """Show where the chain spends its time, in digits that are proven.

    One distribution for each recurrent class, and how probably the chain ends in each. What could not be proven is
    called NOT certified; the exit code is 0 all the same. Ctrl-C shows the best so far, and what is proven of it.

    \b
    markovgpt stationary --model babygpt
    markovgpt stationary --model babygpt --temperature 0.05 --extended
    markovgpt stationary --model babygpt --temperature 2 --temperature 1 --temperature 0.5
    markovgpt stationary --model babygpt --top-k 1 --start 000 --start uniform -o ends.json
    """
    paths = check_suffixes(arguments.pop("output"), _SUFFIXES)
    temperatures, top, starts = (arguments.pop(name) for name in ("temperatures", "top", "start"))
    how = {name: arguments.pop(name) for name in ("tolerance", "extended")}
    if not how["tolerance"] > 0:
        raise click.BadParameter(
            f"tolerance is an error to be proven, above 0: got {how['tolerance']}.", param_hint="'--tol'"
        )
    decodings = decodings_from(arguments, temperatures)
    if len(decodings) > 1 and arguments["reachable_from"] and any(path.suffix.lower() == ".npz" for path in paths):
        raise click.BadParameter(
            "contexts reached at several temperatures are different states, which one array cannot hold: write .json.",
            param_hint="'-o'",
        )

    if len(decodings) > 1 and arguments["store"]:
        raise click.BadParameter(
            "a file holds the table of one temperature: leave it out, or give the temperatures one by one, each with a "
            "file of its own.",
            param_hint="'--store'",
        )

    from markovgpt.report import stationary_report

    with ExitStack() as shown:
        with ProgressBar() as progress:
            model = part_of(load_from(arguments, progress=progress), arguments)
            begins = starts_from(model, starts)
            chains = chains_from(model, arguments, decodings=decodings, progress=progress)
            solve = partial(stationary_report, starts=begins, model=model, **how)
            sweep, interrupted = _swept(temperatures, chains, solve, progress)
            noted = shown.enter_context(interrupts_noted())  # what was found is shown, whatever is pressed
        sections, writers = _several(sweep, interrupted) if len(decodings) > 1 else _one(sweep, top)
        print_report(sections)
    write_files(paths, writers)
    if interrupted:
        raise ShownError("Interrupted. What is shown is the best that was known then.", exit_code=130)
    if noted:
        raise ShownError("Interrupted when all was done: nothing is missing.", exit_code=130)


def _swept(
    temperatures: Sequence[float],
    chains: Iterator[MarkovChain | SparseChain],
    solve: Callable[..., StationaryReport],
    progress: Progress,
) -> tuple[Sweep, bool]:
    """What is found at each temperature, up to an interrupt; and whether there was one."""
    from markovgpt.errors import NotComputedError

    sweep: list[tuple[float, StationaryReport | NotComputedError]] = []
    failure = None
    for temperature in temperatures:
        try:
            report = solve(next(chains), progress=_at(temperature, progress) if len(temperatures) > 1 else progress)
        except NotComputedError as error:
            failure = error
            sweep.append((temperature, error))
        except KeyboardInterrupt:
            if not sweep:
                raise
            return sweep, True
        else:
            sweep.append((temperature, report))
            if report.interrupted:
                return sweep, True
    if failure is not None and all(isinstance(found, NotComputedError) for _, found in sweep):
        raise failure
    return sweep, False


def _at(temperature: float, progress: Progress) -> Progress:
    """Progress that says at which temperature."""

    def report(what: str, done: int, total: int) -> None:
        kind, colon, reached = what.partition(": ")
        progress(f"{kind}{colon}temperature {temperature:g}, {reached}" if colon else what, done, total)

    return report


def _one(sweep: Sweep, top: int) -> tuple[list[Section], dict[str, Writer]]:
    """What is shown of a single temperature, and what is written."""
    from markovgpt.report.laws import law_sections
    from markovgpt.report.laws_data import laws_to_dict

    report: Any = sweep[0][1]
    sections = law_sections(report, top=top)
    return sections, _writers(sections, lambda: laws_to_dict(report), [report])


def _several(sweep: Sweep, interrupted: bool) -> tuple[list[Section], dict[str, Writer]]:
    """What is shown of several temperatures, and what is written."""
    from markovgpt.errors import NotComputedError
    from markovgpt.report.laws_data import sweep_to_dict
    from markovgpt.report.sweep import sweep_sections

    sections = sweep_sections(sweep, interrupted=interrupted)
    reports = [report for _, report in sweep if not isinstance(report, NotComputedError)]
    return sections, _writers(sections, lambda: sweep_to_dict(sweep, interrupted=interrupted), reports)


def _writers(
    sections: list[Section], document: Callable[[], dict[str, Any]], reports: list[StationaryReport]
) -> dict[str, Writer]:
    """What each suffix writes."""

    def as_json(path: Path) -> None:
        from markovgpt.report.laws_data import laws_json

        path.write_text(laws_json(document()), encoding="utf-8")

    def as_markdown(path: Path) -> None:
        from markovgpt.report.markdown import markdown_report

        path.write_text(markdown_report(sections), encoding="utf-8")

    def as_archive(path: Path) -> None:
        from markovgpt.report.laws_data import laws_npz

        path.write_bytes(laws_npz(reports))

    return {".json": as_json, ".md": as_markdown, ".npz": as_archive}
