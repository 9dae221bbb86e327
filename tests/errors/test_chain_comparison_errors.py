"""Chains that cannot be compared, and questions of several chains that have no answer."""

from __future__ import annotations

import numpy as np
import pytest

import markovgpt as mg
from markovgpt import ArgumentError

FAIR = mg.chain_from_table(np.full((4, 2), 0.5))
"""Two tokens, contexts of two."""

QUESTIONS = {
    "compare_chains": mg.compare_chains,
    "first_greedy_difference": lambda a, b: mg.first_greedy_difference(a, b, 0),
    "tokens_distance": lambda a, b: mg.tokens_distance(a, b, n=1),
}
questions = pytest.mark.parametrize("question", QUESTIONS.values(), ids=QUESTIONS)


@questions
def test_chains_of_other_numbers_of_tokens_are_refused(question: object) -> None:
    """Both numbers, and what the tokens are."""
    other = mg.chain_from_table(np.full((3, 3), 1 / 3), tokens=["a", "b", "c"])
    with pytest.raises(ArgumentError, match=r"got 2 and 3 tokens \(0 1 against a b c\)"):
        question(FAIR, other)  # type: ignore[operator]


@questions
def test_chains_of_other_token_texts_are_refused(question: object) -> None:
    """The first that differs, and how many do."""
    other = mg.chain_from_table(np.full((2, 2), 0.5), tokens=["0", "x"])
    with pytest.raises(ArgumentError, match=r"token 1 is '1' in the first and 'x' in the second \(1 of 2 differ\)"):
        question(FAIR, other)  # type: ignore[operator]


@questions
def test_chains_of_other_lengths_are_refused(question: object) -> None:
    """Full against all."""
    other = mg.chain_from_table(np.full((6, 2), 0.5), lengths="all")
    with pytest.raises(ArgumentError, match=r"the same lengths are compared: got 'full' and 'all'\. Build both with"):
        question(FAIR, other)  # type: ignore[operator]


@questions
def test_walks_are_refused(question: object, babygpt: mg.LanguageModel) -> None:
    """Their states are not all contexts; on either side."""
    walk = mg.reachable_chain(babygpt, "0")
    for pair in ((FAIR, walk), (walk, FAIR)):
        with pytest.raises(
            ArgumentError, match=r"Chains over all contexts are compared: got a SparseChain\. Build both"
        ):
            question(*pair)  # type: ignore[operator]


@pytest.mark.parametrize("side", ["stationary_a", "stationary_b"])
def test_distribution_of_another_chain_is_refused(side: str) -> None:
    """Four states and two."""
    pi = mg.stationary_distribution(mg.chain_from_table(np.full((2, 2), 0.5)))
    with pytest.raises(ArgumentError, match="The chain has 4 states, the distribution 2"):
        mg.compare_chains(FAIR, FAIR, **{side: pi})  # type: ignore[arg-type]


def test_chain_with_several_classes_has_no_long_run_to_compare() -> None:
    """The rows are compared all the same; the other chain keeps its own."""
    ends = mg.chain_from_table(np.eye(2))
    coin = mg.chain_from_table(np.full((2, 2), 0.5))
    found = mg.compare_chains(ends, coin)
    assert found.long_run_a is None
    assert found.long_run_b is not None
    assert (found.stationary_distance, found.stationary_distance_error) == (None, float("inf"))
    assert found.total_variation.tolist() == [0.5, 0.5]


def test_chain_is_not_lifted_to_shorter_contexts() -> None:
    """Nor is its distribution."""
    pi = mg.stationary_distribution(FAIR)
    for question in (lambda: mg.lift(FAIR, 1), lambda: mg.lift_stationary(FAIR, pi, 1)):
        with pytest.raises(ArgumentError, match="lifted to contexts of at least its own 2 tokens: got 1"):
            question()


def test_distribution_of_another_chain_is_not_lifted() -> None:
    """Four states and two."""
    pi = mg.stationary_distribution(mg.chain_from_table(np.full((2, 2), 0.5)))
    with pytest.raises(ArgumentError, match="The chain has 4 states, the distribution 2"):
        mg.lift_stationary(FAIR, pi, 3)


