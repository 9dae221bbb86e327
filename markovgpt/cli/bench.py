"""``markovgpt bench``: what does enumeration cost on this machine, and what would a longer context cost?"""

from __future__ import annotations

import math
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from markovgpt.cli.errors import ShownError
from markovgpt.cli.options import model_from, untrained_model_options
from markovgpt.cli.output import Writer, check_folders, check_suffixes, output_option, print_report, write_files
from markovgpt.cli.progress import ProgressBar
from markovgpt.interrupts import interrupts_noted

if TYPE_CHECKING:
    from markovgpt.benchmarking import BenchmarkComparison, EnumerationBenchmark
    from markovgpt.model import Progress
    from markovgpt.report.sections import Section

__all__ = ["bench"]

_SUFFIXES = (".json", ".md", ".png", ".svg", ".pdf")


@click.command()
@untrained_model_options
@click.option(
    "--context-length",
    "-K",
    metavar="SIZES",
    help="Contexts to measure, such as 8..16 or 8,10,12.  [default: up to five, the longest of at most 20,000 states]",
)
@click.option("--vocab-size", "-V", metavar="SIZES", help="Numbers of tokens to measure.  [default: the model's own]")
@click.option(
    "--strategy",
    "strategies",
    type=click.Choice(["fused", "prefix", "batched", "loop"]),
    multiple=True,
    help="How the model is asked. Repeat for more.  [default: all that the model allows]",
)
@click.option("--runs", type=click.IntRange(1, 1000), default=5, show_default=True, help="Runs of each case.")
@click.option(
    "--max-time",
    metavar="TIME",
    default="1.5s",
    show_default=True,
    help="Leave out cases of which a run is predicted to take longer; the smallest size never is.",
)
@click.option(
    "--max-states", type=click.IntRange(min=1), help="Refuse sizes of more states than this.  [default: 1048576]"
)
@click.option("--compare", metavar="FILE.json", help="Put an earlier measurement beside this one.")
@click.option(
    "--fail-above",
    type=click.FloatRange(min=0, min_open=True),
    metavar="RATIO",
    help="With --compare: exit with 1 if a case takes more than so many times as long, beyond the noise and beyond how "
    "much slower the machine itself was.",
)
@output_option(_SUFFIXES)
def bench(**arguments: Any) -> None:
    """Measure what it costs to ask a model about every context.

    Each strategy at each size, in turns, beside the machine's own speed at products of matrices and at copies; laws of
    growth; and what larger contexts would take. The model is not trained: other weights cost the same. Ctrl-C shows
    what was measured until then.

    \b
    markovgpt bench --model babygpt
    markovgpt bench --model babygpt --context-length 8..16 --strategy fused -o cost.png
    markovgpt bench --model mingpt --vocab-size 2,3 --context-length 6,8 -o before.json
    markovgpt bench --model mingpt --vocab-size 2,3 --context-length 6,8 --compare before.json --fail-above 1.5
    """
    paths = check_suffixes(arguments.pop("output"), _SUFFIXES)
    earlier, limit = arguments.pop("compare"), arguments.pop("fail_above")
    if limit is not None and math.isnan(limit):  # click lets it through
        raise click.BadParameter("nan is no number to compare with.", param_hint="'--fail-above'")
    if limit is not None and earlier is None:
        raise click.UsageError("--fail-above needs --compare FILE.json: it is a ratio to an earlier measurement.")

    from markovgpt.benchmarking import compare_benchmarks
    from markovgpt.errors import ArgumentError
    from markovgpt.report.benching import read_benchmark

    check_folders(paths)  # what takes minutes is not to be lost in the end
    before = None if earlier is None else read_benchmark(earlier)
    comparison, apart = None, None
    with ExitStack() as shown:
        with ProgressBar() as progress:
            found = _measured(arguments, progress)
            noted = shown.enter_context(interrupts_noted())  # what was measured is shown, whatever is pressed
        try:
            comparison = None if before is None else compare_benchmarks(found, before)
        except ArgumentError as error:  # is told when what was measured is shown and written
            apart = error
        sections = _sections(found, comparison)
        print_report(sections)
    write_files(paths, _writers(found, comparison, sections))
    if found.interrupted or noted:
        raise ShownError("Interrupted. What is shown was measured until then.", exit_code=130)
    if apart is not None:
        raise apart
    if limit is not None and comparison is not None:
        _check(comparison, limit)


def _measured(arguments: dict[str, Any], progress: Progress) -> EnumerationBenchmark:
    from markovgpt.benchmarking import benchmark_enumeration, parse_sizes
    from markovgpt.enumeration.quantities import parse_seconds
    from markovgpt.registry import load_resizable

    sizes = {
        name: None if arguments[option] is None else parse_sizes(arguments[option], what=what)
        for name, option, what in (
            ("context_lengths", "context_length", "Context lengths"),
            ("vocab_sizes", "vocab_size", "Vocabulary sizes"),
        )
    }
    max_seconds = parse_seconds(arguments["max_time"], name="--max-time")
    spec, options = model_from(arguments)
    first = None if sizes["vocab_sizes"] is None else sizes["vocab_sizes"][0]
    models = load_resizable(spec, vocab_size=first, progress=progress, **options)
    return benchmark_enumeration(
        models,
        context_lengths=sizes["context_lengths"],
        vocab_sizes=sizes["vocab_sizes"],
        strategies=arguments["strategies"] or None,
        runs=arguments["runs"],
        max_seconds=max_seconds,
        max_states=arguments["max_states"],
        seed=int(options.get("seed", 0)),
        progress=progress,
    )


def _sections(found: EnumerationBenchmark, comparison: BenchmarkComparison | None) -> list[Section]:
    from markovgpt.report.benching.compared import comparison_section
    from markovgpt.report.benching.sections import benchmark_sections

    beside = [] if comparison is None else [comparison_section(comparison)]
    return benchmark_sections(found) + beside


def _writers(
    found: EnumerationBenchmark, comparison: BenchmarkComparison | None, sections: list[Section]
) -> dict[str, Writer]:
    """What each suffix writes."""

    def as_json(path: Path) -> None:
        from markovgpt.report.benching.document import benchmark_json

        path.write_text(benchmark_json(found, comparison=comparison), encoding="utf-8")

    def as_markdown(path: Path) -> None:
        from markovgpt.report.markdown import markdown_report

        path.write_text(markdown_report(sections), encoding="utf-8")

    def picture(path: Path) -> None:
        from markovgpt.plots.cost import plot_benchmark

        plot_benchmark(found).save(path)

    return {".json": as_json, ".md": as_markdown, **dict.fromkeys((".png", ".svg", ".pdf"), picture)}


def _check(comparison: BenchmarkComparison, limit: float) -> None:
    """Fail where a case is slower than a limit allows.

    Raises
    ------
    ShownError
        Exit code 1: names the cases.
    """
    failures = [
        f"{case.key.strategy} at V={case.key.vocab_size}, K={case.key.context_length}: {case.ratio:.2f}"
        for case in comparison.slower_than(limit)
    ]
    if failures:
        slowdown = comparison.slowdown
        slower = f" (by {slowdown:.2f} the machine itself was slower)" if slowdown > 1 else ""
        raise ShownError(f"Above the limit of {limit:g} times as long{slower}: {'; '.join(failures)}.", exit_code=1)
