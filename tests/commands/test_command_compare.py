"""What does a user read after ``markovgpt compare``? The numbers of the notebook's model beside those of its data."""

from __future__ import annotations

from collections import Counter
from math import log2

import numpy as np
import pytest
from notebook_chain import DATA, P1, SEEN, STATIONARY, WINDOWS
from report_text import cells, facts, sections

import markovgpt as mg

ORDERS = "What each token of context tells, and what of it the model has not learned (bits per token)"
SMOOTHINGS = ["mle", "add-alpha", "witten-bell", "kneser-ney"]
UNSEEN = ["000", "001", "010", "100"]


def kl(p: float, q: float) -> float:
    """Of two coins, in bits."""
    return sum(a * log2(a / b) for a, b in ((p, q), (1 - p, 1 - q)) if a)


def entropy(p: float) -> float:
    return sum(-a * log2(a) for a in (p, 1 - p) if a)


@pytest.fixture(scope="module")
def text(babygpt_folder):
    """What ``markovgpt compare --model babygpt`` prints, with no other option."""
    from click.testing import CliRunner

    from markovgpt.cli import main

    result = CliRunner().invoke(main, ["compare", "--model", str(babygpt_folder)], catch_exceptions=False)
    assert (result.exit_code, result.stderr) == (0, "")
    return result.stdout


@pytest.fixture(scope="module")
def said(text):
    return sections(text)


def section_facts(said, title):
    return facts("\n".join(said[title]))


def number(words):
    """The first word of a fact."""
    return float(words.split()[0].rstrip(":"))


def test_compare_has_its_sections_in_the_order_of_reading(said):
    """From what was compared to single contexts that were never seen."""
    assert list(said) == [
        "babygpt against its training data",
        "How well it predicts the data",
        ORDERS,
        "n-gram models of the data, bits per token on the data that they were counted from",
        "Where it is farthest from the data",
        "In the long run",
        "The edges of the data count",
        "Where the data are silent: which simpler law does it follow?",
        "Why does it say that, where the data are silent?",
    ]


def test_compare_says_what_was_compared(said):
    """Fifteen tokens, of which twelve have three before them; four of eight contexts, three of them seen twice."""
    assert section_facts(said, "babygpt against its training data") == {
        "data": "its training data: 15 tokens in 1 sequence",
        "compared": "12 tokens: those with 3 before them",
        "contexts": "4 of 8 seen (50.00%), 3 of them fewer than 5 times",
    }


def test_compare_shows_surprise_least_possible_and_excess(said):
    """The mean of -log2 of the twelve probabilities; half a bit, since 111 goes on evenly 6 of 12 times; .1737."""
    shown = section_facts(said, "How well it predicts the data")
    surprise = -sum(log2(P1[w[:3]] if w[3] == "1" else 1 - P1[w[:3]]) for w in WINDOWS) / 12
    assert number(shown["model"]) == pytest.approx(surprise, abs=6e-5) == 0.6737
    assert number(shown["least possible"]) == 0.5
    assert number(shown["excess"]) == pytest.approx(surprise - 0.5, abs=6e-5) == 0.1737


def test_compare_shows_that_greedy_decoding_follows_the_data(said):
    """After 111, where the model prefers 0, the data are even: 0 is one of the most frequent."""
    assert section_facts(said, "How well it predicts the data")["likeliest token"].endswith("100% of the tokens")


def test_compare_warns_of_tests_on_training_data(said):
    """The model has bent towards what is tested."""
    assert "more than chance  in 0 of 4 contexts" in "\n".join(said["How well it predicts the data"])
    assert "tests too mild" in said["How well it predicts the data"][-1]


def test_compare_splits_entropy_and_excess_by_order(said):
    """Given the last j of the three tokens: frequencies, and the model's law averaged over the contexts with them."""
    entropies, excess = [], []
    for j in range(4):
        groups = {}
        for window in WINDOWS:
            groups.setdefault(window[3 - j : 3], []).append(window)
        shares = [
            (len(g) / 12, np.mean([w[3] == "1" for w in g]), np.mean([P1[w[:3]] for w in g])) for g in groups.values()
        ]
        entropies.append(sum(n * entropy(p) for n, p, _ in shares))
        excess.append(sum(n * kl(p, q) for n, p, q in shares))
    told, missing = -np.diff([1, *entropies]), np.diff([0, *excess])
    found = [[float(cell) for cell in row[:4]] for row in cells(said[ORDERS][1:5])]
    np.testing.assert_allclose(found, np.column_stack((range(4), entropies, told, missing)), atol=6e-5)


