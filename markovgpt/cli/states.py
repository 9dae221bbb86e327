"""``markovgpt states``: how many states does a vocabulary and a context make, and what does one weigh?"""

from __future__ import annotations

import click

from markovgpt.cli.output import print_report

__all__ = ["states"]


@click.command()
@click.option("--vocab-size", "-V", "vocab_size", type=int, default=2, show_default=True, help="Number of tokens.")
@click.option(
    "--context-length", "-K", "context_length", type=int, default=3, show_default=True, help="Tokens that count."
)
def states(*, vocab_size: int, context_length: int) -> None:
    """Count states before anything is built: V^K contexts, and 1..K.

    \b
    markovgpt states --vocab-size 2 --context-length 3
    markovgpt states --vocab-size 50257 --context-length 1024
    """
    from markovgpt.report.sizes import size_sections

    print_report(size_sections(vocab_size, context_length))
