"""How does a command get several options at once?"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

__all__ = ["Command", "with_options"]

Command = Callable[..., Any]


def with_options(command: Command, *options: Callable[[Command], Command]) -> Command:
    """The command with these options, which its help lists in this order."""
    for option in reversed(options):
        command = option(command)
    return command
