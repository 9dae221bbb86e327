"""Which data does ``markovgpt compare`` read, how are they counted, and what is held out? The JSON file tells."""

from __future__ import annotations

import json
from math import log2
from pathlib import Path

import numpy as np
import pytest
from report_text import facts, sections

MODELS = '''
import numpy as np
import markovgpt as mg

class Letters:
    """Tokens a, b, c, each as likely as the others, whatever the last one is."""
    vocab_size, context_length, tokens, name = 3, 1, ("a", "b", "c"), "letters"
    def next_logits(self, contexts):
        return np.zeros((len(contexts), 3))

class Forgetful(Letters):
    """Takes data, and keeps none."""
    def __init__(self, data: str):
        pass

def golden():
    """After a 1 there is a 0; after a 0 both, evenly."""
    return mg.from_matrix([[0.5, 0.5], [1.0, 0.0]], name="golden")
'''

TINY = ["-M", "context_length=2", "-M", "n_layer=1", "-M", "n_embd=8", "-M", "n_head=1"]


@pytest.fixture(autouse=True)
def _models(_empty_folder):
    Path("models.py").write_text(MODELS, encoding="utf-8")


@pytest.fixture
def record(run):
    """``record("--data", "abc")``: the JSON of a comparison with these options, of ``Letters`` if no model is named."""

    def call(*arguments, stdin=None):
        model = [] if "--model" in arguments else ["--model", "models.py:Letters"]
        result = run("compare", *model, *arguments, "-o", "result.json", stdin=stdin)
        assert result.exit_code == 0, result.stderr
        return json.loads(Path("result.json").read_text(encoding="utf-8"))

    return call


def seen(found):
    """Context to how often it was seen."""
    return dict(zip(found["contexts"]["label"], found["contexts"]["count"], strict=True))


@pytest.mark.parametrize("how", ["text", "file", "stdin", "npy", "json"])
def test_compare_reads_data_of_every_kind(record, how):
    """a b c a b c c: after a twice b, after b twice c, after c an a and a c; the uniform law needs log2 3 bits."""
    Path("data.txt").write_text("abcabcc", encoding="utf-8")
    np.save("data.npy", np.array([0, 1, 2, 0, 1, 2, 2]))
    Path("data.json").write_text("[0, 1, 2, 0, 1, 2, 2]", encoding="utf-8")
    data = {"text": "abcabcc", "file": "data.txt", "stdin": "-", "npy": "data.npy", "json": "data.json"}[how]
    found = record("--data", data, stdin=b"abcabcc")
    assert seen(found) == {"a": 2, "b": 2, "c": 2}
    assert found["total"]["cross_entropy_bits"] == pytest.approx(log2(3), abs=1e-12)
    assert found["total"]["conditional_entropy_bits"] == pytest.approx(2 / 6, abs=1e-12)
    assert found["data"]["source"] == {"text": "the text 'abcabcc'", "stdin": "standard input"}.get(how, data)
    assert found["data"]["trained_on"] is False


def test_compare_takes_several_files_for_several_sequences(record):
    """a b c and a b: no gram leads from the c of one to the a of the other."""
    Path("one.txt").write_text("abc", encoding="utf-8")
    Path("two.txt").write_text("ab", encoding="utf-8")
    found = record("--data", "one.txt", "--data", "two.txt")
    assert seen(found) == {"a": 2, "b": 1}
    assert (found["data"]["n_sequences"], found["data"]["n_tokens"]) == (2, 5)
    assert found["data"]["source"] == "one.txt, two.txt"


def test_compare_names_the_first_of_many_data(record):
    """Texts by their beginning."""
    data = [word for text in ("abc", "ab", "ab", "ab", "ab") for word in ("--data", text)]
    assert record(*data)["data"]["source"] == "the text 'abc', the text 'ab', the text 'ab' and 2 more"


def test_compare_takes_lines_for_sequences(record):
    """Three lines of two letters; the line end is no token then."""
    Path("lines.txt").write_text("ab\nab\nca\n", encoding="utf-8")
    found = record("--data", "lines.txt", "--sequences", "line")
    assert seen(found) == {"a": 2, "c": 1}
    assert found["data"]["n_sequences"] == 3


def test_compare_refuses_an_unknown_token_and_says_where_it_is(refused):
    """The fifth character, in the second line."""
    Path("data.txt").write_text("abc\nabc\n", encoding="utf-8")
    message = refused("compare", "--model", "models.py:Letters", "--data", "data.txt")
    assert r"character '\n' at position 3 (line 1) of data.txt" in message
    assert "unknown=" in message
    message = refused("compare", "--model", "models.py:Letters", "--data", "ab?ab")
    assert "character '?' at position 2 (line 1)" in message


