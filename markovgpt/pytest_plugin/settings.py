"""Which settings has this run, and which has one test of it?"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, final

import pytest

from markovgpt.errors import ArgumentError
from markovgpt.testing.settings import DEFAULTS, MEANINGS, Settings, check_setting, using

if TYPE_CHECKING:
    from numpy.random import Generator

__all__ = ["RunSettings", "applied", "check_marker", "generator_for", "settings_for", "settings_of"]

_SUFFIXES = (".html", ".json")
_JUDGED = tuple(field.name for field in fields(Settings))


@final
@dataclass(frozen=True, kw_only=True)
class RunSettings:
    """What the command line says, otherwise the ini file, otherwise the default.

    Attributes
    ----------
    models : tuple of str
        What names the models under test.
    asked : bool
        They stand on the command line: what no test asks for is checked nevertheless.
    judged : Settings
        What judgements are made with to which the caller gives nothing else.
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
    judged: Settings
    expected: dict[str, dict[str, str]]
    xfails: Path | None
    strict_models: bool
    report: Path | None

    def header(self) -> str:
        """Models and settings, on one line."""
        models = ", ".join(self.models) or "none given"
        atol = "" if self.judged.atol is None else f", atol {self.judged.atol:g}"
        timeout = "" if self.judged.timeout is None else f", timeout {self.judged.timeout:g} s"
        judged = f"alpha {self.judged.alpha:g}, n {self.judged.n}, seed {self.judged.seed}{atol}{timeout}"
        return f"markovgpt: models {models}; {judged}"


_KEY = pytest.StashKey[RunSettings]()


def settings_of(config: pytest.Config) -> RunSettings:
    """The settings of a run, read once.

    Raises
    ------
    pytest.UsageError
        One of them cannot be.
    """
    if _KEY not in config.stash:
        config.stash[_KEY] = _read(config)
    return config.stash[_KEY]


def settings_for(node: pytest.Item | pytest.Collector) -> Settings:
    """What judgements of a test, or of all tests of a module, are made with: its marker goes before the run.

    Raises
    ------
    pytest.UsageError
        The marker cannot be.
    """
    run = settings_of(node.config).judged
    marker = node.get_closest_marker("markovgpt")
    if marker is None:
        return run
    unknown = sorted(set(marker.kwargs) - set(_JUDGED))
    if marker.args or unknown:
        wrong = f"got {unknown[0]}=" if unknown else f"got {marker.args[0]!r} without a name"
        raise pytest.UsageError(f"The marker markovgpt takes alpha=, n=, seed=, atol= and timeout=: {wrong}.")
    return replace(run, **{name: _number(f"The marker's {name}", name, value) for name, value in marker.kwargs.items()})


def check_marker(item: pytest.Item) -> None:
    """Fail a test whose marker cannot be."""
    __tracebackhide__ = True
    message = ""
    try:
        settings_for(item)
    except pytest.UsageError as error:
        message = str(error)
    if message:  # outside of the except block, so that it is printed once
        pytest.fail(message, pytrace=False)


@contextmanager
def applied(node: pytest.Item | pytest.Collector) -> Iterator[None]:
    """The settings of a test hold for what it does; of one whose marker cannot be, those of the run: it will fail."""
    try:
        settings = settings_for(node)
    except pytest.UsageError:
        settings = settings_of(node.config).judged
    with using(settings):
        yield


def generator_for(item: pytest.Item) -> Generator:
    """A generator that depends on the name of the test and on the seed, and on nothing else."""
    import numpy as np

    seed = settings_for(item).seed
    digest = hashlib.sha256(f"{seed}\n{item.nodeid}".encode("utf-8", "backslashreplace")).digest()
    return np.random.default_rng(int.from_bytes(digest))


def _read(config: pytest.Config) -> RunSettings:
    from markovgpt.pytest_plugin.expected import read_expected

    models = config.getoption("markovgpt_model") or config.getini("markovgpt_model") or []
    for spec in models:
        if not spec.strip():
            raise pytest.UsageError("--markovgpt-model needs the name or place of a model: got an empty text.")
    xfails, xfails_option = _path(config, "xfails")
    report, _ = _path(config, "report")
    if report is not None and not hasattr(config, "workerinput"):
        _check_report(report)
    return RunSettings(
        models=tuple(dict.fromkeys(models)),
        asked=bool(config.getoption("markovgpt_model")),
        judged=Settings(**{name: _setting(config, name, getattr(DEFAULTS, name)) for name in _JUDGED}),
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
    value = given
    if isinstance(given, str):
        try:
            value = int(given) if name in ("n", "seed") else float(given)
        except ValueError:
            value = given
    try:
        return check_setting(name, value)
    except ArgumentError:
        raise pytest.UsageError(f"{what} is {MEANINGS[name]}: got {given!r}.") from None


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
