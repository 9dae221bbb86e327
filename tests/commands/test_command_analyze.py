"""What does a user read after ``markovgpt analyze``? The numbers of the notebook and its model."""

from __future__ import annotations

import pytest
from notebook_chain import P1, PERCENT_OF_1, STATIONARY
from report_text import arrows, facts, sections, shares

import markovgpt as mg

UNTRAINED_P0 = {
    "000": 0.4963349998,
    "001": 0.4515703619,
    "010": 0.4964836240,
    "011": 0.4518111348,
    "100": 0.4961162210,
    "101": 0.4517717957,
    "110": 0.4962802827,
    "111": 0.4520467520,
}


@pytest.fixture(scope="module")
def text(tmp_path_factory):
    """What ``markovgpt analyze`` prints, with no option at all."""
    from click.testing import CliRunner

    from markovgpt.cli import main

    result = CliRunner().invoke(main, ["analyze"], catch_exceptions=False)
    assert result.exit_code == 0
    assert result.stderr == ""
    return result.stdout


def test_analyze_says_what_the_model_is(text):
    """12,656 parameters, 2 tokens, a context of 3, 2^3 = 8 states, and the fifteen tokens of data."""
    said = facts(text)
    found = [said[name] for name in ("tokens", "context", "network", "parameters", "data", "states")]
    assert found == [
        "2: 0 1",
        "3 tokens",
        "4 layers, 4 heads, 16 wide",
        "12,656",
        "15 tokens: 111101111011110",
        "8: the 2^3 contexts",
    ]


def test_analyze_shows_sixteen_arrows_that_shift_the_context(text):
    """From ``abc`` token t leads to ``bct``."""
    assert {state: to for state, (to, _) in arrows(text).items()} == {
        (f"{n:03b}", t): f"{n:03b}"[1:] + t for n in range(8) for t in "01"
    }


def test_analyze_shows_the_probabilities_of_the_notebook(text):
    """27 / 73 in state 000 and so on, to two decimals of a percent."""
    shown = {state: percent for (state, t), (_, percent) in arrows(text).items() if t == "1"}
    assert {state: round(percent) for state, percent in shown.items()} == PERCENT_OF_1
    assert shown == pytest.approx({state: 100 * p for state, p in P1.items()}, abs=0.006)


def test_analyze_shows_both_tokens_of_a_state_adding_up_to_1(text):
    """Two rounded percentages: 100 +- 0.01."""
    both = arrows(text)
    for n in range(8):
        assert both[f"{n:03b}", "0"][1] + both[f"{n:03b}", "1"][1] == pytest.approx(100, abs=0.011)


def test_analyze_shows_the_losses_of_the_notebook(text):
    """0.663539 before the first step and 0.469983 before the last."""
    words = facts(text)["loss"].split()
    assert (float(words[0]), float(words[5])) == pytest.approx((0.663539, 0.469983), abs=2e-6)
    assert facts(text)["steps"].startswith("50 in ")


def test_analyze_shows_the_stationary_distribution(text):
    """GTH elimination in float64, to the six decimals that are printed."""
    assert shares(text) == pytest.approx(STATIONARY, abs=2e-6)


def test_analyze_shows_a_proven_bound(text):
    """A total error below 1e-12 is proven for 8 states."""
    last = sections(text)["Stationary distribution: where the chain spends its time"][-1]
    assert last.strip().startswith("Certified: total error (L1) at most ")
    assert float(last.split("at most ")[1].split(",")[0]) < 1e-12


def test_analyze_shows_the_uncertainty_of_the_next_token(text):
    """Entropy rate .8197558 bits; the windows of the data need half a bit: 111 is followed by either, 3 to 3 of 12."""
    said = facts(text)
    assert float(said["entropy rate"].split()[0]) == pytest.approx(0.8197558, abs=2e-6)
    assert said["data entropy"].startswith("0.500000 bits per token")


def test_analyze_shows_the_cross_entropy_of_the_data(text):
    """Minus the mean log2 of the probabilities of the twelve windows: 111 three times each, the others twice to 1."""
    from math import log2

    windows = [P1["111"]] * 3 + [1 - P1["111"]] * 3 + [P1[state] for state in ("110", "101", "011")] * 2
    expected = -sum(map(log2, windows)) / 12
    assert float(facts(text)["training cross-entropy"].split()[0]) == pytest.approx(expected, abs=2e-6)


