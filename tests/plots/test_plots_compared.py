"""Pictures of a comparison show its numbers: transitions, bits by order, contexts, and learning curves."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.collections import PathCollection

import markovgpt as mg
from markovgpt import ArgumentError, LearningCurve, MarkovChain, NgramCounts, Vocabulary
from markovgpt.plots import Plot, compared

BITS = Vocabulary.numbered(2)
SEEN = ["011", "101", "110", "111"]
PANELS = [
    "Surprise at the data",
    "Still to learn, by context",
    "Entropy rate of the chain",
    "Time in contexts never seen",
    "Single arrows; dotted: the data",
]


@pytest.fixture(scope="session")
def counts(babygpt: mg.LanguageModel) -> NgramCounts:
    return mg.count_ngrams(babygpt.training_tokens, vocab_size=2, context_length=3)  # type: ignore[attr-defined]


@pytest.fixture(scope="session")
def whole(babygpt_chain: MarkovChain, counts: NgramCounts) -> Plot:
    """Of the notebook's model."""
    return mg.plot_comparison(babygpt_chain, counts, vocabulary=BITS, title="babygpt against its data")


@pytest.fixture(scope="session")
def curve() -> LearningCurve:
    """Of a tiny network."""
    watch = mg.LearningWatch([0, 1, 4])
    mg.load_model("babygpt", steps=4, n_layer=1, n_embd=4, n_head=1, checkpoint=watch)
    return watch.curve()


def axes_named(plot: Plot) -> dict[str, Axes]:
    return {title: axes for axes in plot.figure().axes if (title := axes.get_title(loc="left"))}


def widths(axes: Axes) -> list[list[float]]:
    """Lengths of the bars, container by container."""
    return [[bar.get_width() for bar in container] for container in axes.containers]


def names(axis: Any) -> list[str]:
    return [label.get_text() for label in axis.get_ticklabels()]


def rounds(wrong: list[float], *, most: int = 2**20) -> LearningCurve:
    """A model of two tokens that repeats the last one in these shares of the time; the data never do."""
    counts = mg.count_ngrams([0, 1] * 9, vocab_size=2, context_length=1)
    watch = mg.LearningWatch(range(len(wrong)), counts=counts, max_states=most)
    for step, w in enumerate(wrong):
        watch(step, mg.from_matrix([[w, 1 - w], [1 - w, w]]))
    return watch.curve()


def test_comparison_has_a_dot_for_every_transition(
    whole: Plot, babygpt_chain: MarkovChain, counts: NgramCounts
) -> None:
    """At the square roots of share and probability; and one for each of the contexts that were never seen."""
    figure = whole.figure()
    axes = axes_named(whole)["Transitions from contexts of the data"]
    (dots,) = [artist for artist in axes.collections if isinstance(artist, PathCollection)]
    expected = []
    for context in SEEN:
        share = counts.after(map(int, context)) / counts.after(map(int, context)).sum()
        expected += np.sqrt(np.column_stack((share, babygpt_chain.row(context)))).tolist()
    assert sorted(np.round(dots.get_offsets(), 9).tolist()) == sorted(np.round(expected, 9).tolist())
    (strip,) = [
        artist
        for axes in figure.axes
        if "never seen" in axes.get_xlabel()
        for artist in axes.collections
        if isinstance(artist, PathCollection)
    ]
    unseen = [babygpt_chain.row(f"{n:03b}") for n in (0, 1, 2, 4)]
    assert sorted(np.asarray(strip.get_offsets())[:, 1]) == pytest.approx(sorted(np.sqrt(np.ravel(unseen))))


def test_comparison_has_bars_of_what_is_told_and_what_is_missing(
    whole: Plot, babygpt_chain: MarkovChain, counts: NgramCounts
) -> None:
    """Orders 0 to 3, side by side."""
    found = mg.compare_to_data(babygpt_chain, counts, correction=None)
    told, missing = widths(axes_named(whole)["What each token of context is worth"])
    assert told == pytest.approx(found.told.tolist())
    assert missing == pytest.approx(found.missing.tolist())


def test_comparison_has_bars_of_the_contexts_that_cost_most(
    whole: Plot, babygpt_chain: MarkovChain, counts: NgramCounts
) -> None:
    """All four, the worst first, by name."""
    found = mg.compare_to_data(babygpt_chain, counts, correction=None)
    axes = axes_named(whole)["Contexts that cost the most"]
    assert widths(axes) == [pytest.approx(found.excess_bits[found.worst].tolist())]
    assert names(axes.yaxis) == ["110", "101", "011", "111"]


