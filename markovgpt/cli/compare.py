"""``markovgpt compare``: what did a model learn from its data, and how does it differ from another?"""

from __future__ import annotations

import math
from typing import Any

import click
from click.core import ParameterSource

from markovgpt.cli.compared import data_options
from markovgpt.cli.comparing_data import with_data
from markovgpt.cli.comparing_models import with_model
from markovgpt.cli.comparing_training import over_training
from markovgpt.cli.errors import ShownError
from markovgpt.cli.limits import check_limits, limit_option, limits_from
from markovgpt.cli.options import (
    decoding_from,
    decoding_options,
    enumeration_options,
    model_and_data_options,
    top_option,
)
from markovgpt.cli.output import check_suffixes, output_option, print_report, write_files
from markovgpt.cli.progress import ProgressBar

__all__ = ["compare"]

_SUFFIXES = (".json", ".md", ".png", ".svg", ".pdf")
_GRAPH_SUFFIXES = (".svg", ".png", ".pdf", ".dot")
_MODES = ("against", "order", "over_training", "checkpoints")
_TESTS = {"held_out", "rare", "correction", "level"}
_COST = {"max_memory", "max_time"}
_COUNTING = {"sequences", "unknown", "circular", "start_token", "end_token"}
_MODEL = {"model", "options", "model_config", "steps", "untrained", "seed"}
_UNUSED = {
    "": {"against_options", "smoothing"},
    "against": {"smoothing", *_TESTS, *_COUNTING},
    "order": {"against_options", *_TESTS},
    "over_training": {"against_options", "smoothing", "graph", *_COST, *_TESTS},
    "checkpoints": {"against_options", "smoothing", "graph", *_COST, *_TESTS, *_MODEL},
}
"""What says nothing in each of the ways to compare, and in the plain one."""
_NEEDED = {"against_options": "--against", "smoothing": "--order"}


@click.command()
@model_and_data_options
@data_options
@decoding_options
@enumeration_options
@click.option("--against", metavar="SPEC|FILE.npz", help="Compare with another model, or with a chain that was saved.")
@click.option(
    "-A", "against_options", multiple=True, metavar="KEY=VALUE", help="An option of that other model. Repeat for more."
)
@click.option("--order", type=click.IntRange(min=0), help="Compare with the n-gram model of this order of the data.")
@click.option(
    "--smoothing",
    type=click.Choice(["mle", "add-alpha", "witten-bell", "kneser-ney"]),
    default="mle",
    show_default=True,
    help="Of the n-gram model of --order.",
)
@click.option(
    "--over-training", metavar="STEPS", help="Compare after these numbers of training steps, such as 0,1,2,5,10,20,50."
)
@click.option(
    "--checkpoint", "checkpoints", multiple=True, metavar="SPEC", help="Compare saved models in turn. Repeat for more."
)
@click.option("--rare", type=click.IntRange(min=0), default=5, show_default=True, help="Contexts seen less are rare.")
@click.option(
    "--correction",
    type=click.Choice(["holm", "benjamini-hochberg"]),
    default="holm",
    show_default=True,
    help="For testing many contexts at once.",
)
@click.option(
    "--level",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    default=0.95,
    show_default=True,
    help="Of confidence intervals.",
)
@limit_option
@top_option()
@click.option(
    "--graph",
    multiple=True,
    metavar="FILE",
    help="Draw the chain, arrows coloured by the difference: .svg .png .pdf .dot",
)
@output_option(_SUFFIXES)
def compare(**arguments: Any) -> None:
    """Compare a model with its data, with n-gram models, or with another model.

    Where it agrees with the counts, where it generalises, where it is wrong, and what that costs in bits per token.

    \b
    markovgpt compare --model babygpt
    markovgpt compare --model mingpt --data book.txt -M context_length=3 -o book.png
    markovgpt compare --model FOLDER --data other.txt --unknown skip
    markovgpt compare --model babygpt --over-training 0,1,2,5,10,20,50,200
    markovgpt compare --model babygpt --order 2 --fail-above tv=0.5
    """
    mode = _mode(arguments)
    if math.isnan(arguments["level"]):  # click lets it through
        raise click.BadParameter("nan is not in the range 0<x<1.", param_hint="'--level'")
    paths = check_suffixes(arguments.pop("output"), _SUFFIXES)
    graphs = check_suffixes(arguments.pop("graph"), _GRAPH_SUFFIXES, option="--graph")
    limits = limits_from(arguments.pop("fail_above"), default="tv" if mode in ("against", "order") else "excess")
    over = mode in ("over_training", "checkpoints")
    if over and set(limits) - {"excess", "tv", "unseen"}:
        raise click.UsageError("Over training, --fail-above knows excess, tv and unseen: those of the last step.")
    decoding = decoding_from(arguments)

    with ProgressBar() as progress:
        if over:
            found = over_training(arguments, decoding, progress)
        elif mode:
            found = with_model(arguments, decoding, progress)
        else:
            found = with_data(arguments, decoding, progress)
    print_report(found.sections)
    write_files(paths, found.writers)
    if graphs:
        if found.graph is None:
            raise ShownError("--graph needs a chain: this one has too many states.", exit_code=2)
        write_files(graphs, dict.fromkeys(_GRAPH_SUFFIXES, found.graph))
    if found.interrupted:
        raise ShownError(found.interrupted, exit_code=130)
    check_limits(limits, found.metrics)


def _mode(arguments: dict[str, Any]) -> str:
    """Which way to compare was asked for; options that say nothing there are refused, not passed over."""
    asked = click.get_current_context()
    shown = {param.name: next(iter(param.opts)) for param in asked.command.params}
    modes = [name for name in _MODES if arguments[name] not in (None, ())]
    if len(modes) > 1:
        raise click.UsageError(f"{' and '.join(shown[name] for name in modes)} ask different questions: give one.")
    mode = modes[0] if modes else ""
    given = {name for name in arguments if asked.get_parameter_source(name) is ParameterSource.COMMANDLINE}
    if unused := sorted(given & _UNUSED[mode], key=list(shown).index):
        option, needed = shown[unused[0]], _NEEDED.get(unused[0])
        why = f"would change nothing with {shown[mode]}: leave it out" if needed is None else f"needs {needed}"
        raise click.UsageError(f"{option} {why}.")
    return mode
