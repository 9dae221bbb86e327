"""How does each check become a test of pytest?"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, final

from markovgpt.errors import ArgumentError
from markovgpt.model import LanguageModel, model_name
from markovgpt.testing.checks import CHECKS
from markovgpt.testing.chosen import chosen_checks, expected_checks, judged
from markovgpt.testing.running import CheckResult, Suite

__all__ = ["ModelCheck", "parametrize_with_checks"]


@final
@dataclass(eq=False, kw_only=True)
class ModelCheck:
    """One check of one model, for a test item to call: what ``parametrize_with_checks`` gives each item as ``check``.

    Attributes
    ----------
    suite : Suite
        The model, its exact chain, and what its other checks found.
    check : str
        A key of :data:`CHECKS`.
    expected : str, or None
        Why it is expected to fail.
    result : CheckResult, or None
        What it found when it was called last, in the light of what is expected; None if it was not called.
    """

    suite: Suite
    check: str
    expected: str | None = None
    result: CheckResult | None = None

    def __call__(self) -> None:
        """Run it, with the settings of this moment: pytest then has a pass, a failure with the message, or a skip."""
        __tracebackhide__ = True
        import pytest

        self.result = judged(self.suite.run(CHECKS[self.check]), self.expected)
        if self.result.outcome == "failed":
            pytest.fail(f"{self.check}: {self.result.message}", pytrace=False)
        if self.result.outcome == "skipped":
            pytest.skip(self.result.message)
        if self.result.outcome == "expected failure":
            pytest.xfail(self.result.message)


def parametrize_with_checks(
    models: Sequence[LanguageModel],
    *,
    expected_failures: Mapping[str, str] | Callable[[LanguageModel], Mapping[str, str]] | None = None,
    only: Sequence[str] | None = None,
    skip: Sequence[str] = (),
    timeout: float | None = None,
    seed: int | None = None,
    n: int | None = None,
    alpha: float | None = None,
    atol: float | None = None,
) -> Callable[[Any], Any]:
    """A pytest decorator: one test item a model and check, each given a function ``check`` to call.

    Expected failures become strict ``xfail`` marks; with several models they may be a function of the model. Of models
    with the same name, the second is called ``name-2``. The other options are those of :func:`check_model`; settings
    that are not given are those of the item when it runs.

    Examples
    --------
    >>> import markovgpt as mg
    >>> @parametrize_with_checks([mg.load_model("babygpt", steps=0)])
    ... def test_my_model(check):
    ...     check()
    """
    import pytest

    names = chosen_checks(only, skip)
    items = []
    given = _several(models)
    for model, called in zip(given, _different_names(given), strict=True):
        suite = Suite(model, seed=seed, n=n, alpha=alpha, atol=atol, timeout=timeout, name=called)
        declared = expected_failures(model) if callable(expected_failures) else expected_failures
        expected = expected_checks(declared, names)
        for name in names:
            item = ModelCheck(suite=suite, check=name, expected=expected.get(name))
            items.append(pytest.param(item, id=f"{suite.name}-{name}"))
    return pytest.mark.parametrize("check", items)


def _several(models: Any) -> list[LanguageModel]:
    """The models of a list that has some."""
    if isinstance(models, str) or hasattr(models, "next_logits") or not isinstance(models, Iterable):
        raise ArgumentError(
            f"parametrize_with_checks takes a list of models, parametrize_with_checks([model]): got {models!r}."
        )
    given = list(models)
    if not given:
        raise ArgumentError("parametrize_with_checks takes at least one model: the list is empty.")
    return given


def _different_names(models: Sequence[LanguageModel]) -> list[str]:
    """A name for each model: its own, with a number behind it where another before it has that."""
    names: list[str] = []
    for model in models:
        own = model_name(model)
        tried = (own, *(f"{own}-{number}" for number in range(2, len(models) + 2)))
        names.append(next(name for name in tried if name not in names))
    return names
