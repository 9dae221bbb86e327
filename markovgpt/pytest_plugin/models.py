"""Which models are under test, and how does a test get them?"""

from __future__ import annotations

import pytest

from markovgpt.errors import MarkovGPTError
from markovgpt.model import LanguageModel
from markovgpt.pytest_plugin.settings import settings_of

__all__ = ["Models", "find_models", "load_models", "model_under_test", "models_of", "parametrize_models"]


class Models:
    """Models by what names them, loaded at first use."""

    def __init__(self) -> None:
        self._loaded: dict[str, LanguageModel] = {}

    def load(self, spec: str) -> LanguageModel:
        """The model; as :func:`markovgpt.load_model`, once."""
        if spec not in self._loaded:
            from markovgpt.registry import load_model

            self._loaded[spec] = load_model(spec)
        return self._loaded[spec]


_KEY = pytest.StashKey[Models]()


def models_of(config: pytest.Config) -> Models:
    """The models of a run."""
    return config.stash.setdefault(_KEY, Models())


def load_models(config: pytest.Config) -> None:
    """Load all models under test.

    Raises
    ------
    pytest.UsageError
        One cannot be found or built.
    """
    for spec in settings_of(config).models:
        try:
            models_of(config).load(spec)
        except MarkovGPTError as error:
            raise _refusal(spec, error) from None


def find_models(config: pytest.Config) -> None:
    """Find what the command line names, and build nothing.

    Raises
    ------
    pytest.UsageError
        One cannot be found.
    """
    from markovgpt.registry import takes_option

    settings = settings_of(config)
    for spec in settings.models if settings.asked else ():
        try:
            takes_option(spec, "seed")  # asks the thing itself, so that it must be there
        except MarkovGPTError as error:
            raise _refusal(spec, error) from None


def model_under_test(request: pytest.FixtureRequest) -> LanguageModel:
    """The model of a parametrized fixture."""
    __tracebackhide__ = True
    spec = getattr(request, "param", None)
    if spec is None:
        pytest.fail(
            "markov_model has no model: give one with --markovgpt-model SPEC, or with markovgpt_model in the "
            "configuration of pytest.",
            pytrace=False,
        )
    try:
        return models_of(request.config).load(spec)
    except MarkovGPTError as error:
        message = str(_refusal(spec, error))
    pytest.fail(message, pytrace=False)


def parametrize_models(metafunc: pytest.Metafunc) -> None:
    """One test a model, if models are given and the test does not bring its own."""
    for marker in metafunc.definition.iter_markers("parametrize"):
        names = marker.args[0] if marker.args else marker.kwargs.get("argnames", ())
        if "markov_model" in ([name.strip() for name in names.split(",")] if isinstance(names, str) else names):
            return
    specs = settings_of(metafunc.config).models
    if specs:
        metafunc.parametrize("markov_model", specs, indirect=True, ids=specs, scope="session")


def _refusal(spec: str, error: Exception) -> pytest.UsageError:
    return pytest.UsageError(f"The model {spec!r} of --markovgpt-model cannot be tested: {error}")