def test_compare_skips_unknown_tokens_and_spans_no_gap(record, run):
    """a b ? c a: b and the unknown one are followed by nothing that is known."""
    found = record("--data", "ab?ca", "--unknown", "skip")
    assert seen(found) == {"a": 1, "c": 1}
    assert (found["data"]["n_gaps"], found["data"]["n_compared"]) == (1, 2)
    said = run("compare", "--model", "models.py:Letters", "--data", "ab?ca", "--unknown", "skip").stdout
    assert "1 unknown token left out; no context spans such a gap." in said


def test_compare_puts_tokens_at_the_ends_of_a_sequence(record):
    """c in front of a b, and b behind: c a, a b, b b."""
    found = record("--data", "ab", "--start-token", "c", "--end-token", "b")
    assert seen(found) == {"a": 1, "b": 1, "c": 1}
    assert found["data"]["n_tokens"] == 2


def test_compare_reads_escapes_of_start_and_end(record):
    r"""``\\n`` is the line end, a token of the model as well."""
    Path("data.txt").write_text("ab\nab\n", encoding="utf-8")
    options = ["--model", "ngram", "-M", "data=data.txt", "-M", "order=1", "--data", "ab"]
    found = record(*options, "--end-token", "\\n")
    assert found["contexts"]["label"] == ["a", "b"]
    assert found["total"]["cross_entropy_bits"] == 0


def test_compare_goes_round_circular_data(record):
    """a b c: as many grams as tokens, and no edge."""
    found = record("--data", "abc", "--circular")
    assert seen(found) == {"a": 1, "b": 1, "c": 1}
    assert (found["data"]["circular"], found["long_run"]["edge_effect"]) == (True, pytest.approx(0, abs=1e-15))


def test_compare_has_no_long_run_of_data_that_lead_nowhere(record, run):
    """a b c: nothing follows c, so the data have no chain of their own; the model's is known all the same."""
    found = record("--data", "abc")["long_run"]
    assert [found[name] for name in ("kl_rate_bits", "edge_effect", "data_stationary")] == [None] * 3
    assert "nothing follows" in found["data_undefined"]
    assert found["model"]["entropy_rate_bits"] == pytest.approx(log2(3), abs=1e-12)
    said = sections(run("compare", "--model", "models.py:Letters", "--data", "abc").stdout)
    assert found["data_undefined"][:60] in " ".join(said["In the long run"])
    assert "KL rate" not in facts("\n".join(said["In the long run"]))


def test_compare_trains_on_the_data_that_it_compares_with(record):
    """A model that is made from data learns these; the first nine tenths of them, which it then knows."""
    Path("book.txt").write_text("abcb" * 10, encoding="utf-8")
    found = record("--model", "mingpt", "--data", "book.txt", "--untrained", *TINY)
    assert (found["data"]["source"], found["data"]["trained_on"]) == ("its training data", True)
    assert found["data"]["n_tokens"] == 36
    assert found["model"]["tokens"] == ["a", "b", "c"]


def test_compare_judges_by_what_was_kept_from_training(record, run):
    """The last tenth of forty tokens: four, two of which have two before them."""
    options = ["--model", "mingpt", "--data", "abcb" * 10, "--untrained", *TINY]
    found = record(*options)["heldout"]
    assert found["everything"]["n_tokens"] == 2
    assert "Held-out data" in sections(run("compare", *options).stdout)
    assert record(*options, "-M", "validation=0")["heldout"] is None


def test_compare_only_compares_data_when_told_what_to_train_on(record):
    """-M data=... is trained on, --data not; and what was kept from the one is not held out from the other."""
    Path("book.txt").write_text("abcb" * 10, encoding="utf-8")
    found = record("--model", "mingpt", "-M", "data=book.txt", "--data", "abab", "--untrained", *TINY)
    assert (found["data"]["source"], found["data"]["trained_on"]) == ("the text 'abab'", False)
    assert (seen(found), found["model"]["tokens"], found["heldout"]) == ({"ab": 1, "ba": 1}, ["a", "b", "c"], None)


def test_compare_only_compares_data_with_an_untrained_network(record):
    """-M vocab_size=3: tokens 0, 1, 2."""
    found = record("--model", "mingpt", "-M", "vocab_size=3", "--data", "012012", "--untrained", *TINY)
    assert seen(found) == {"01": 2, "12": 1, "20": 1}


def test_compare_only_compares_data_with_a_saved_model(record, babygpt_folder):
    """It is trained already: 0 0 1 1 has the windows 001 -> 1 only."""
    found = record("--model", babygpt_folder, "--data", "0011")
    assert (seen(found), found["data"]["trained_on"]) == ({"001": 1}, False)
    assert found["total"]["cross_entropy_bits"] == pytest.approx(-log2(0.7814109), abs=2e-6)


