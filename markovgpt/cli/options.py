"""Which options do commands share, and what do they mean?"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import click

from markovgpt.cli.declaring import Command, with_options

if TYPE_CHECKING:
    from markovgpt.decoding import Decoding
    from markovgpt.model import Checkpoint, LanguageModel, Progress, SizeCheck

__all__ = [
    "decoding_from",
    "decoding_options",
    "decodings_from",
    "enumeration_options",
    "load_from",
    "model_and_data_options",
    "model_from",
    "model_options",
    "sampling_options",
    "space_options",
    "sweep_options",
    "top_option",
    "untrained_model_options",
]


def model_options(command: Command) -> Command:
    """Which model, trained how, on what."""
    return with_options(command, *_model_options(_TRAINING_DATA))


def model_and_data_options(command: Command) -> Command:
    """The same, where data are also what the model is compared with."""
    return with_options(command, *_model_options(_COMPARED_DATA))


def untrained_model_options(command: Command) -> Command:
    """Which model, where only its size matters."""
    return with_options(command, *_model_options(_TRAINING_DATA, training=()))


_TRAINING_DATA = click.option(
    "--data",
    metavar="TEXT|FILE|-",
    help="What to train on: a file, '-' for stdin, or a text; babygpt has 111101111011110.",
)

_COMPARED_DATA = click.option(
    "--data",
    multiple=True,
    metavar="TEXT|FILE|-",
    help="What to train on, if the model is trained, and to compare with: a file, '-' for stdin, or a text. With "
    "-M data=FILE that is trained on, and this is only compared. Repeat for several files.  [default: the model's own]",
)


_TRAINING = (
    click.option("--steps", type=int, help="Training steps."),
    click.option("--untrained", is_flag=True, help="Do not train: the same as --steps 0."),
)


def _model_options(
    data: Callable[[Command], Command], training: Sequence[Callable[[Command], Command]] = _TRAINING
) -> tuple[Callable[[Command], Command], ...]:
    return (
        click.option(
            "--model",
            "-m",
            default="babygpt",
            show_default=True,
            metavar="SPEC",
            help="A name (markovgpt models), file.py:attr, package.module:attr, or the folder of a saved model.",
        ),
        data,
        *training,
        click.option("--seed", type=int, help="Seed of weights and batches."),
        click.option("--device", metavar="NAME", help="Where the model computes, such as cuda.  [default: cpu]"),
        click.option(
            "-M",
            "options",
            multiple=True,
            metavar="KEY=VALUE",
            help="An option of the model, for example -M context_length=4. Repeat for more.",
        ),
        click.option(
            "--model-config", metavar="FILE", help="Options of the model from a .toml or .json file; -M wins."
        ),
    )


def decoding_options(command: Command) -> Command:
    """By which rule tokens are drawn."""
    return with_options(command, _temperature("above 0"), *_cutting_options())


def sampling_options(command: Command) -> Command:
    """The same, where no chain is made: the temperature may be 0."""
    return with_options(command, _temperature("0 is greedy"), *_cutting_options())


def _temperature(limit: str) -> Callable[[Command], Command]:
    text = f"Divides the logits; {limit}."
    return click.option("--temperature", type=float, default=1.0, show_default=True, help=text)


def sweep_options(command: Command) -> Command:
    """By which rules tokens are drawn: the same, at several temperatures."""
    return with_options(
        command,
        click.option(
            "--temperature",
            "temperatures",
            type=float,
            multiple=True,
            default=(1.0,),
            show_default=True,
            help="Divides the logits; above 0. Repeat for a table of several.",
        ),
        *_cutting_options(),
    )


def _cutting_options() -> tuple[Callable[[Command], Command], ...]:
    return (
        click.option("--top-k", type=int, help="Keep the k likeliest tokens (ties are kept)."),
        click.option(
            "--top-p", type=float, help="Keep the likeliest tokens up to this sum (the crossing one is kept)."
        ),
        click.option("--min-p", type=float, help="Keep tokens at least this share as likely as the likeliest."),
        click.option("--greedy", is_flag=True, help="Always the likeliest token (the lowest of a tie)."),
    )


def space_options(command: Command) -> Command:
    """Which contexts are states, and how they are enumerated."""
    return with_options(
        enumeration_options(
            click.option(
                "--dry-run",
                is_flag=True,
                help="Only say what enumeration would cost. The model is not trained: that does not change its speed.",
            )(command)
        ),
        click.option(
            "--lengths",
            type=click.Choice(["full", "all"]),
            default="full",
            show_default=True,
            help="States are the contexts of length K, or of every length 1 to K.",
        ),
    )


def enumeration_options(command: Command) -> Command:
    """How contexts are enumerated."""
    return with_options(
        command,
        click.option(
            "--max-states",
            type=click.IntRange(min=1),
            help="Refuse above this many states.  [default: 1048576; 200000 with --reachable-from]",
        ),
        click.option(
            "--max-memory",
            metavar="SIZE",
            help="Refuse what takes more memory, such as 512M or 4G.  [default: three quarters of what is free]",
        ),
        click.option(
            "--max-time",
            metavar="TIME",
            help="Refuse what is predicted to take longer, such as 90s, 10m or 2h.  [default: no limit]",
        ),
        click.option(
            "--strategy",
            type=click.Choice(["auto", "fused", "prefix", "batched", "loop"]),
            default="auto",
            show_default=True,
            help="How the model is asked about every context: each beginning once (prefix; for causal models that have "
            "session or all_logits), whole contexts in batches, or one by one. Auto takes the fastest that gives the "
            "same law.",
        ),
        click.option(
            "--batch-size",
            type=click.IntRange(min=1),
            help="Contexts per call of the model.  [default: 2048 on the cpu]",
        ),
        click.option(
            "--store",
            metavar="FILE",
            help="Keep the table in this file while it grows: after an interruption the same command goes on from "
            "there, and when it is finished it is only read.",
        ),
        click.option(
            "--storage",
            type=click.Choice(["float64", "float32"]),
            help="Of --store: float32 takes half the disk.  [default: float64]",
        ),
    )


def top_option(note: str = "") -> Callable[[Command], Command]:
    """How long tables get; ``note`` tells of those that are shown whole."""
    return click.option(
        "--top",
        type=click.IntRange(min=1),
        default=20,
        show_default=True,
        help=f"Rows of tables that are cut.{note}",
    )


def load_from(
    arguments: dict[str, Any],
    *,
    progress: Progress,
    checkpoint: Checkpoint | None = None,
    any_size: bool = False,
    size_check: SizeCheck | None = None,
) -> LanguageModel:
    """The model that the model options name; takes those options out of ``arguments``.

    A chain that would be refused for its size is refused before the model is trained, unless any size will do; so is
    what ``size_check`` refuses.
    """
    from markovgpt.enumeration import check_memory, check_n_states
    from markovgpt.enumeration.quantities import parse_bytes, parse_seconds
    from markovgpt.registry import load_model, takes_option
    from markovgpt.statespace import StateSpace

    for name, parse in (("max_memory", parse_bytes), ("max_time", parse_seconds)):
        if arguments.get(name) is not None:
            arguments[name] = parse(arguments[name], name="--" + name.replace("_", "-"))
    spec, chosen = model_from(arguments)
    is_dry = bool(arguments.get("dry_run"))
    if is_dry and takes_option(spec, "steps"):
        chosen["steps"] = 0

    def check(vocab_size: int, context_length: int) -> None:
        if size_check is not None:
            size_check(vocab_size, context_length)
        if any_size or is_dry or any(arguments.get(name) for name in ("tokens", "likely_tokens", "reachable_from")):
            return  # only a part will be enumerated
        space = StateSpace(
            vocab_size=vocab_size, context_length=context_length, lengths=arguments.get("lengths", "full")
        )
        check_n_states(space, max_states=arguments["max_states"])
        if arguments.get("store") is None or arguments.get("storage") == "float32":  # otherwise it is in the file
            check_memory(space, max_memory=arguments["max_memory"])

    return load_model(spec, progress=progress, check=check, checkpoint=checkpoint, **chosen)


def model_from(arguments: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """The model's name and its options; takes the model options out of ``arguments``."""
    from markovgpt.errors import ArgumentError
    from markovgpt.registry import parse_options, read_options_file
    from markovgpt.registry.options import CALLBACKS

    spec, untrained = arguments.pop("model"), arguments.pop("untrained", False)
    chosen: dict[str, Any] = dict(parse_options(arguments.pop("options")))
    config_file = arguments.pop("model_config")
    from_file = {} if config_file is None else read_options_file(config_file)
    for name in ("data", "steps", "seed", "device"):
        value = arguments.pop(name, None)
        if value is None:
            continue
        if name in chosen:
            raise ArgumentError(f"{name} is given twice: --{name} {value} and -M {name}={chosen[name]}.")
        chosen[name] = value
    if untrained:
        if "steps" in chosen:
            raise ArgumentError(f"--untrained means --steps 0, but --steps {chosen['steps']} is given as well.")
        chosen["steps"] = 0
    for name in CALLBACKS:
        if name in {**from_file, **chosen}:
            raise ArgumentError(f"{name} is no option of a model: the program passes it by itself.", option=name)
    return spec, {**from_file, **chosen}


def decoding_from(arguments: dict[str, Any]) -> Decoding:
    """The rule that the decoding options describe; takes those options out of ``arguments``."""
    return decodings_from(arguments, [arguments.pop("temperature")])[0]


def decodings_from(arguments: dict[str, Any], temperatures: Sequence[float]) -> list[Decoding]:
    """The rules of a sweep, one a temperature; takes the other decoding options out of ``arguments``."""
    from markovgpt.decoding import Decoding

    rest = {name: arguments.pop(name) for name in ("top_k", "top_p", "min_p", "greedy")}
    return [Decoding(temperature=temperature, **rest) for temperature in temperatures]
