"""What does pytest know of models? Options, fixtures, a marker, items that are checks, and a report.

pytest loads this module in every run of everybody who has markovgpt installed, so it imports nothing but pytest. What a
hook needs is imported when it has something to do. It asserts nothing, so pytest has nothing to rewrite here, and a
program that imported it before it starts pytest gets no warning: PYTEST_DONT_REWRITE.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from numpy.random import Generator as NumpyGenerator

    from markovgpt.chain import MarkovChain
    from markovgpt.model import LanguageModel
    from markovgpt.pytest_plugin.golden import GoldenChains
    from markovgpt.pytest_plugin.results import Entry, Found

_SETTINGS = {
    "model": ("SPEC", "A model under test, as `markovgpt analyze --model` takes it. Repeat for more."),
    "alpha": ("ALPHA", "False-alarm rate of one judgement of samples (default: 1e-6)."),
    "n": ("N", "Prompts that a judgement of samples continues (default: 20000)."),
    "seed": ("SEED", "Seed of contexts, draws and markov_rng (default: 0)."),
    "atol": (
        "ATOL",
        "Largest difference of a probability that is called rounding (default: 1e-6, or what the precision loses).",
    ),
    "timeout": ("SECONDS", "Give up a check that takes longer: the model hangs (default: no limit)."),
    "xfails": ("FILE", "Expected failures, .toml or .json: for every model, names of checks and reasons. Strict."),
    "report": ("PATH", "Write what the checks found: a page (.html) or data (.json)."),
}
"""Options and ini settings: name, what stands for its value, help."""

_MARKER = "markovgpt(alpha=, n=, seed=, atol=, timeout=): settings of markovgpt for one test, before those of the run."

_TAKERS = "markovgpt_takers"  # what a worker calls the tests that take models

_FOUND: pytest.StashKey[Found] = pytest.StashKey()
_HEARD: pytest.StashKey[list[Entry]] = pytest.StashKey()
_WATCHING: pytest.StashKey[bool] = pytest.StashKey()
_USED: pytest.StashKey[bool] = pytest.StashKey()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Options, and ini settings of the same names."""
    group = parser.getgroup("markovgpt", "models that are Markov chains (markovgpt)")
    for name, (metavar, text) in _SETTINGS.items():
        several = name == "model"
        action = "append" if several else "store"
        group.addoption(f"--markovgpt-{name}", action=action, default=None, metavar=metavar, help=text)
        if several:
            parser.addini(f"markovgpt_{name}", text, type="linelist", default=None)
        else:
            parser.addini(f"markovgpt_{name}", text, default=None)
    group.addoption(
        "--markovgpt-update-golden",
        action="store_true",
        default=False,
        help="Write the golden chains that differ, in place of comparing with them.",
    )


def _in_use(config: pytest.Config) -> bool:
    """Whether this run has any option or setting of ours; found out once."""
    if _USED not in config.stash:
        config.stash[_USED] = _has_settings(config)
    return config.stash[_USED]


def _has_settings(config: pytest.Config) -> bool:
    options = (config.getoption(f"markovgpt_{name}") for name in (*_SETTINGS, "update_golden"))
    return any(option not in (None, False) for option in options) or any(
        config.getini(f"markovgpt_{name}") for name in _SETTINGS
    )


def _found(config: pytest.Config) -> Found:
    """All that this run found so far."""
    from markovgpt.pytest_plugin.results import Found

    return config.stash.setdefault(_FOUND, Found())


def _is_worker(config: pytest.Config) -> bool:
    return hasattr(config, "workerinput")


def pytest_configure(config: pytest.Config) -> None:
    """Refuse settings that cannot be, before anything is collected."""
    config.addinivalue_line("markers", _MARKER)
    config.pluginmanager.register(_Gathering(config), "markovgpt-gathering")
    if _in_use(config):
        from markovgpt.pytest_plugin.settings import settings_of

        settings_of(config)


def pytest_report_header(config: pytest.Config) -> str | None:
    """Models and settings, if there are any."""
    if not _in_use(config):
        return None
    from markovgpt.pytest_plugin.settings import settings_of

    return settings_of(config).header()


@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    """Where workers will load the models, find out now whether there are such models."""
    if _in_use(session.config) and session.config.pluginmanager.hasplugin("dsession"):
        from markovgpt.pytest_plugin.models import find_models

        find_models(session.config)