@pytest.mark.parametrize("n", [-1, 1.5, True, None])
def test_texts_have_a_whole_number_of_tokens(n: object) -> None:
    """At least 0."""
    with pytest.raises(ArgumentError, match=f"a whole number of at least 0: got {n!r}"):
        mg.tokens_distance(FAIR, FAIR, n=n)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "law", [[0.5, 0.5], [0.5, 0.5, 0.5, 0.5], [1.5, -0.5, 0, 0], [np.nan, 1, 0, 0]], ids=["shape", "sum", "sign", "nan"]
)
def test_law_of_starts_is_a_distribution(law: list[float]) -> None:
    """Four probabilities."""
    with pytest.raises(ArgumentError, match="A law of starts is 4 probabilities that sum to 1: got shape"):
        mg.tokens_distance(FAIR, FAIR, n=1, law=np.array(law))


def test_texts_begin_in_one_way() -> None:
    """A start or a law."""
    with pytest.raises(ArgumentError, match="in one start, or in a law of starts: got both"):
        mg.tokens_distance(FAIR, FAIR, n=1, start=0, law=np.full(4, 0.25))


@pytest.mark.parametrize("eps", [0.0, 0.5, 1.0, -1.0, float("nan")])
def test_mixing_time_refuses_an_eps_that_is_none(eps: float) -> None:
    """Above 0 and below 1/2."""
    with pytest.raises(ArgumentError, match="eps is a total variation above 0 and below 1/2: got"):
        mg.mixing_time(FAIR, mg.stationary_distribution(FAIR), eps=eps)


def test_mixing_time_goes_through_every_start_of_tables_only(babygpt: mg.LanguageModel) -> None:
    """Not of a walk."""
    walk = mg.reachable_chain(babygpt, "111")
    with pytest.raises(
        ArgumentError, match="Every start is gone through of chains over all contexts: got a SparseChain"
    ):
        mg.mixing_time(walk, mg.stationary_distribution(walk), every_start=True)


@pytest.mark.parametrize("question", [mg.mixing_time, mg.conditional_entropies, mg.effective_order])
def test_long_run_questions_refuse_the_distribution_of_another_chain(question: object) -> None:
    """Four states and two."""
    pi = mg.stationary_distribution(mg.chain_from_table(np.full((2, 2), 0.5)))
    with pytest.raises(ArgumentError, match="The chain has 4 states, the distribution 2"):
        question(FAIR, pi)  # type: ignore[operator]


def test_gram_law_refuses_the_distribution_of_another_chain() -> None:
    """Four states and two."""
    pi = mg.stationary_distribution(mg.chain_from_table(np.full((2, 2), 0.5)))
    with pytest.raises(ArgumentError, match="The chain has 4 states, the distribution 2"):
        mg.gram_law(FAIR, pi, 1)


@pytest.mark.parametrize("k", [0, 4])
def test_gram_law_knows_up_to_one_token_more_than_the_context(k: int) -> None:
    """1 to 3 for a context of 2."""
    with pytest.raises(ArgumentError, match=f"Laws of 1 to 3 tokens are known: got k={k}"):
        mg.gram_law(FAIR, mg.stationary_distribution(FAIR), k)


def test_orders_are_those_of_tables_only(babygpt: mg.LanguageModel) -> None:
    """Of a walk, nobody knows the law of all contexts."""
    walk = mg.reachable_chain(babygpt, "111")
    with pytest.raises(ArgumentError, match=r"chains over all contexts: got a SparseChain\. Build the chain with"):
        mg.conditional_entropies(walk, mg.stationary_distribution(walk))  # type: ignore[arg-type]


@pytest.mark.parametrize("tolerance", [-0.1, float("nan")])
def test_effective_order_refuses_a_tolerance_that_is_none(tolerance: float) -> None:
    """At least 0."""
    with pytest.raises(ArgumentError, match="tolerance is a number of bits, at least 0: got"):
        mg.effective_order(FAIR, mg.stationary_distribution(FAIR), tolerance=tolerance)