def test_comparison_may_be_known_already(babygpt_chain: MarkovChain, counts: NgramCounts, whole: Plot) -> None:
    """With its tests: the same picture."""
    found = mg.compare_to_data(babygpt_chain, counts)
    plot = mg.plot_comparison(
        babygpt_chain, counts, vocabulary=BITS, comparison=found, title="babygpt against its data"
    )
    assert plot.svg() == whole.svg()


def test_comparison_of_a_model_has_no_unseen_contexts(
    babygpt: mg.LanguageModel, counts: NgramCounts, whole: Plot
) -> None:
    """It is asked about those of the data only; their dots are the same."""
    plot = mg.plot_comparison(babygpt, counts, vocabulary=BITS)
    assert list(axes_named(plot)) == list(axes_named(whole))
    assert not any("never seen" in axes.get_xlabel() for axes in plot.figure().axes)


def test_comparison_of_a_walk_is_drawn() -> None:
    """What it cut off is in no column of a token."""
    walk = mg.reachable_chain(mg.from_matrix([[0.6, 0.2, 0.2]] * 3), (0,), min_probability=0.5, outside="absorb")
    counts = mg.count_ngrams([0, 0, 0], vocab_size=3, context_length=1)
    axes = axes_named(mg.plot_comparison(walk, counts, vocabulary=Vocabulary.numbered(3)))
    dots = axes["Transitions from contexts of the data"].collections[0]
    assert sorted(np.asarray(dots.get_offsets()).tolist()) == [[0, 0], [0, 0], [1, pytest.approx(np.sqrt(0.6))]]


def test_comparison_with_states_of_every_length_draws_those_of_full_length() -> None:
    """0 0 1 with contexts of 1 and 2: one context of two tokens was seen, three were not."""
    chain = mg.chain_from_table(np.full((6, 2), 0.5), lengths="all")
    counts = mg.count_ngrams([0, 0, 1], vocab_size=2, context_length=2)
    plot = mg.plot_comparison(chain, counts, vocabulary=BITS)
    assert names(axes_named(plot)["Contexts that cost the most"].yaxis) == ["00"]
    assert any("never seen: 3" in axes.get_xlabel() for axes in plot.figure().axes)


def test_comparison_is_drawn_where_the_model_excludes_the_data() -> None:
    """An infinite excess: said in words beside bars that fit."""
    chain = mg.chain_from_table([[1.0, 0.0], [0.5, 0.5]])
    plot = mg.plot_comparison(chain, mg.count_ngrams([0, 1, 1, 0], vocab_size=2, context_length=1), vocabulary=BITS)
    page = plot.svg().decode()
    assert "infinite" in page
    for axes in plot.figure().axes:
        assert np.isfinite([*axes.get_xlim(), *axes.get_ylim()]).all()


def test_comparison_is_drawn_where_every_context_was_seen() -> None:
    """There is no strip then."""
    chain, counts = (
        mg.chain_from_table([[0.5, 0.5]] * 2),
        mg.count_ngrams([0, 1, 1, 0, 0], vocab_size=2, context_length=1),
    )
    plot = mg.plot_comparison(chain, counts, vocabulary=BITS)
    assert not any("never seen" in axes.get_xlabel() for axes in plot.figure().axes)