def test_analyze_compares_with_the_data(text):
    """Four states are in the data; the others hold .0183 + .0530 + .0494 + .0530 = 17.36% of the time."""
    said = "\n".join(sections(text)["Transitions"])
    assert "4 of 8 states occur in the training data" in said
    assert "It spends 17.36% of its time in states never seen." in said
    assert said.count("never seen") == 4 + 1
    assert said.count("2 of 2") == 3
    assert said.count("3 of 6") == 2


def test_analyze_shows_total_variation_of_two_coins(text):
    """|0.5 - 0.4536126| = 0.0464 in 111, and 1 - P(1) where the data always go on with a 1."""
    shown = {}
    for line in sections(text)["Transitions"]:
        words = line.split()
        if words[-1:] != ["seen"] and len(words) == 10 and words[-2].isdecimal():  # ... 2 of 2  0.2044
            shown[words[0]] = float(words[-1])
    expected = {"011": 1 - P1["011"], "101": 1 - P1["101"], "110": 1 - P1["110"], "111": 0.5 - P1["111"]}
    assert shown == pytest.approx(expected, abs=6e-5)


def test_analyze_says_that_the_chain_is_irreducible(text):
    """All probabilities are above 0."""
    said = facts(text)
    assert said["recurrent class"] == "8 states, period 1: all states"
    assert said["transient"] == "none"
    assert "Irreducible: every state can reach every other." in text


def test_analyze_counts_what_enumeration_cost(text):
    """Eight contexts of three tokens in one batch."""
    assert facts(text)["contexts"].startswith("8 in 1 call of the model (batched), 24 token positions, ")


def test_analyze_untrained_shows_the_notebook_before_training(run):
    """P(0) of the untrained network, and no word of training."""
    result = run("analyze", "--untrained")
    shown = {state: percent for (state, t), (_, percent) in arrows(result.stdout).items() if t == "0"}
    assert shown == pytest.approx({state: 100 * p for state, p in UNTRAINED_P0.items()}, abs=0.006)
    assert "Training" not in sections(result.stdout)


def test_analyze_lengths_all_has_fourteen_states(run, babygpt_folder):
    """2 + 4 + 8 contexts, of which the six short ones are transient; P(1 | 0) = .707052, P(1 | 10) = .310751."""
    result = run("analyze", "--model", babygpt_folder, "--lengths", "all")
    shown, said = arrows(result.stdout), facts(result.stdout)
    assert said["states"] == "14: the contexts of length 1 to 3"
    assert said["transient"] == "6 states"
    assert said["recurrent class"].startswith("8 states, period 1: 000, 001, 010, 011, 100, 101, 110, 111")
    assert shown["0", "1"] == ("01", 70.71)
    assert shown["10", "1"] == ("101", 31.08)
    assert len(shown) == 28


def test_analyze_greedy_is_the_loop_of_the_notebook(run, babygpt_folder):
    """000>001>011>111>110>101>011: one loop 0111 of period 4, which four states lead into."""
    said = facts(run("analyze", "--model", babygpt_folder, "--greedy").stdout)
    assert said["recurrent class"] == "4 states, period 4: 011, 101, 110, 111"
    assert said["transient"] == "4 states"
    assert said["decoding"] == "greedy"
    assert said["entropy rate"].startswith("0.000000 bits per token")


@pytest.mark.parametrize(("top_p", "closed"), [(0.76, "4 states"), (0.79, "8 states")])
def test_analyze_top_p_closes_the_states_of_the_notebook(run, babygpt_folder, top_p, closed):
    """Up to .76 only 011, 101, 110, 111 stay closed; from .79 on all eight communicate."""
    said = facts(run("analyze", "--model", babygpt_folder, "--top-p", top_p).stdout)
    assert said["recurrent class"].startswith(f"{closed}, period 1")


def test_analyze_prints_the_same_twice(run, untrained_folder):
    """But for the milliseconds, which are no result."""
    first, second = (
        run("analyze", "--model", untrained_folder).stdout.split("What enumeration cost")[0] for _ in range(2)
    )
    assert first == second


def test_analyze_is_the_twin_of_the_library(run, untrained, untrained_folder):
    """Every percentage is the rounded probability of ``mg.build_chain``."""
    chain = mg.build_chain(untrained)
    shown = arrows(run("analyze", "--model", untrained_folder).stdout)
    for s in range(8):
        for t in range(2):
            assert shown[chain.label(s), str(t)][1] == round(100 * chain.probabilities[s, t], 2)
