"""What is typed to see a failure of a check again: a command, or a call in Python?"""

from __future__ import annotations

import shlex
from typing import Any

from markovgpt.testing.settings import DEFAULTS, Settings

__all__ = ["check_call", "check_command", "sampler_command"]


def check_call(name: str, check: str, settings: Settings, *, timeout: float | None = None) -> str:
    """The call that runs one check of a model of that name.

    >>> check_call("chargpt", "causal", Settings(n=500))
    "check_model(chargpt, only=['causal'], seed=0, n=500)"
    """
    variable = name if name.isidentifier() else "model"
    more = "".join(f", {option}={value!r}" for option, value in _changed(settings, "n", "alpha", "atol"))
    limit = "" if timeout is None else f", timeout={timeout:g}"
    return f"check_model({variable}, only=[{check!r}], seed={settings.seed}{more}{limit})"


def check_command(spec: str, check: str, settings: Settings, *, timeout: float | None = None) -> str:
    """The command that runs one check of what ``spec`` names."""
    limit = "" if timeout is None else f" --timeout {timeout:g}"
    return (
        f"markovgpt check {spec} --only {check} --seed {settings.seed}{_typed(settings, 'n', 'alpha', 'atol')}{limit}"
    )


def sampler_command(spec: str, settings: Settings, *, state: str | None, method: str, **options: Any) -> str:
    """The command that judges a method of what ``spec`` names, from one state."""
    where = "" if state is None else f" --state {shlex.quote(state)}"
    how = "".join(f" --{name.replace('_', '-')} {value:g}" for name, value in options.items())
    other = "" if method == "generate" else f" --method {method}"
    return (
        f"markovgpt check sampler {spec}{where}{how}{other} --seed {settings.seed} -n {settings.n}"
        f"{_typed(settings, 'alpha')}"
    )


def _typed(settings: Settings, *names: str) -> str:
    return "".join(f" {'-' if name == 'n' else '--'}{name} {value}" for name, value in _changed(settings, *names))


def _changed(settings: Settings, *names: str) -> list[tuple[str, Any]]:
    """Settings that are not the default."""
    given = [(name, getattr(settings, name)) for name in names]
    return [(name, value) for name, value in given if value != getattr(DEFAULTS, name)]