def test_compare_counts_what_a_model_was_trained_on_when_it_keeps_nothing(record):
    """The data were named: they are read once more. Lines are sequences to both."""
    found = record("--model", "models.py:Forgetful", "--data", "abcab")
    assert (seen(found), found["data"]["source"]) == ({"a": 2, "b": 1, "c": 1}, "the text 'abcab'")
    assert found["data"]["trained_on"] is True
    Path("lines.txt").write_text("ab\nab\n", encoding="utf-8")
    lines = ["--model", "ngram", "--data", "lines.txt", "-M", "sequences=line", "-M", "order=1", "--sequences", "line"]
    found = record(*lines)
    assert (seen(found), found["total"]["excess_bits"]) == ({"a": 2}, 0)


def test_compare_judges_by_held_out_data(record):
    """Data a a b a a: after a twice a, once b; after b an a. Held out a b b: b after a, and b after b, never seen.

    The model says 1/3 both times. Best of all is one of order 1 that adds 1 to every count: 2/6 after a, 1/4 after b;
    order 0 gives b 2/8 both times, and relative frequencies exclude b b.
    """
    found = record("--data", "aabaa", "--held-out", "abb")
    tried = {(row["order"], row["smoothing"]): row["heldout_bits"] for row in found["ngrams"]}
    assert tried[1, "add-alpha"] == pytest.approx(-log2(2 / 6 * 1 / 4) / 2, abs=1e-12)
    assert tried[0, "add-alpha"] == pytest.approx(-log2(2 / 8), abs=1e-12)
    assert tried[1, "mle"] is None
    heldout = found["heldout"]
    best = heldout["best"]["order"], heldout["best"]["smoothing"]
    assert tried[best] == min(bits for bits in tried.values() if bits is not None)
    assert heldout["everything"]["ngram_bits"] == pytest.approx(tried[best], abs=1e-12)
    for part, n in (("everything", 2), ("seen", 2), ("unseen", 0)):
        assert heldout[part]["n_tokens"] == n
    assert heldout["everything"]["model_bits"] == pytest.approx(log2(3), abs=1e-12)


def test_compare_tells_held_out_contexts_that_were_seen_from_others(record, run):
    """Held out c c a b: after c twice, which the data a a b a a never show, and once after a."""
    options = ["--data", "aabaa", "--held-out", "ccab"]
    found = record(*options)["heldout"]
    assert [found[part]["n_tokens"] for part in ("everything", "seen", "unseen")] == [3, 1, 2]
    assert [found[part]["share"] for part in ("seen", "unseen")] == pytest.approx([1 / 3, 2 / 3])
    lines = sections(run("compare", "--model", "models.py:Letters", *options).stdout)["Held-out data"]
    shares = {line.split("  ")[1]: line.split()[-4] for line in lines if "context" in line}
    assert shares == {"context seen in the data": "33.33%", "context never seen": "66.67%"}


def test_compare_without_states_to_enumerate_still_compares(record, run):
    """Three states, two allowed: no long run, with the reason; contexts and totals are those that a chain has."""
    few = record("--data", "abcabcc", "--max-states", 2)
    every = record("--data", "abcabcc")
    assert (few["fingerprint"], few["long_run"], few["unseen"]) == (None, None, None)
    assert few["not_computed"].startswith("Not computed: Too many states: 3^1 = 3 states")
    assert every["not_computed"] is None
    assert few["total"] == every["total"]
    assert few["contexts"] == every["contexts"]
    said = sections(run("compare", "--model", "models.py:Letters", "--data", "abcabcc", "--max-states", 2).stdout)
    assert "Too many states" in " ".join(said["In the long run"])
    assert "Where the data are silent: which simpler law does it follow?" not in said


def test_compare_says_where_there_is_no_single_long_run(run, babygpt_folder):
    """Cut to its likeliest token, ``0111`` is one loop; a chain that stays where it is has two."""
    Path("islands.py").write_text(
        "import markovgpt as mg\ndef islands():\n    return mg.from_matrix([[1, 0], [0, 1]])\n", encoding="utf-8"
    )
    said = sections(run("compare", "--model", "islands.py:islands", "--data", "0011").stdout)
    assert "The chain has 2 recurrent classes, so that there is no single long run." in " ".join(
        said["In the long run"]
    )
    assert "The edges of the data count" not in said


def test_compare_is_infinite_where_the_model_excludes_the_data(record):
    """0 1, 1 1, 1 0: after a 1 the golden mean has no 1, after a 0 one in two. JSON has null for what is infinite."""
    found = record("--model", "models.py:golden", "--data", "0110")
    assert found["total"]["cross_entropy_bits"] is found["total"]["excess_bits"] is None
    assert found["contexts"]["kl_bits"] == [1.0, None]
    assert found["long_run"]["calibration_gap_bits"] is None
