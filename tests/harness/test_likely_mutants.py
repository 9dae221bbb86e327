"""Does the message of every check that sees a mutant say what was slipped, in words of its own?"""

from __future__ import annotations

import pytest

from markovgpt.testing import CAUGHT_BY, MUTANTS
from markovgpt.testing.running import Suite, check_of

SLIPS = {
    ("PaddedVocabulary", "logits_shape"): "the vocabulary is padded from 3 to 5",
    ("PaddedVocabulary", "generate_shape"): "logits_shape fails, and this may follow from it",
    ("SqueezedBatch", "logits_shape"): "a batch of one loses its first dimension",
    ("NaNRow", "logits_finite"): "infinity less infinity",
    ("PlusInfinity", "logits_finite"): "overflow",
    ("NothingAllowed", "logits_finite"): "a mask over every token",
    ("Dropout", "deterministic"): "dropout",
    ("Dropout", "session_equals_recompute"): "deterministic fails",
    ("CarriedState", "deterministic"): "left from call to call",
    ("WarmUpLeak", "no_state_leak"): "survives the call",
    ("FirstRowForAll", "batch_rows_independent"): "every row hangs on the first of the batch",
    ("FirstRowForAll", "generate_default_is_chain"): "batch_rows_independent fails",
    ("RowsMixed", "batch_rows_independent"): "every row hangs on the one after it",
    ("RowsMixed", "causal"): "batch_rows_independent fails",
    ("BatchOfOne", "batch_size_tolerance"): "a batch of one takes another path",
    ("LargeBatch", "batch_size_tolerance"): "no small batch agrees with the one of 27 rows",
    ("LargeBatch", "fork_is_independent"): "batch_size_tolerance fails",
    ("PositionsFromPadding", "padding"): "positions are counted from the padding",
    ("PaddingAttended", "padding"): "the padding is attended to",
    ("ExportOfFixedLength", "same_chain"): "contexts of 3 tokens agree, those of 1, 2 tokens do not",
    ("ExportWithoutBias", "same_chain"): "a bias is missing",
    ("PromptsCutOff", "generate_shape"): "only the new tokens are returned",
    ("StopsEarly", "generate_shape"): "generation stops by itself",
    ("SeedIgnored", "generate_seeded"): "the seed is not used",
    ("SeedFixed", "generate_seeded"): "the seed is ignored",
    ("RowsShareDraws", "generate_default_is_chain"): "rows of a batch share their random numbers",
    ("RowsShareDraws", "speculative"): "rows of a batch share random numbers",
    ("ZeroIsDefault", "generate_greedy"): "`temperature or 1.0`",
    ("TemperatureIgnored", "generate_temperature"): "the temperature is ignored",
    ("TemperatureTwice", "logprobs_match_law"): "the temperature is applied twice",
    ("HiddenTopK", "generate_default_is_chain"): "a default top_k=2 is applied",
    ("HiddenTopK", "generate_top_p"): "a default top_k=2 is applied",
    ("TopKOffByOne", "generate_top_k"): "top_k is off by one: k + 1 tokens are kept",
    ("TiesAtTheCut", "generate_top_k"): "ties at the top_k cut are broken",
    ("CrossingTokenDropped", "generate_top_p"): "top_p drops the token that crosses it",
    ("TemperatureAfterTopP", "generate_top_p"): "the temperature is applied after top_p",
    ("NucleusNotSorted", "generate_top_p"): "in the order of the vocabulary",
    ("TopPBeforeTopK", "generate_top_p"): "top_p is applied before top_k",
    ("ZeroIsDrawn", "generate_support"): "searched from the wrong side",
    ("ZeroIsDrawn", "generate_default_is_chain"): "draws of probability 0 are all that is seen to be wrong",
    ("OneSamplerStateOf4096", "generate_support"): "in 1 of 1,024 states that exclude tokens, where a mask is lost",
    ("RepetitionPenalty", "generate_default_is_chain"): "a presence penalty",
    ("RepetitionPenalty", "generate_is_markov"): "a presence penalty",
    ("RepetitionPenalty", "generate_greedy"): "a presence penalty",
    ("PromptCutAtWrongEnd", "generate_is_markov"): "the prompt is cut at the wrong end",
    ("LogprobsBeforeFilters", "logprobs_match_law"): "before temperature and filters",
    ("LogprobsOneLate", "logprobs_match_law"): "each is that of the token before it",
    ("AcceptsTooMuch", "speculative"): "accepted too readily",
    ("RejectedFromWhole", "speculative"): "drawn from the whole law",
    ("WindowOneLonger", "context_length"): "the window is one token too long: 4 in place of K=3",
    ("SlidingLayers", "context_length"): "2 layers of a sliding window of 3",
    ("SlidingLayers", "generate_default_is_chain"): "nothing is dropped: tokens older than the last K still count",
    ("SlidingLayers", "generate_greedy"): "nothing is dropped",
    ("OldestTokenIgnored", "order_tight"): "the window is cropped one token too short",
    ("LooksAhead", "causal"): "the causal mask is missing",
    ("MaskOneOff", "causal"): "the causal mask is off by one",
    ("PositionLate", "causal"): "each has the answer of the one before it",
    ("StaleCache", "session_after_crop"): "the keys that stay have the positions of before",
    ("CropOffByOne", "session_equals_recompute"): "the window is one token too short: 2 in place of K=3",
    ("SlidesOnceOnly", "session_equals_recompute"): "for the second time (it is right before)",
    ("NeverCropped", "session_after_crop"): "tokens that left the window still matter",
    ("PositionOneOff", "session_equals_recompute"): "the law of 2 tokens is wrong, while the text fits into K=3",
    ("PositionOneOff", "session_after_crop"): "wrong before the window slides as well",
    ("OneStateOf4096", "session_equals_recompute"): "contexts only are wrong",
    ("OneStateOf4096", "fork_is_independent"): "wrong without a fork as well",
    ("ForkSharesCache", "fork_is_independent"): "the parent changes when its fork is fed",
    ("ForkOfFirstRows", "fork_is_independent"): "the fork takes the first rows",
}


@pytest.mark.parametrize("name", MUTANTS)
def test_every_failure_of_a_mutant_has_one_likely_line_and_it_names_the_slip(name):
    """Also those that follow from it: they say which check to look at first."""
    suite = Suite(MUTANTS[name]())
    for check in CAUGHT_BY[name]:
        message = suite.run(check_of(check)).message
        likely = [line for line in message.splitlines() if line.startswith("  likely")]
        assert len(likely) == 1, message
        assert SLIPS.get((name, check), "") in likely[0]
        assert not [words for words in ("nothing is known", "not made") if words in message], message


def test_the_table_is_about_mutants_and_checks_that_see_them():
    """A word of it that is never looked for would test nothing."""
    assert all(check in CAUGHT_BY[name] for name, check in SLIPS)