def test_compare_shows_ngram_models_of_every_order_and_smoothing(said, babygpt):
    """Relative frequencies counted by hand, with all that precedes; the others as the library has them."""
    lines = cells(said["n-gram models of the data, bits per token on the data that they were counted from"])
    assert lines[0] == ["order", *SMOOTHINGS]
    counts = mg.count_ngrams(babygpt.training_tokens, vocab_size=2, context_length=3)
    known = {(row.order, row.smoothing): row.training_bits for row in mg.baselines(counts)}
    for j in range(4):
        grams = Counter(DATA[i : i + j + 1] for i in range(15 - j))
        totals = Counter(DATA[i : i + j] for i in range(15 - j))
        mle = -sum(log2(grams[w[3 - j :]] / totals[w[3 - j : 3]]) for w in WINDOWS) / 12
        expected = [j, mle, *(known[j, smoothing] for smoothing in SMOOTHINGS[1:])]
        assert [float(cell) for cell in lines[j + 1]] == pytest.approx(expected, abs=6e-5)
    assert lines[5] == ["babygpt", "0.6737"]
    assert lines[6][0].startswith("No data were held out")


def test_compare_lists_contexts_by_what_they_cost(said):
    """2 of 12 times -log2 P(1) each, and 6 of 12 times the divergence of .4536126 from a half."""
    costs = {context: sum(n) / 12 * kl(n[1] / sum(n), P1[context]) for context, n in SEEN.items()}
    rows = {row[0]: row for row in cells(said["Where it is farthest from the data"][1:5])}
    assert list(rows) == sorted(costs, key=costs.get, reverse=True)
    assert {context: float(row[-2]) for context, row in rows.items()} == pytest.approx(costs, abs=6e-5)
    assert {context: float(row[-4]) for context, row in rows.items()} == pytest.approx(
        {context: abs(n[1] / sum(n) - P1[context]) for context, n in SEEN.items()}, abs=6e-5
    )
    assert rows["111"][1:3] == ["6", "0 50% [12%-88%]"]
    assert rows["110"][1:3] == ["2", "1 100% [16%-100%]"]


def test_compare_shows_where_the_chain_spends_its_time(said):
    """.018278 + .052959 + .049423 + .052959 of it in contexts that the data never show."""
    shown = section_facts(said, "In the long run")
    assert shown["never seen"].startswith("17.36% of its time")
    assert sum(STATIONARY[context] for context in UNSEEN) == pytest.approx(0.1736, abs=6e-5)


def test_compare_shows_rates_and_the_calibration_gap(said):
    """KL averaged over where the data's own chain is: 111 twice as often as 011, 101, 110. The gap is .8198 - .6737."""
    shown = section_facts(said, "In the long run")
    own = {"111": 0.4, "011": 0.2, "101": 0.2, "110": 0.2}
    rate = sum(share * kl(SEEN[context][1] / sum(SEEN[context]), P1[context]) for context, share in own.items())
    assert number(shown["KL rate"]) == pytest.approx(rate, abs=6e-5) == 0.2072
    entropy_rate = sum(share * entropy(P1[context]) for context, share in STATIONARY.items())
    assert number(shown["calibration gap"]) == pytest.approx(entropy_rate - 0.6737, abs=2e-4)


def test_compare_shows_distances_of_grams(said):
    """1 to 4 tokens that the chain writes, against the last tokens of the twelve windows."""
    writes = {s + t: pi * (P1[s] if t == "1" else 1 - P1[s]) for s, pi in STATIONARY.items() for t in "01"}
    distances = []
    for k in range(1, 5):
        difference = Counter()
        for gram, probability in writes.items():
            difference[gram[-k:]] += probability
        for window in WINDOWS:
            difference[window[-k:]] -= 1 / 12
        distances.append(sum(map(abs, difference.values())) / 2)
    words = section_facts(said, "In the long run")["TV by tokens"].split()
    assert [float(word) for word in words[1:8:2]] == pytest.approx(distances, abs=6e-5)


