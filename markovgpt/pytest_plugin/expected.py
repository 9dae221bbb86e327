"""Which checks are expected to fail, of which model, and why?"""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest

from markovgpt.errors import ArgumentError

__all__ = ["read_expected"]


def read_expected(path: Path) -> dict[str, dict[str, str]]:
    """Reasons by model and name of check: ``{"babygpt": {"causal": "the mask is missing"}}``.

    Raises
    ------
    pytest.UsageError
        The file cannot be read, is of another form, or names a check that there is not.
    """
    if path.suffix.lower() not in (".toml", ".json"):
        raise pytest.UsageError(f"Expected failures are a .toml or .json file: got {str(path)!r}.")
    try:
        text = path.read_text(encoding="utf-8")
        document: Any = tomllib.loads(text) if path.suffix.lower() == ".toml" else json.loads(text)
    except OSError as error:
        raise pytest.UsageError(
            f"The expected failures cannot be read from {path}: {error.strerror or error}."
        ) from None
    except (ValueError, RecursionError) as error:
        raise pytest.UsageError(
            f"The expected failures cannot be read from {path}: {type(error).__name__}: {error}. In TOML, names with "
            'dots or colons stand in quotes: ["coin.py:Coin"].'
        ) from None
    if not isinstance(document, dict):
        raise _refusal(path, f"got {type(document).__name__}")
    for model, checks in document.items():
        if not isinstance(checks, dict):
            raise _refusal(path, f"got {checks!r} for {model!r}")
        for name, reason in checks.items():
            if not isinstance(reason, str) or not reason.strip():
                raise _refusal(path, f"got {reason!r} as the reason of {name} of {model!r}")
            _check_name(path, name)
    return document


def _check_name(path: Path, name: str) -> None:
    from markovgpt.testing.running import check_of

    try:
        check_of(name)
    except ArgumentError as error:
        raise pytest.UsageError(f"{path}: {error}") from None


def _refusal(path: Path, got: str) -> pytest.UsageError:
    return pytest.UsageError(
        f"Expected failures are a table of checks and reasons for every model, as in [babygpt] and then "
        f'causal = "the mask is missing": {got} in {path}.'
    )
