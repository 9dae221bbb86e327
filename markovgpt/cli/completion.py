"""``markovgpt completion``: how does the shell learn the commands and options?"""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

__all__ = ["completion"]

_WHERE = {"bash": "~/.bashrc", "zsh": "~/.zshrc", "fish": "~/.config/fish/completions/markovgpt.fish"}


@click.command()
@click.argument("shell", type=click.Choice(list(_WHERE)))
@click.pass_context
def completion(ctx: click.Context, shell: str) -> None:
    """Print a completion script for bash, zsh or fish.

    \b
    markovgpt completion bash >> ~/.bashrc
    """
    completer = get_completion_class(shell)
    if completer is None:
        raise click.UsageError(f"click has no completion for {shell}.")
    script = completer(ctx.find_root().command, {}, "markovgpt", "_MARKOVGPT_COMPLETE").source()
    click.echo(script)