def mixing(p1):
    """Steps until every start is forgotten to 1/4, by powers of the matrix."""
    P = np.zeros((8, 8))
    for s, p in enumerate(p1):
        P[s, 2 * s % 8], P[s, (2 * s + 1) % 8] = 1 - p, p
    pi = np.linalg.matrix_power(P, 4096)[0]
    return next(t for t in range(99) if abs(np.linalg.matrix_power(P, t) - pi).sum(axis=1).max() / 2 <= 0.25)


def test_compare_sets_the_two_chains_side_by_side(said):
    """The data's: after 111 a coin, after all else a 1; of the time .4 in 111, so .4 bits; both loop through 0111."""
    rows = {row[0]: row[1:] for row in cells(said["In the long run"]) if len(row) == 3}
    assert rows["entropy rate, bits per token"] == ["0.8198", "0.4000"]
    assert [words[0] for words in rows["tokens of context that matter"]] == ["3", "3"]
    data = [1.0] * 7 + [0.5]
    expected = [str(mixing(list(P1.values()))), str(mixing(data))]
    assert rows["steps until the start is forgotten"] == expected
    assert rows["loops of greedy decoding"] == ["0111", "0111"]


def test_compare_shows_what_the_edges_of_the_data_do(said):
    """Counted 6, 2, 2, 2 of 12; for ever .4, .2, .2, .2: after 111 half of the time a turn of 0111 more."""
    found = cells(said["The edges of the data count"])
    shares = [f"{100 * STATIONARY[context]:.2f}%" for context in ("111", "011", "101", "110")]
    assert found[1:5] == [
        ["111", "6 of 12", "50.00%", "40.00%", shares[0]],
        ["011", "2 of 12", "16.67%", "20.00%", shares[1]],
        ["101", "2 of 12", "16.67%", "20.00%", shares[2]],
        ["110", "2 of 12", "16.67%", "20.00%", shares[3]],
    ]
    assert "total variation" in " ".join(said["The edges of the data count"])
    assert "0.1000." in " ".join(said["The edges of the data count"])


def test_compare_says_which_law_the_model_follows_where_it_never_saw_data(said):
    """9 of 12 windows end in a 1: nearer to the model in 000, 001, 010 and 100 than a half, and than what follows 0."""
    lines = said["Where the data are silent: which simpler law does it follow?"]
    rows = {row[0].split(":")[0]: row[1:] for row in cells(lines[1:7])}
    time = sum(STATIONARY[context] for context in UNSEEN)
    for name, p in (("uniform", 0.5), ("unigram", 0.75)):
        mean = np.mean([abs(P1[context] - p) for context in UNSEEN])
        weighted = sum(STATIONARY[context] * abs(P1[context] - p) for context in UNSEEN) / time
        assert [float(rows[name][place]) for place in (1, 3)] == pytest.approx([mean, weighted], abs=6e-5)
        assert rows[name][0] == "4"
    assert rows["last 2"][0] == "2"
    assert any(line.startswith("  Nearest to the model") and line.endswith(": unigram.") for line in lines)


def test_compare_explains_single_contexts_that_were_never_seen(said):
    """Those visited most first; 000 is nearest to how often tokens are, 75%; 00 never occurs, so it has no last 2."""
    lines = cells(said["Why does it say that, where the data are silent?"])
    assert lines[0][:4] == ["context", "model", "uniform", "unigram"]
    rows = {row[0]: row for row in lines[1:5]}
    assert list(rows)[-2:] == ["010", "000"]
    for context in UNSEEN:
        assert rows[context][1:4] == [f"1 {100 * P1[context]:.2f}%", "50.00%", "75.00%"]
        assert rows[context][-2] == "unigram"
        assert float(rows[context][-1]) == pytest.approx(abs(P1[context] - 0.75), abs=6e-5)
    assert (len(rows["010"]), len(rows["000"])) == (10, 9)


