"""What can be asked on the command line? One command a file; heavy imports wait until a command runs."""

from __future__ import annotations

import click

from markovgpt import __version__
from markovgpt.cli.analyze import analyze
from markovgpt.cli.check import check
from markovgpt.cli.compare import compare
from markovgpt.cli.completion import completion
from markovgpt.cli.draw import draw
from markovgpt.cli.errors import Program
from markovgpt.cli.explain import explain
from markovgpt.cli.generate import generate
from markovgpt.cli.models import models
from markovgpt.cli.new import new
from markovgpt.cli.plugins import plugins
from markovgpt.cli.states import states
from markovgpt.cli.stationary import stationary
from markovgpt.cli.structure import structure

__all__ = ["main"]


@click.group(cls=Program, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, "--version", "-V", prog_name="markovgpt")
def main() -> None:
    """See a GPT as the finite Markov chain that it is.

    A language model with V tokens and a context of K tokens is a Markov chain: a state is a context, a step draws a
    token and drops the oldest. markovgpt makes that chain explicit and answers questions about it exactly.

    Begin with:  markovgpt analyze --model babygpt
    """


for command in (
    analyze,
    structure,
    stationary,
    compare,
    check,
    explain,
    generate,
    draw,
    states,
    models,
    plugins,
    new,
    completion,
):
    main.add_command(command)
