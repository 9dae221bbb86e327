"""Which part of a model is analysed: some of its tokens, behind a fixed text, what can be reached, until an end?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import click

from markovgpt.cli.costs import announce, print_cost_and_stop
from markovgpt.cli.declaring import Command, with_options
from markovgpt.cli.output import print_note

if TYPE_CHECKING:
    from markovgpt.chain import MarkovChain
    from markovgpt.decoding import Decoding
    from markovgpt.model import LanguageModel, Progress
    from markovgpt.sparse_chain import SparseChain

__all__ = [
    "chain_from",
    "chains_from",
    "context_from",
    "part_of",
    "part_options",
    "start_option",
    "starts_from",
    "unescaped",
]


def part_options(command: Command) -> Command:
    """Options that make a large model small."""
    return with_options(
        command,
        click.option(
            "--tokens",
            multiple=True,
            metavar="LIST",
            help="Only these tokens, by text or number, between commas; #7 is always the number. Repeatable.",
        ),
        click.option("--likely-tokens", type=int, metavar="N", help="Only the N likeliest tokens after --prefix."),
        click.option("--prefix", metavar="TEXT", help="A fixed text in front of every context."),
        click.option("--reachable-from", metavar="CONTEXT", help="Only contexts the model gets to from this one."),
        click.option("--min-probability", type=float, default=0.0, help="With --reachable-from: cut rarer arrows."),
        click.option("--min-reach", type=float, default=0.0, help="With --reachable-from: cut rarer contexts."),
        click.option(
            "--end", metavar="TOKEN", help="With --reachable-from: the token that ends a sequence, such as '\\n'."
        ),
        click.option(
            "--at-end",
            type=click.Choice(["absorb", "restart"]),
            default="absorb",
            show_default=True,
            help="The end is a state of its own, or leads back to the start.",
        ),
        click.option(
            "--outside",
            type=click.Choice(["renormalise", "absorb"]),
            default="renormalise",
            show_default=True,
            help="What is left out is divided away, or leads to the state (elsewhere).",
        ),
    )


def start_option(command: Command) -> Command:
    """Where the chain begins."""
    return click.option(
        "--start",
        multiple=True,
        metavar="CONTEXT|uniform",
        help="Where the chain begins, for the probabilities of its ends: a context (if it is short the model writes "
        "on; '' is the empty one), or every state alike. Repeatable.  [default: uniform, or that of --reachable-from]",
    )(command)


def starts_from(model: LanguageModel, texts: Sequence[str]) -> list[list[int] | str]:
    """The starts that were typed: contexts, or ``"uniform"``."""
    return [text if text == "uniform" else context_from(model, text) for text in texts]


def part_of(model: LanguageModel, arguments: dict[str, Any]) -> LanguageModel:
    """The model on the chosen tokens, behind the chosen text; takes those options out of ``arguments``."""
    from markovgpt.adapters import find_tokens, likeliest_tokens, restrict_tokens, with_prompt
    from markovgpt.adapters.prompt import encode_with
    from markovgpt.errors import ArgumentError

    prefix, n_likely = arguments.pop("prefix"), arguments.pop("likely_tokens")
    texts = [unescaped(text) for listing in arguments.pop("tokens") for text in listing.split(",")]
    if texts and n_likely is not None:
        raise ArgumentError("--tokens and --likely-tokens both choose the vocabulary: give one of them.")
    if n_likely is not None and prefix is None:
        raise ArgumentError("--likely-tokens needs --prefix: the text after which they are likely.")
    kept = find_tokens(model, texts) if texts else []
    if n_likely is not None:
        kept = likeliest_tokens(model, encode_with(model, prefix).tolist(), n_likely)
    if prefix is not None:
        model = with_prompt(model, prefix)
    return restrict_tokens(model, kept) if kept else model


def chain_from(
    model: LanguageModel, arguments: dict[str, Any], *, decoding: Decoding, progress: Progress
) -> MarkovChain | SparseChain:
    """The chain of all contexts, or of the reachable ones, as the remaining options ask."""
    return next(chains_from(model, arguments, decodings=[decoding], progress=progress))


def chains_from(
    model: LanguageModel, arguments: dict[str, Any], *, decodings: Sequence[Decoding], progress: Progress
) -> Iterator[MarkovChain | SparseChain]:
    """The same under several rules: the model is asked about all contexts once, and walked for each rule anew."""
    from markovgpt.adapters import find_tokens
    from markovgpt.enumeration import build_chains, reachable_chain
    from markovgpt.errors import ArgumentError

    start, end = arguments.pop("reachable_from"), arguments.pop("end")
    walk = {name: arguments.pop(name) for name in ("min_probability", "min_reach", "at_end", "outside")}
    given = {name: value for name, value in arguments.items() if value is not None}
    if start is None:
        if end is not None or walk["min_probability"] or walk["min_reach"] or walk["outside"] == "absorb":
            raise ArgumentError(
                "--end, --min-probability, --min-reach and --outside absorb need --reachable-from CONTEXT."
            )
        if given.pop("dry_run"):
            print_cost_and_stop(model, decodings, given)
        for number, chain in enumerate(build_chains(model, decodings, progress=progress, announce=announce, **given)):
            if number == 0:
                print_note(chain.origin.note)
            yield chain
        return
    if given.pop("lengths") != "full" or given.pop("strategy") != "auto":
        raise ArgumentError("--lengths and --strategy are for chains of all contexts: not with --reachable-from.")
    if given.pop("dry_run") or {"max_memory", "max_time"} & set(given):
        raise ArgumentError(
            "--dry-run, --max-memory and --max-time are for chains of all contexts: what a walk with --reachable-from "
            "meets is not known beforehand. It is stopped by --max-states."
        )
    if end is not None:
        walk["end"] = find_tokens(model, [unescaped(end)])[0]
    first = context_from(model, start)
    for decoding in decodings:
        yield reachable_chain(model, first, decoding=decoding, progress=progress, **walk, **given)


def unescaped(text: str) -> str:
    """``\\n`` and ``\\t`` as typed in a shell, as the line end and the tab that they mean."""
    return text.replace("\\n", "\n").replace("\\t", "\t")


def context_from(model: LanguageModel, text: str) -> list[int] | str:
    """A context that was typed, as tokens: by the model's ``encode``, or as a label."""
    encode = getattr(model, "encode", None)
    plain = unescaped(text)
    return plain if encode is None else [int(token) for token in encode(plain)]
