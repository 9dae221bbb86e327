"""A model, a matrix or a name where a chain belongs, numbers where a distribution or counts belong."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fakes import SessionModel

import markovgpt as mg
from markovgpt import ArgumentError, Decoding

CHAIN = mg.chain_from_table([[0.9, 0.1], [0.3, 0.7]])


def asks_a_chain(function: Any) -> bool:
    """Whether the first thing that it takes is a chain, and nothing else."""
    if inspect.isclass(function) or not callable(function):
        return False
    parameters = list(inspect.signature(function).parameters.values())
    annotation = str(parameters[0].annotation) if parameters else ""
    return {part.strip() for part in annotation.split("|")} <= {"Chain", "MarkovChain", "SparseChain", "Drawable"}


QUESTIONS = [name for name in mg.__all__ if asks_a_chain(getattr(mg, name))]


def other_arguments(function: Callable[..., Any], folder: Path) -> dict[str, Any]:
    """Something of the right kind for every other argument that must be given."""
    known = {
        "stationary": mg.stationary_distribution(CHAIN),
        "decoding": Decoding(greedy=True),
        "path": folder / "a.npz",
        "counts": mg.count_ngrams([0, 1, 0], vocab_size=2, context_length=1),
        "b": CHAIN,
        "expected": CHAIN,
        "context_length": 2,
        "start": 0,
        "cut": np.zeros(2),
        "state": 0,
        "k": 1,
        "n": 3,
    }
    parameters = list(inspect.signature(function).parameters.values())[1:]
    return {p.name: known[p.name] for p in parameters if p.default is p.empty and p.kind is not p.VAR_KEYWORD}


def test_questions_are_found() -> None:
    """The search by annotations finds what everybody uses."""
    assert {"stationary_distribution", "entropy_rate", "is_irreducible", "period", "draw", "save_chain"} <= set(
        QUESTIONS
    )


@pytest.mark.parametrize("question", QUESTIONS)
@pytest.mark.parametrize(
    ("thing", "kind"),
    [
        (SessionModel(np.zeros((2, 2)), context_length=1), "SessionModel"),
        (np.eye(2), "ndarray"),
        ("babygpt", "str"),
        (None, "NoneType"),
    ],
    ids=["model", "matrix", "name", "nothing"],
)
def test_what_is_no_chain_is_refused_by_name(question: str, thing: object, kind: str, tmp_path: Path) -> None:
    """Every question of the public interface: one error that says what it was, and no AttributeError."""
    function = getattr(mg, question)
    with pytest.raises(ArgumentError, match=rf"hain.*got (an? )?{kind}"):
        function(thing, **other_arguments(function, tmp_path))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("thing", "hint"),
    [
        (
            SessionModel(np.zeros((2, 2)), context_length=1),
            r"It is a model: ask about its chain, build_chain\(model\)\.",
        ),
        ("chain.npz", r"Load it: load_chain\(path\), or build_chain\(load_model\(name\)\)\."),
        ([[0.5, 0.5]], r"A table of next-token laws \(V\^K, V\) becomes one by chain_from_table\(\)"),
    ],
    ids=["model", "path", "table"],
)
def test_refusal_says_how_a_chain_is_made_of_it(thing: Any, hint: str) -> None:
    """Of a model, a file, a table."""
    with pytest.raises(ArgumentError, match=hint):
        mg.stationary_distribution(thing)


def test_probabilities_alone_are_no_stationary_distribution() -> None:
    """Their error bound would be lost."""
    pi: Any = mg.stationary_distribution(CHAIN).probabilities
    for question in (mg.entropy_rate, mg.conditional_entropies, mg.effective_order, mg.mixing_time):
        with pytest.raises(ArgumentError, match=r"stationary_distribution\(chain\) returns, .*: got ndarray"):
            question(CHAIN, pi)


def test_tokens_are_no_counts() -> None:
    """They are counted first, with a vocabulary and a context."""
    tokens: Any = [0, 1, 0]
    with pytest.raises(
        ArgumentError, match=r"count_ngrams\(tokens, vocab_size=\.\.\., context_length=\.\.\.\): got list"
    ):
        mg.compare_to_data(CHAIN, tokens)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"temperature": "warm"}, "temperature is a number: got 'warm'"),
        ({"temperature": None}, "temperature must be a number above 0: got None"),
        ({"top_p": "most"}, "top_p is a number: got 'most'"),
        ({"min_p": True}, "min_p is a number: got True"),
        ({"greedy": "yes"}, "greedy is True or False: got 'yes'"),
    ],
)
def test_options_of_another_type_are_refused(options: dict[str, Any], message: str) -> None:
    """Not with a TypeError of a comparison."""
    with pytest.raises(ArgumentError, match=message):
        Decoding(**options)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"decoding": "greedy"}, r"written Decoding\(temperature=0\.5, top_k=3\): got 'greedy'"),
        ({"batch_size": "many"}, "batch_size must be a whole number of at least 1: got 'many'"),
        ({"batch_size": True}, "batch_size must be a whole number of at least 1: got True"),
        ({"max_states": "1e6"}, "max_states is a whole number of states: got '1e6'"),
        ({"max_memory": []}, r"max_memory is an amount of memory .*: got \[\]"),
        ({"max_time": []}, r"max_time is a duration .*: got \[\]"),
        ({"store": 3}, "store is the path of a file: got 3"),
        ({"store": ""}, "store is the path of a file: got ''"),
    ],
)
def test_build_chain_refuses_options_of_another_type(options: dict[str, Any], message: str) -> None:
    """By name, before anything is asked."""
    model = SessionModel(np.zeros((2, 2)), context_length=1)
    with pytest.raises(ArgumentError, match=message):
        mg.build_chain(model, **options)


@pytest.mark.parametrize("state", [1.5, None])
def test_a_state_is_an_index_a_label_or_tokens(state: Any) -> None:
    """Anything else is refused by name."""
    with pytest.raises(ArgumentError, match=f"A state is an index, a label, or its tokens: got {state}"):
        CHAIN.state(state)


@pytest.mark.parametrize("path", [3, None])
def test_a_chain_is_loaded_from_a_path(path: Any) -> None:
    """A number would be a file descriptor."""
    with pytest.raises(ArgumentError, match=f"A chain is loaded from the path of a file: got {path}"):
        mg.load_chain(path)
