"""Do checks that compare numbers find out what makes them differ: rows, older tokens, steps, units?"""

from __future__ import annotations

import numpy as np
import pytest
from samplers import Behind, FirstRow, Frequency, LatePositions, Newest, Presence, Sampler, Short, StaleKeys, Twice

from markovgpt.testing import run_check
from markovgpt.testing.findings import Finding
from markovgpt.testing.mutants import SoundModel


def likely(check, model, **options):
    """What a check that fails says is likely."""
    result = run_check(check, model, **options)
    assert result.outcome == "failed", result.message
    (line,) = [line[13:] for line in result.message.splitlines() if line.startswith("  likely")]
    return line


GREEDY = {
    Short: "the window is one token too short: 2 in place of K=3 (every token that was taken from token 2 on is the",
    Behind: "one position behind",
    Newest: "only the newest token is seen",
    Twice: "the last token of the prompt is fed twice",
    FirstRow: "a row is drawn from the law of the first row in its batch",
    Presence: "a presence penalty: with it, on tokens that are in the text already",
    Frequency: "a frequency penalty: with it, on tokens that are in the text already",
    StaleKeys: "token 1 after each prompt is right, and the first wrong one is token 2: what a step leaves behind",
    LatePositions: "token 1 after each prompt is right, and the first wrong one is token 2",
}


@pytest.mark.parametrize("kind", GREEDY)
def test_greedy_tokens_are_explained_by_what_makes_all_of_them_the_likeliest(kind):
    """No statistics: every token that was taken, or none."""
    assert likely("generate_greedy", kind(4, 3, seed=1)).startswith(GREEDY[kind])


def test_greedy_tokens_of_other_logits_are_not_explained():
    """Random ones: nothing that is known makes them the likeliest."""

    class Other(Sampler):
        def changed(self, logits, text, _step):
            return logits + np.random.default_rng(4).normal(size=(4, 4))[text[:, 0]]

    assert likely("generate_greedy", Other(4, 3, seed=1)).startswith("another sampler is used for temperature 0")


UNITS = {
    "they are probabilities, not their logarithms": np.exp,
    "their sign is wrong: they are minus the logarithms": np.negative,
    "they are logarithms to base 2": lambda logs: logs / np.log(2),
    "they are logarithms to base 10": lambda logs: logs / np.log(10),
    "they are sums over the tokens so far": lambda logs: np.cumsum(logs, axis=1),
    "each is that of the token after it": lambda logs: np.roll(logs, -1, axis=1),
    "they are taken from other logits": lambda logs: logs - 0.1,
}


@pytest.mark.parametrize("said", UNITS)
def test_unit_of_reported_numbers_is_named(said):
    """Logarithms of the right law, changed in one way."""

    class Model(SoundModel):
        def generate_with_logprobs(self, prompts, n, *, seed, **options):
            tokens, reported = super().generate_with_logprobs(prompts, n, seed=seed, **options)
            return tokens, UNITS[said](reported)

    assert likely("logprobs_match_law", Model()).startswith(said)


def rows_read(rows):
    """A model that adds to each row what a mixture of other rows says."""

    class Model(SoundModel):
        def next_logits(self, contexts):
            logits = super().next_logits(contexts)
            return logits + rows(self.added(contexts)[:, -1])

    return Model(4, 3)


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (lambda last: np.roll(last, 1, axis=0), "every row hangs on the one before it"),
        (lambda last: np.roll(last, -1, axis=0), "every row hangs on the one after it"),
        (lambda last: last[:1], "every row hangs on the first of the batch"),
        (lambda last: np.cumsum(last, axis=0) - last, "every row hangs on those before it: the batch is read as time"),
        (lambda last: last.mean(axis=0), "rows hang on many others: statistics or attention over the batch"),
    ],
    ids=["before", "after", "first", "time", "all"],
)
def test_rows_that_an_answer_hangs_on_are_named(rows, said):
    """Each row of a small batch is replaced in turn."""
    assert likely("batch_rows_independent", rows_read(rows)).startswith(said)


class Reaches(SoundModel):
    """Tokens further back than K add to the logits."""

    def __init__(self, older):
        super().__init__(3, 3)
        self.older = older

    def next_logits(self, contexts):
        logits = super().next_logits(contexts)
        far = contexts[:, : -self.context_length][:, -self.older :]
        return logits + 0.5 * self.weights[0, far].sum(axis=1) if far.shape[1] else logits


@pytest.mark.parametrize(
    ("older", "said"),
    [
        (1, "the window is one token too long: 4 in place of K=3"),
        (2, "the law hangs on the last 5 tokens, not on K=3: 2 layers of a sliding window of 3 reach 2 (3 - 1) + 1"),
        (3, "the law hangs on the last 6 tokens, not on K=3: the window is cropped to another number"),
        (99, "the window is not cropped: tokens 7 back still matter, the oldest that was tried"),
    ],
)
def test_reach_of_a_window_is_measured(older, said):
    """Every older token is replaced in turn."""
    assert likely("context_length", Reaches(older)).startswith(said)


def test_positions_from_the_start_of_the_text_are_told_from_older_tokens():
    """How many tokens there are matters, and not which."""

    class Counts(SoundModel):
        def next_logits(self, contexts):
            more = max(0, contexts.shape[1] - self.context_length)
            return super().next_logits(contexts) + 0.1 * more * np.arange(3)

    assert likely("context_length", Counts()).startswith("which older tokens there are changes nothing")


def test_cause_that_cannot_be_looked_into_does_not_hide_the_failure():
    """The model answers what a check asks, and raises when it is asked more."""

    class Tired(Reaches):
        asked = 0

        def next_logits(self, contexts):
            self.asked += 1
            if self.asked > 10:
                raise KeyError("no more")
            return super().next_logits(contexts)

    message = run_check("context_length", Tired(1)).message
    assert "tokens older than K=3 change the law" in message
    assert "likely     the window is not cropped to K, or is cropped to another number" in message


def test_what_raises_while_it_looks_for_a_cause_is_quoted():
    """The finding stands."""

    def cause():
        raise MemoryError("too large")

    assert (
        Finding("it is wrong", likely=cause).likely
        == "nothing is known: asked again, the model gives MemoryError: too large"
    )