@pytest.mark.parametrize("limit", [1, 30, 400])
def test_comparison_of_many_contexts_draws_the_most_frequent(limit: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """As many transitions as there is room for, and of the contexts never seen an even sample, one at least of each."""
    rng, V, K = np.random.default_rng(0), 5, 3
    chain = mg.chain_from_table(rng.dirichlet(np.ones(V), size=V**K))
    counts = mg.count_ngrams(rng.integers(0, 4, 300), vocab_size=V, context_length=K)
    monkeypatch.setattr(compared, "_CELLS", limit)
    monkeypatch.setattr(compared, "_UNSEEN_CELLS", limit)
    shown: list[Any] = []
    monkeypatch.setattr(compared, "page", lambda transitions, *_, **__: shown.append(transitions))
    mg.plot_comparison(chain, counts, vocabulary=Vocabulary.numbered(V))
    (transitions,) = shown
    m = len(transitions.share)
    totals = np.sort(counts.full.totals)[::-1]
    assert m == max(1, min(limit // V, len(totals)))
    assert sorted(transitions.counts, reverse=True) == totals[:m].tolist()
    assert 1 <= len(transitions.unseen) <= max(1, limit // V)


def test_comparison_refuses_what_cannot_be_compared(babygpt_chain: MarkovChain) -> None:
    """As ``compare_to_data`` does."""
    with pytest.raises(ArgumentError, match="The model has 2 tokens, the counts are of 3"):
        mg.plot_comparison(
            babygpt_chain, mg.count_ngrams([0, 1, 2, 0], vocab_size=3, context_length=3), vocabulary=BITS
        )


def test_learning_has_a_panel_for_every_question(curve: LearningCurve) -> None:
    """Bits, what is missing, the long run, single arrows; under a title."""
    plot = mg.plot_learning(curve, title="a tiny network")
    assert list(axes_named(plot)) == PANELS
    assert plot.figure().get_suptitle() == "a tiny network"


def test_learning_curves_go_through_the_numbers(curve: LearningCurve) -> None:
    """At every step: cross-entropy, entropy rate, unseen share, and five arrows with their shares."""
    axes = axes_named(mg.plot_learning(curve))

    def line(title: str, k: int = 0) -> list[float]:
        return np.asarray(axes[title].lines[k].get_ydata()).tolist()

    assert np.asarray(axes[PANELS[0]].lines[0].get_xdata()).tolist() == [0, 1, 4]
    assert line(PANELS[0]) == [step.comparison.cross_entropy for step in curve.steps]
    assert line(PANELS[2]) == [step.entropy_rate for step in curve.steps]
    assert line(PANELS[3]) == pytest.approx([step.unseen_mass for step in curve.steps])
    arrows = [np.asarray(line.get_ydata()) for line in axes[PANELS[4]].lines]
    for probabilities in curve.probabilities.T:
        assert any(len(values) == 3 and np.allclose(values, probabilities) for values in arrows)
    levels = [level.get_ydata()[0] for level in axes[PANELS[0]].lines[1:]]
    assert levels == pytest.approx(curve.steps[0].comparison.data_entropies.tolist())


def test_learning_names_the_most_frequent_arrows() -> None:
    """Eight of ten, by context and token."""
    rng = np.random.default_rng(1)
    counts = mg.count_ngrams(rng.integers(0, 2, 60).tolist(), vocab_size=2, context_length=3)
    watch = mg.LearningWatch([0], counts=counts)
    watch(0, mg.from_matrix(np.full((8, 2), 0.5)))
    curve = watch.curve()
    texts = [text.get_text() for text in axes_named(mg.plot_learning(curve))[PANELS[4]].texts]
    order = np.argsort(-curve.counts, kind="stable")[:8]
    assert sorted(texts) == sorted(f"{c:03b}→{t}" for c, t in curve.arrows[order].tolist())


def test_learning_leaves_out_bits_that_are_infinite() -> None:
    """A model that never says what the data say: nothing is drawn of it but its arrows, and the title says why."""
    plot = mg.plot_learning(rounds([1.0, 0.5]), title="rounds")
    assert PANELS[0] not in axes_named(plot)
    assert PANELS[1] not in axes_named(plot)
    assert PANELS[4] in axes_named(plot)
    title = plot.figure().get_suptitle().replace("\n", " ")
    assert title == "rounds (bits are infinite: a token that occurs was excluded)"


def test_learning_leaves_out_a_long_run_that_is_not_known() -> None:
    """Of a chain that is too large; and where at one step there are two classes."""
    few = axes_named(mg.plot_learning(rounds([0.5, 0.25], most=1)))
    assert list(few) == [PANELS[0], PANELS[1], PANELS[4]]
    assert PANELS[2] not in axes_named(mg.plot_learning(rounds([0.5, 1.0])))


def test_learning_of_one_step_is_drawn() -> None:
    """A model that was looked at once."""
    assert list(axes_named(mg.plot_learning(rounds([0.5])))) == PANELS


@pytest.mark.parametrize("suffix", [".svg", ".png", ".pdf"])
def test_pictures_are_the_same_every_time(whole: Plot, curve: LearningCurve, tmp_path: Path, suffix: str) -> None:
    """Byte for byte."""
    for name, plot in (("page", whole), ("curves", mg.plot_learning(curve))):
        for number in range(2):
            plot.save(tmp_path / f"{name}{number}{suffix}")
        first, second = ((tmp_path / f"{name}{number}{suffix}").read_bytes() for number in range(2))
        assert first == second
