"""Which data is a model compared with, and how are they read?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import click

from markovgpt.cli.declaring import Command, with_options

if TYPE_CHECKING:
    from markovgpt.data.sources import Source
    from markovgpt.model import LanguageModel, Progress
    from markovgpt.ngrams import NgramCounts

__all__ = ["DataToCompare", "data_options", "data_to_compare", "read_counts", "read_heldout"]

_NAMED = 3  # files that are named in a title
_LONGEST = 24  # letters of a text that stand there


def data_options(command: Command) -> Command:
    """How the data are read that a model is compared with."""
    return with_options(
        command,
        click.option(
            "--held-out",
            metavar="TEXT|FILE",
            help="Data that the model has not seen, to judge it by.  [default: what was kept from training]",
        ),
        click.option(
            "--sequences",
            type=click.Choice(["file", "line"]),
            default="file",
            show_default=True,
            help="What is one sequence; contexts do not reach across two.",
        ),
        click.option(
            "--unknown",
            type=click.Choice(["error", "skip"]),
            default="error",
            show_default=True,
            help="What to do with a token that the model does not have.",
        ),
        click.option("--circular", is_flag=True, help="The first token of a sequence follows its last."),
        click.option("--start-token", metavar="TOKEN", help="Stands in front of every sequence, K times."),
        click.option("--end-token", metavar="TOKEN", help="Stands behind every sequence."),
    )


class DataToCompare(NamedTuple):
    """What is read to be compared, and what the model is trained on and then compared with; never both."""

    only_compared: list[str]
    trained_on: list[str]


def data_to_compare(arguments: dict[str, Any]) -> DataToCompare:
    """What ``--data`` is for; leaves in ``arguments`` what the model is to be trained on.

    Where the model is made by something that takes data, it is trained on what is compared, unless it is told what else
    to be trained on, or that it is not to be.
    """
    from markovgpt.data.sources import find_source
    from markovgpt.errors import ArgumentError
    from markovgpt.registry import parse_options, takes_option

    data, spec = list(arguments.pop("data")), arguments["model"]
    arguments["data"] = None
    for name in (*data, *filter(None, [arguments["held_out"]])):
        find_source(name)  # a slip is told before a model is trained
    told = {"data", "vocab_size"} & set(parse_options(arguments["options"]))
    if not data or arguments["checkpoints"] or told or not takes_option(spec, "data"):
        return DataToCompare(data, [])
    if len(data) > 1:
        raise ArgumentError(
            f"{spec} is trained on one text: got {len(data)}. Name that with -M data=FILE; what to compare it with, "
            "with --data."
        )
    arguments["data"] = data[0]
    return DataToCompare([], data)


def read_counts(
    model: LanguageModel, data: DataToCompare, arguments: dict[str, Any], *, progress: Progress
) -> tuple[NgramCounts, str]:
    """Counts of the data, or of the model's own training data; and what to call them."""
    from markovgpt.errors import ArgumentError
    from markovgpt.model import model_name, tokens_of
    from markovgpt.ngrams import count_ngrams

    if data.only_compared:
        return _count(model, data.only_compared, arguments, progress), _names(data.only_compared)
    tokens = tokens_of(model)
    if tokens is None and data.trained_on not in ([], ["-"]):
        return _count(model, data.trained_on, arguments, progress), _names(data.trained_on)
    if tokens is None:
        raise ArgumentError(
            f"{model_name(model)} keeps no training data to compare with. Give some: --data FILE, or a text."
        )
    if arguments["held_out"] is None and (arguments["sequences"], arguments["unknown"]) != ("file", "error"):
        raise ArgumentError(
            "--sequences and --unknown say how data are read that are only compared: the training data of "
            f"{model_name(model)} are one sequence of its tokens already. With -M data=FILE that is trained on, and "
            "--data FILE only compared."
        )
    counts = count_ngrams(
        tokens,
        vocab_size=model.vocab_size,
        context_length=model.context_length,
        progress=progress,
        **_ends(model, arguments),
    )
    return counts, "its training data"


def read_heldout(
    model: LanguageModel, data: DataToCompare, arguments: dict[str, Any], *, progress: Progress
) -> NgramCounts | None:
    """Counts of data that the model has not seen: those given, or what was kept from those that it is compared with."""
    from markovgpt.model import tokens_of
    from markovgpt.ngrams import count_ngrams

    if arguments["held_out"] is not None:
        return _count(model, [arguments["held_out"]], arguments, progress)
    tokens = tokens_of(model, "validation_tokens")
    if data.only_compared or tokens is None or len(tokens) <= model.context_length:
        return None
    return count_ngrams(
        tokens, vocab_size=model.vocab_size, context_length=model.context_length, **_ends(model, arguments)
    )


def _name(source: Source) -> str:
    """A file by its name, a text by its beginning."""
    if source.text is not None:
        from markovgpt.report.phrases import shortened

        return f"the text {shortened(source.text, at_most=_LONGEST)!r}"
    return source.name if source.path is None else source.path.name


def _names(data: list[str]) -> str:
    """What to call the data."""
    from markovgpt.data.sources import find_source, find_sources

    sources = find_sources(data) if len(data) > 1 else [find_source(data[0])]
    names = [_name(source) for source in sources]
    more = f" and {len(names) - _NAMED:,} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more


def _count(model: LanguageModel, data: list[str], arguments: dict[str, Any], progress: Progress) -> NgramCounts:
    from markovgpt.model import vocabulary_of
    from markovgpt.ngrams import count_data

    return count_data(
        data,
        vocabulary=vocabulary_of(model),
        context_length=model.context_length,
        sequences=arguments["sequences"],
        unknown=arguments["unknown"],
        encode=getattr(model, "encode", None),
        progress=progress,
        **_ends(model, arguments),
    )


def _ends(model: LanguageModel, arguments: dict[str, Any]) -> dict[str, Any]:
    from markovgpt.adapters import find_tokens
    from markovgpt.cli.parts import unescaped

    ends: dict[str, Any] = {"circular": arguments["circular"]}
    for name in ("start", "end"):
        text = arguments[f"{name}_token"]
        ends[name] = None if text is None else find_tokens(model, [unescaped(text)])[0]
    return ends
