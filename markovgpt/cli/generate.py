"""``markovgpt generate``: which text does the model write after a prompt?"""

from __future__ import annotations

from typing import Any

import click

from markovgpt.cli.options import load_from, model_options, sampling_options
from markovgpt.cli.progress import ProgressBar

__all__ = ["generate"]


@click.command()
@model_options
@sampling_options
@click.option("--prompt", "-p", required=True, metavar="TEXT", help="What the model continues: at least one token.")
@click.option("-n", "n", type=click.IntRange(min=1), default=100, show_default=True, help="Tokens to draw.")
@click.option("--samples", type=click.IntRange(min=1), default=1, show_default=True, help="Texts, one a line.")
@click.option("--sample-seed", type=click.IntRange(min=0), default=0, show_default=True, help="Seed of the draws.")
def generate(**arguments: Any) -> None:
    """Write text: the prompt, and tokens drawn from the model's exact law.

    The same seeds give the same text. --seed is that of the weights, as everywhere; --sample-seed that of the draws.

    \b
    markovgpt generate --model babygpt --prompt 011 -n 50
    markovgpt generate --model babygpt --prompt 011 --top-p 0.9 --samples 5 --sample-seed 7
    markovgpt generate --model babygpt --prompt 1 --greedy
    """
    prompt, n, samples, seed = (arguments.pop(name) for name in ("prompt", "n", "samples", "sample_seed"))
    rule = {name: arguments.pop(name) for name in ("temperature", "top_k", "top_p", "min_p")}
    greedy = arguments.pop("greedy")

    from markovgpt.adapters.prompt import encode_with
    from markovgpt.cli.parts import unescaped
    from markovgpt.errors import ArgumentError
    from markovgpt.generation import decoding_of
    from markovgpt.generation import generate as generated
    from markovgpt.model import vocabulary_of

    decoding_of(**rule)  # refused before a model is trained
    with ProgressBar() as progress:
        model = load_from(arguments, progress=progress, any_size=True)
    tokens = encode_with(model, unescaped(prompt))
    if not len(tokens):
        raise ArgumentError("--prompt has at least one token: got none.")
    rows = generated(
        model, [tokens.tolist()] * samples, n, seed=seed, **(rule | ({"temperature": 0.0} if greedy else {}))
    )
    decode = getattr(model, "decode", None) or vocabulary_of(model).decode
    for row in rows.tolist():
        click.echo(decode(row))