def test_compare_prints_the_same_twice(run, text, babygpt_folder):
    """Nothing is drawn at random without a seed."""
    assert run("compare", "--model", babygpt_folder).stdout == text


def test_compare_circular_has_no_edges(run, babygpt_folder):
    """Fifteen windows, each context entered as often as it is left: 6, 3, 3, 3 of 15, which are .4, .2, .2, .2."""
    said = sections(run("compare", "--model", babygpt_folder, "--circular").stdout)
    assert "The edges of the data count" not in said
    first = "\n".join(said["babygpt against its training data"])
    assert "15 tokens in 1 sequence, each taken as a circle" in first
    shown = section_facts(said, "How well it predicts the data")
    assert number(shown["least possible"]) == 0.4
    assert shown["excess"].split(":")[0] == section_facts(said, "In the long run")["KL rate"].split()[0] == "0.2072"


def test_compare_with_another_temperature_compares_that_law(run, babygpt_folder):
    """At temperature 1/2 probabilities are squared: P(1)^2 / (P(1)^2 + P(0)^2)."""
    said = sections(run("compare", "--model", babygpt_folder, "--temperature", 0.5).stdout)
    assert section_facts(said, "babygpt against its training data")["decoding"].startswith("temperature 0.5")
    cold = {context: p**2 / (p**2 + (1 - p) ** 2) for context, p in P1.items()}
    surprise = -sum(log2(cold[w[:3]] if w[3] == "1" else 1 - cold[w[:3]]) for w in WINDOWS) / 12
    assert number(section_facts(said, "How well it predicts the data")["model"]) == pytest.approx(surprise, abs=6e-5)


def test_compare_greedy_is_infinite_where_the_data_are_even(run, babygpt_folder):
    """After 111 the greedy model says 0 only, which the data do half of the time."""
    said = sections(run("compare", "--model", babygpt_folder, "--greedy").stdout)
    shown = section_facts(said, "How well it predicts the data")
    assert (shown["model"].split()[0], shown["excess"].split(":")[0]) == ("infinite", "infinite")
    assert "Infinite: the model excludes a token that occurs in the data." in "\n".join(
        said["How well it predicts the data"]
    )
    missing = [row[3] for row in cells(said[ORDERS][1:5])]
    assert (missing[0], missing[-1]) == (
        f"{kl(0.75, 0.5):.4f}",
        "infinite",
    )  # 6 of 12 go on with 1: those not after 111
    assert "minus infinity" in section_facts(said, "In the long run")["calibration gap"]


def test_compare_shows_the_best_contexts_when_the_worst_are_cut(run, babygpt_folder):
    """Of the four, 110 costs most, and makes up .0598 of .1737; only 111 was seen five times."""
    said = sections(run("compare", "--model", babygpt_folder, "--top", 1).stdout)
    worst, best = said["Where it is farthest from the data"], said["Where it is nearest to the data"]
    assert cells(worst[1:2])[0][0] == "110"
    assert "These 1 of 4 contexts make up 34.4% of the excess." in " ".join(worst)
    assert [row[0] for row in cells(best[1:2])] == ["111"]


def test_compare_rare_and_level_are_what_they_say(run, babygpt_folder):
    """Seen 2, 2, 2 and 6 times: three below 3, none below 2. Of 2 out of 2 at 50%: (1/4)^(1/2) = 50% to 100%."""
    said = sections(run("compare", "--model", babygpt_folder, "--rare", 2, "--level", 0.5).stdout)
    assert section_facts(said, "babygpt against its training data")["contexts"].endswith("0 of them fewer than 2 times")
    assert cells(said["Where it is farthest from the data"][1:2])[0][2] == "1 100% [50%-100%]"
    said = sections(run("compare", "--model", babygpt_folder, "--rare", 3, "--correction", "benjamini-hochberg").stdout)
    assert section_facts(said, "babygpt against its training data")["contexts"].endswith("3 of them fewer than 3 times")
    assert "(G test, Benjamini-Hochberg, level 0.05)" in "\n".join(said["How well it predicts the data"])
