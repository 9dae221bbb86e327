"""How is what the checks of a run found written for programs, and for readers?"""

from __future__ import annotations

import json
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import markovgpt
from markovgpt.pytest_plugin.page import page
from markovgpt.pytest_plugin.results import OUTCOMES, Entry, Found
from markovgpt.pytest_plugin.settings import RunSettings
from markovgpt.testing.checks import CHECKS

__all__ = ["report_to_dict", "write_report"]

_SCHEMA_VERSION = 1
_OF_MODEL = ("name", "spec", "fingerprint", "vocab_size", "context_length")
_OF_CHECK = ("check", "outcome", "message", "seconds", "alpha", "n", "seed", "atol", "test")


def write_report(path: Path, found: Found, settings: RunSettings) -> None:
    """Write a page or data, by the suffix.

    Raises
    ------
    OSError
        The file cannot be written.
    """
    document = report_to_dict(found, settings)
    text = page(document) if path.suffix.lower() == ".html" else json.dumps(document, indent=1, allow_nan=False) + "\n"
    path.write_text(text, encoding="utf-8")


def report_to_dict(found: Found, settings: RunSettings) -> dict[str, Any]:
    """What was found as one object; its keys are described in docs/architecture.md."""
    counts = found.counts()
    models: dict[tuple[Any, ...], list[Entry]] = {}
    for entry in found.entries:
        models.setdefault((entry["model"], *(entry[key] for key in _OF_MODEL[1:])), []).append(entry)  # type: ignore[literal-required]
    return {
        "schema_version": _SCHEMA_VERSION,
        "markovgpt": markovgpt.__version__,
        "versions": _versions(),
        "options": {
            "models": list(settings.models),
            "alpha": settings.judged.alpha,
            "n": settings.judged.n,
            "seed": settings.judged.seed,
            "atol": settings.judged.atol,
            "xfails": None if settings.xfails is None else str(settings.xfails),
        },
        "ok": not (counts["failed"] or found.failures or found.interrupted)
        and sum(counts.values()) > counts["skipped"],
        "interrupted": found.interrupted,
        "not_checked": found.not_checked,
        "counts": {outcome.replace(" ", "_"): counts[outcome] for outcome in OUTCOMES},
        "models": [
            {
                **{name: value if value != "" else None for name, value in zip(_OF_MODEL, key, strict=True)},
                "checks": [
                    {name: entry[name] for name in _OF_CHECK}  # type: ignore[literal-required]
                    for entry in sorted(entries, key=_place)
                ],
            }
            for key, entries in sorted(models.items(), key=lambda item: tuple(map(str, item[0])))
        ],
    }


def _place(entry: Entry) -> tuple[str, int]:
    """Test by test, in each in the order of the checks: whichever order they ran in."""
    names = list(CHECKS)
    return entry["test"].partition("::")[0], names.index(entry["check"]) if entry["check"] in CHECKS else len(names)


def _versions() -> dict[str, str | None]:
    found: dict[str, str | None] = {"python": platform.python_version()}
    for package in ("numpy", "torch", "pytest"):
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = None
    return found
