"""When is a difference a failure? ``--fail-above``, for scripts: exit code 1."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import click

from markovgpt.cli.errors import ShownError

__all__ = ["check_limits", "limit_option", "limits_from"]

Command = Callable[..., Any]

METRICS = {
    "excess": "excess over the data's own frequencies, bits per token",
    "tv": "total variation of the worst context",
    "kl-rate": "KL rate, bits per token",
    "unseen": "time in contexts that were never seen, a share",
    "long-run": "total variation of the stationary distributions",
    "greedy": "contexts with another likeliest token, a number",
}


def limit_option(command: Command) -> Command:
    """From which difference on the command fails."""
    return click.option(
        "--fail-above",
        multiple=True,
        metavar="[METRIC=]NUMBER",
        help=f"Exit with 1 if more: {', '.join(METRICS)}. Alone, a NUMBER is the excess, and the tv against a model. "
        "Repeat for more.",
    )(command)


def limits_from(texts: Sequence[str], *, default: str) -> dict[str, float]:
    """Metric to limit, as typed."""
    limits: dict[str, float] = {}
    for text in texts:
        name, _, number = text.rpartition("=")
        metric = name or default
        if metric not in METRICS:
            raise click.BadParameter(
                f"there is no metric {metric!r}. Known are {', '.join(METRICS)}.", param_hint="'--fail-above'"
            )
        try:
            limits[metric] = float(number)
        except ValueError:
            limits[metric] = math.nan
        if not limits[metric] >= 0:
            raise click.BadParameter(
                f"a limit is a number of at least 0, for example {metric}=0.05: got {number!r}.",
                param_hint="'--fail-above'",
            )
    return limits


def check_limits(limits: Mapping[str, float], found: Mapping[str, float | None]) -> None:
    """Fail where something that was found is above its limit, or was not found although there is a limit.

    Raises
    ------
    ShownError
        Exit code 1: names what is above, and by how much. Exit code 2: what has a limit was not computed here.
    """
    for metric in limits:
        if found.get(metric) is None:
            computed = ", ".join(name for name, value in found.items() if value is not None)
            raise ShownError(
                f"--fail-above {metric}: it was not computed in this comparison. Computed were {computed}.", exit_code=2
            )
    failures = [
        f"{METRICS[metric]}: {value:.6g}, allowed {limit:g}"
        for metric, limit in limits.items()
        if (value := found[metric]) is not None and not value <= limit
    ]
    if failures:
        raise ShownError(f"Above the limit: {'; '.join(failures)}.", exit_code=1)
