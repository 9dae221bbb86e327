"""How does a check become a test of pytest?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from markovgpt.errors import MarkovGPTError
from markovgpt.model import model_name
from markovgpt.pytest_plugin.models import load_models, models_of
from markovgpt.pytest_plugin.settings import RunSettings, settings_of
from markovgpt.testing.checks import CHECKS
from markovgpt.testing.parametrized import ModelCheck
from markovgpt.testing.running import Suite

__all__ = ["CheckItem", "ModelChecks", "checked_by", "prepare", "takers_of"]


class ModelChecks(pytest.Collector):
    """All checks of one model; its name is what names the model."""

    suite: Suite | None = None

    def collect(self) -> Iterator[CheckItem]:
        """One item a check."""
        for name in CHECKS:
            yield CheckItem.from_parent(self, name=name)


class CheckItem(pytest.Item):
    """One check of one model."""

    checked: ModelCheck | None = None

    def setup(self) -> None:
        """Load the model, once for all its checks."""
        __tracebackhide__ = True
        parent, settings = self.parent, settings_of(self.config)
        assert isinstance(parent, ModelChecks)
        if parent.suite is None:
            try:
                model = models_of(self.config).load(parent.name)
                parent.suite = Suite(model, spec=parent.name)
            except MarkovGPTError as error:
                message = f"The model {parent.name!r} cannot be tested: {error}"
            if parent.suite is None:
                pytest.fail(message, pytrace=False)
        reason = _reason(settings, self.name, parent.name, parent.suite.name)
        self.checked = ModelCheck(suite=parent.suite, check=self.name, expected=reason)

    def runtest(self) -> None:
        """Run it; a failure shows the message of the check."""
        __tracebackhide__ = True
        assert self.checked is not None
        self.checked()

    def reportinfo(self) -> tuple[Path, None, str]:
        """What it is, where pytest names it."""
        return self.config.rootpath, None, f"{self.name} of {self.parent.name if self.parent else ''}"


def prepare(session: pytest.Session, items: list[pytest.Item], *, load: bool) -> None:
    """What has to be done when all tests are known.

    Raises
    ------
    pytest.UsageError
        A model that is needed cannot be loaded.
    """
    settings = settings_of(session.config)
    wanted = any("markov_model" in getattr(item, "fixturenames", ()) for item in items)
    if settings.asked and not wanted:
        for spec in settings.models:
            items.extend(session.genitems(ModelChecks.from_parent(session, name=spec, nodeid=spec)))
    if load and (wanted or settings.asked):
        load_models(session.config)
    for item in items:
        checked = checked_by(item)
        if checked is None or checked.expected is not None or isinstance(item, CheckItem):
            continue
        reason = _reason(settings, checked.check, checked.suite.name, model_name(checked.suite.model))
        if reason is not None:
            params: dict[str, Any] = item.callspec.params  # type: ignore[attr-defined]  # checked_by looked
            params["check"] = replace(checked, expected=reason)


def takers_of(items: list[pytest.Item]) -> dict[str, list[str]]:
    """The tests that take a model as ``markov_model``, by what names the model."""
    takers: dict[str, list[str]] = {}
    for item in items:
        spec = getattr(getattr(item, "callspec", None), "params", {}).get("markov_model")
        if isinstance(spec, str):
            takers.setdefault(spec, []).append(item.nodeid)
    return takers


def checked_by(item: pytest.Item) -> ModelCheck | None:
    """What an item checks, be it collected here or made by ``parametrize_with_checks``; None if it is another test."""
    if isinstance(item, CheckItem):
        return item.checked
    call = getattr(getattr(item, "callspec", None), "params", {}).get("check")
    return call if isinstance(call, ModelCheck) else None


def _reason(settings: RunSettings, check: str, *names: str) -> str | None:
    """Why a check is expected to fail, of a model with these names."""
    for name in names:
        if check in settings.expected.get(name, {}):
            return settings.expected[name][check]
    return None