@pytest.hookimpl(tryfirst=True)
def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test of ``markov_model`` is run with every model."""
    if "markov_model" in metafunc.fixturenames:
        from markovgpt.pytest_plugin.models import parametrize_models

        parametrize_models(metafunc)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection_modifyitems(
    session: pytest.Session, config: pytest.Config, items: list[pytest.Item]
) -> Generator[None]:
    """Collect the checks where no test asks for the models; declare the expected failures; load the models."""
    if _in_use(config):
        from markovgpt.pytest_plugin.items import prepare, takers_of

        prepare(session, items, load=not _is_worker(config) and not config.getoption("collectonly"))
        if _is_worker(config):
            config.workeroutput[_TAKERS] = takers_of(items)  # type: ignore[attr-defined]  # of pytest-xdist
        else:
            _found(config).takers = takers_of(items)
    return (yield)


def pytest_collection_finish(session: pytest.Session) -> None:
    """From now on results of ``check_model`` are counted, if this run has anything to do with them."""
    session.config.stash[_WATCHING] = "markovgpt.testing" in sys.modules or _in_use(session.config)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Refuse a marker that cannot be."""
    if item.get_closest_marker("markovgpt") is not None:
        from markovgpt.pytest_plugin.settings import check_marker

        check_marker(item)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Settings of the run and of the marker hold while a test runs, and ``check_model`` is listened to."""
    with _settings(item):
        if not item.config.stash.get(_WATCHING, False):
            return (yield)
        from markovgpt.pytest_plugin.results import listening

        with listening(item) as entries:
            item.stash[_HEARD] = entries
            return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_fixture_setup(request: pytest.FixtureRequest) -> Generator[None, object, object]:
    """What is made for many tests has no settings of the one that happens to come first."""
    if request.scope == "function" or "markovgpt.pytest_plugin.settings" not in sys.modules:
        return (yield)
    from markovgpt.pytest_plugin.settings import applied

    with applied(request.node):
        return (yield)


def _settings(item: pytest.Item) -> AbstractContextManager[None]:
    if not _in_use(item.config) and item.get_closest_marker("markovgpt") is None:
        return nullcontext()
    from markovgpt.pytest_plugin.settings import applied

    return applied(item)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """What the checks found travels with the report of the test, from a worker to the controller, too."""
    report = yield
    if item.config.stash.get(_WATCHING, False):
        from markovgpt.pytest_plugin.results import add_entries

        add_entries(item, report, item.stash.get(_HEARD, []))
    return report


class _Gathering:
    """All that was found in this run, by this process or its workers."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        entries = getattr(report, "markovgpt_checks", None)
        if entries:
            _found(self._config).add(report.nodeid, report.when, entries)
        if report.when == "teardown" and _in_use(self._config):
            _found(self._config).finished.add(report.nodeid)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        takers = getattr(node, "workeroutput", {}).get(_TAKERS)
        if takers is not None:
            _found(self._config).takers = takers


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Write the report, and judge the expected failures that nothing was heard of."""
    if _in_use(session.config) and not _is_worker(session.config) and not session.config.getoption("collectonly"):
        from markovgpt.pytest_plugin.finishing import finish

        finish(session, _found(session.config))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """One line that counts, if there is anything to count; what was not checked, and what was written."""
    found = config.stash.get(_FOUND, None)
    if found is not None:
        for line, colour in found.lines():
            terminalreporter.write_line(line, **{colour: True})


def pytest_assertrepr_compare(op: str, left: object, right: object) -> list[str] | None:
    """Where do two chains differ that should be equal?"""
    if op != "==" or not any(type(side).__module__.startswith("markovgpt.") for side in (left, right)):
        return None
    from markovgpt.pytest_plugin.explaining import explain

    return explain(left, right)


@pytest.fixture(scope="session")
def markov_model(request: pytest.FixtureRequest) -> LanguageModel:
    """Each model of --markovgpt-model, or of the setting markovgpt_model; loaded once in a run."""
    from markovgpt.pytest_plugin.models import model_under_test

    return model_under_test(request)


@pytest.fixture(scope="session")
def markov_chain() -> Callable[..., MarkovChain]:
    """``markov_chain(model, **options)``: the exact chain, as build_chain makes it; built once in a run."""
    from markovgpt.pytest_plugin.chains import Chains

    return Chains().chain


@pytest.fixture
def markov_golden(request: pytest.FixtureRequest) -> GoldenChains:
    """``markov_golden(chain)``: it is the chain in the file beside the test; --markovgpt-update-golden writes it."""
    from markovgpt.pytest_plugin.golden import GoldenChains

    return GoldenChains(
        request.path, request.node.nodeid, update=bool(request.config.getoption("markovgpt_update_golden"))
    )


@pytest.fixture
def markov_options(request: pytest.FixtureRequest) -> dict[str, Any]:
    """``alpha``, ``n`` and ``seed`` of this test, as arguments: ``check_model(model, **markov_options)``."""
    from markovgpt.pytest_plugin.settings import settings_for

    settings = settings_for(request.node)
    return {"alpha": settings.alpha, "n": settings.n, "seed": settings.seed}


@pytest.fixture
def markov_rng(request: pytest.FixtureRequest) -> NumpyGenerator:
    """A random generator of this test alone: seeded by its name and the seed of the run, whatever ran before it."""
    from markovgpt.pytest_plugin.settings import generator_for

    return generator_for(request.node)
