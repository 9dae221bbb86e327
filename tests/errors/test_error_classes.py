"""The family of errors: who derives from whom, what exit code they mean, what they carry."""

from __future__ import annotations

import pytest

from markovgpt import errors

_CLASSES = [getattr(errors, name) for name in errors.__all__]


@pytest.mark.parametrize("error", _CLASSES, ids=lambda error: error.__name__)
def test_every_error_is_a_markovgpt_error(error: type[Exception]) -> None:
    """One except clause catches all that is deliberate."""
    assert issubclass(error, errors.MarkovGPTError)


@pytest.mark.parametrize("error", _CLASSES, ids=lambda error: error.__name__)
def test_every_error_says_what_it_is_for(error: type[Exception]) -> None:
    """A docstring of its own."""
    assert error.__doc__
    assert error.__doc__ != Exception.__doc__


@pytest.mark.parametrize("error", _CLASSES, ids=lambda error: error.__name__)
def test_every_error_keeps_its_message_and_facts(error: type[errors.MarkovGPTError]) -> None:
    """The text for people, the values for programs."""
    raised = error("Row 5 is no law.", row=5)
    assert (str(raised), raised.facts) == ("Row 5 is no law.", {"row": 5})


@pytest.mark.parametrize(
    "error",
    [errors.ArgumentError, errors.DataError, errors.TableError, errors.TooManyStatesError, errors.ReducibleChainError],
    ids=lambda error: error.__name__,
)
def test_wrong_values_are_value_errors(error: type[Exception]) -> None:
    """So that code that knows nothing of markovgpt can catch them."""
    assert issubclass(error, ValueError)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.MarkovGPTError, 2),
        (errors.ArgumentError, 2),
        (errors.DataError, 2),
        (errors.ReducibleChainError, 2),
        (errors.ModelError, 3),
        (errors.ModelLoadError, 3),
        (errors.TrainingInterruptedError, 130),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_exit_code_of_an_error(error: type[errors.MarkovGPTError], code: int) -> None:
    """2 wrong use, 3 a model failed, 130 interrupted."""
    assert error.exit_code == code
