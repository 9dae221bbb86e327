"""Which settings has this run, and which has one test of it?"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, final

import pytest

if TYPE_CHECKING:
    from numpy.random import Generator

__all__ = ["Settings", "generator_for", "settings_for", "settings_of"]

_SUFFIXES = (".html", ".json")
_MARKER_NAMES = ("alpha", "n", "seed")


@final
@dataclass(frozen=True, kw_only=True)
class Settings:
    """What the command line says, otherwise the ini file, otherwise the default.

    Attributes
    ----------
    models : tuple of str
        What names the models under test.
    asked : bool
        They stand on the command line: what no test asks for is checked nevertheless.
    alpha, n, seed : float, int, int
        As for :func:`markovgpt.testing.check_model`.
    expected : {model: {check name: reason}}
        Expected failures.
    xfails : Path, or None
        Where they stand.
    strict_models : bool
        That file stands on the command line: a model in it of which nothing is checked is a failure.
    report : Path, or None
        Where the report goes.
    """

    models: tuple[str, ...]
    asked: bool
    alpha: float
    n: int
    seed: int
    expected: dict[str, dict[str, str]]
    xfails: Path | None
    strict_models: bool
    report: Path | None

    def header(self) -> str:
        """Models and settings, on one line."""
        models = ", ".join(self.models) or "none given"
        return f"markovgpt: models {models}; alpha {self.alpha:g}, n {self.n}, seed {self.seed}"


_KEY = pytest.StashKey[Settings]()


def settings_of(config: pytest.Config) -> Settings:
    """The settings of a run, read once.

    Raises
    ------
    pytest.UsageError
        One of them cannot be.
    """
    if _KEY not in config.stash:
        config.stash[_KEY] = _read(config)
    return config.stash[_KEY]


def settings_for(item: pytest.Item) -> Settings:
    """The settings of a test: those of the run, and before them those of its marker."""
    __tracebackhide__ = True
    settings = settings_of(item.config)
    marker = item.get_closest_marker("markovgpt")
    if marker is None:
        return settings
    unknown = sorted(set(marker.kwargs) - set(_MARKER_NAMES))
    if marker.args or unknown:
        wrong = f"got {unknown[0]}=" if unknown else f"got {marker.args[0]!r} without a name"
        pytest.fail(f"The marker markovgpt takes alpha=, n= and seed=: {wrong}.", pytrace=False)
    try:
        values = {name: _number(f"The marker's {name}", name, value) for name, value in marker.kwargs.items()}
    except pytest.UsageError as error:
        pytest.fail(str(error), pytrace=False)
    return replace(settings, **values)


def generator_for(item: pytest.Item) -> Generator:
    """A generator that depends on the name of the test and on the seed, and on nothing else."""
    import numpy as np

    __tracebackhide__ = True
    seed = settings_for(item).seed
    digest = hashlib.sha256(f"{seed}\n{item.nodeid}".encode("utf-8", "backslashreplace")).digest()
    return np.random.default_rng(int.from_bytes(digest))


def _read(config: pytest.Config) -> Settings:
    from markovgpt.pytest_plugin.expected import read_expected

    models = config.getoption("markovgpt_model") or config.getini("markovgpt_model") or []
    for spec in models:
        if not spec.strip():
            raise pytest.UsageError("--markovgpt-model needs the name or place of a model: got an empty text.")
    xfails, xfails_option = _path(config, "xfails")
    report, _ = _path(config, "report")
    if report is not None and not hasattr(config, "workerinput"):
        _check_report(report)
    return Settings(
        models=tuple(dict.fromkeys(models)),
        asked=bool(config.getoption("markovgpt_model")),
        alpha=_setting(config, "alpha", 1e-6),
        n=_setting(config, "n", 20_000),
        seed=_setting(config, "seed", 0),
        expected={} if xfails is None else read_expected(xfails),
        xfails=xfails,
        strict_models=xfails_option,
        report=report,
    )


def _setting(config: pytest.Config, name: str, default: Any) -> Any:
    option, setting = config.getoption(f"markovgpt_{name}"), config.getini(f"markovgpt_{name}")
    if option is not None:
        return _number(f"--markovgpt-{name}", name, option)
    return _number(f"The setting markovgpt_{name}", name, setting) if setting else default


def _number(what: str, name: str, given: Any) -> Any:
    """A setting as a number, from text or from a marker."""
    value: Any = given
    if isinstance(given, str):
        try:
            value = float(given) if name == "alpha" else int(given)
        except ValueError:
            value = None
    if name == "alpha":
        if isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < 1 and math.isfinite(value):
            return float(value)
        raise pytest.UsageError(f"{what} is the rate of false alarms, a number between 0 and 1: got {given!r}.")
    least = 0 if name == "seed" else 1
    if isinstance(value, int) and not isinstance(value, bool) and value >= least:
        return value
    raise pytest.UsageError(f"{what} is a whole number of at least {least}: got {given!r}.")


def _path(config: pytest.Config, name: str) -> tuple[Path | None, bool]:
    """A file, and whether it stands on the command line.

    There it is sought from the folder that pytest was called in, in the ini file from the folder of that file.
    """
    option, setting = config.getoption(f"markovgpt_{name}"), config.getini(f"markovgpt_{name}")
    if option is not None:
        if not option:
            raise pytest.UsageError(f"--markovgpt-{name} needs the path of a file: got an empty text.")
        return config.invocation_params.dir / option, True
    if setting:
        return (config.inipath.parent if config.inipath is not None else config.rootpath) / setting, False
    return None, False


def _check_report(path: Path) -> None:
    if path.suffix.lower() not in _SUFFIXES:
        raise pytest.UsageError(f"--markovgpt-report writes .html or .json: got {str(path)!r}.")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        existed = path.exists()
        with path.open("ab"):
            pass
        if not existed:
            path.unlink()
    except OSError as error:
        raise pytest.UsageError(
            f"The report of --markovgpt-report cannot be written to {path}: {error.strerror or error}."
        ) from None
