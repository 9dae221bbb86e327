"""What does ``markovgpt bench`` measure, show, write and refuse?"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from report_text import cells, facts, sections

import markovgpt as mg
from markovgpt.cli import progress

TINY = ("bench", "--context-length", "2,3", "--strategy", "batched", "--strategy", "prefix", "--runs", 3)


def table(text, title):
    """The rows of a table, without its notes; the first is the head."""
    rows = cells(sections(text)[title])
    return [row for row in rows if row[0].isdigit() or row[0] == "V"]


def test_bench_measures_every_case(run):
    """Sizes by states, strategies in their order; positions as defined."""
    result = run(*TINY)
    assert result.exit_code == 0
    rows = [row[:5] for row in table(result.stdout, "Work")[1:]]
    assert rows == [
        ["2", "2", "4", "batched", "8"],
        ["2", "2", "4", "prefix", "6"],
        ["2", "3", "8", "batched", "24"],
        ["2", "3", "8", "prefix", "14"],
    ]
    assert facts(result.stdout)["measured"].endswith("3 runs of each case, in turns, after a first call")
    assert result.stderr == ""


def test_bench_extrapolates_and_says_so(run):
    """K = 16 and 24 for both strategies, with a range, and GPT-2 for scale."""
    text = run(*TINY).stdout
    rows = table(text, "Larger contexts, extrapolated")[1:]
    assert [(row[1], row[4]) for row in rows if row[1] in ("16", "24")] == [
        (K, strategy) for K in ("16", "24") for strategy in ("batched", "prefix")
    ]
    assert "Extrapolated, not measured." in text
    assert "50,257^1,024 = 10^4,814 states" in text


def test_bench_writes_what_it_shows(run):
    """JSON with every run, Markdown with every section, pictures."""
    result = run(*TINY, *(word for name in ("a.json", "a.md", "a.svg") for word in ("-o", name)))
    assert result.stderr.splitlines() == ["wrote a.json", "wrote a.md", "wrote a.svg"]
    found = mg.read_benchmark("a.json")
    assert [len(case.seconds) for case in found.cases] == [3, 3, 3, 3]
    assert Path("a.md").read_text(encoding="utf-8").startswith("# What it costs to enumerate babygpt")
    assert "<svg" in Path("a.svg").read_text(encoding="utf-8")


def test_bench_of_other_tokens_rebuilds_the_network(run):
    """V = 2 and 3, of a model whose own factory knows two tokens only."""
    result = run("bench", "-K", "2", "-V", "2,3", "--strategy", "batched", "--runs", 1)
    assert [row[:3] for row in table(result.stdout, "Seconds")[1:]] == [["2", "2", "4"], ["3", "2", "9"]]


def test_bench_notes_what_would_take_too_long(run):
    """With the option that measures it."""
    result = run(*TINY, "--max-time", "0.000000001")
    notes = " ".join(result.stdout.split())
    assert "Not measured: batched at V=2, K=3, where a run is predicted to take" in notes
    assert "--max-time 1 measures it." in notes


def earlier(run, factor):
    """A measurement whose seconds are changed by a factor."""
    run(*TINY, "-o", "before.json")
    document = json.loads(Path("before.json").read_text(encoding="utf-8"))
    for case in document["cases"]:
        case["seconds"] = [seconds * factor for seconds in case["seconds"]]
    Path("before.json").write_text(json.dumps(document), encoding="utf-8")


def test_bench_beside_an_earlier_measurement_fails_where_it_is_slower(run):
    """A millionth of the time before: slower, each case by name, and exit code 1."""
    earlier(run, 1e-6)
    result = run(*TINY, "--compare", "before.json", "--fail-above", 1.5, "-o", "now.json")
    assert result.exit_code == 1
    *_, last = result.stderr.splitlines()
    assert last.startswith("Error: Above the limit of 1.5 times as long")
    assert ": batched at V=2, K=2: " in last
    document = json.loads(Path("now.json").read_text(encoding="utf-8"))
    assert [case["slower"] for case in document["comparison"]["cases"]] == [True] * 4
    assert result.stdout.count("slower") >= 4


def test_bench_beside_an_earlier_measurement_passes_where_it_is_faster(run):
    """A million times the time before."""
    earlier(run, 1e6)
    result = run(*TINY, "--compare", "before.json", "--fail-above", 1.5)
    assert result.exit_code == 0
    (title,) = (title for title in sections(result.stdout) if title.startswith("Beside the measurement of"))
    assert [row[-1] for row in table(result.stdout, title)[1:]] == ["faster"] * 4


def test_bench_that_shares_no_case_is_shown_before_it_is_refused(run):
    """What was measured is not lost."""
    run("bench", "-K", "4", "--strategy", "batched", "--runs", 1, "-o", "before.json")
    result = run(*TINY, "--compare", "before.json", "-o", "now.json")
    assert result.exit_code == 2
    assert result.stderr.splitlines()[0] == "wrote now.json"
    assert "no case in common" in result.stderr
    assert result.stdout.startswith("What it costs to enumerate babygpt")


def test_interrupted_bench_shows_what_was_measured(run, monkeypatch):
    """Ctrl-C in the second round: the table of the first, the file, exit code 130."""

    def report(self, what, done, total):
        if what.startswith("measuring: round 2"):
            raise KeyboardInterrupt

    monkeypatch.setattr(progress.ProgressBar, "__call__", report)
    result = run(*TINY, "-o", "a.json")
    assert result.exit_code == 130
    assert "Interrupted: what was measured until then." in result.stdout
    assert result.stderr.splitlines() == [
        "wrote a.json",
        "Error: Interrupted. What is shown was measured until then.",
    ]
    assert [len(case.seconds) for case in mg.read_benchmark("a.json").cases] == [1] * 4


def test_bench_that_is_interrupted_before_the_first_run_shows_nothing(refused, monkeypatch):
    """There is nothing to show."""

    def report(self, what, done, total):
        raise KeyboardInterrupt

    monkeypatch.setattr(progress.ProgressBar, "__call__", report)
    assert refused(*TINY, "-o", "a.json", code=130).startswith("Interrupted")
    assert not Path("a.json").exists()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--strategy", "auto"], "Invalid value for '--strategy': 'auto' is not one of"),
        (["-K", "8-16"], "Context lengths are whole numbers, such as 8..16 or 8,10,12: got '8-16' in '8-16'."),
        (["-K", "2,40"], "Too many states: 2^40"),
        (["-V", "0"], "Vocabulary sizes are at least 1"),
        (
            ["--max-time", "nan"],
            "--max-time is a duration above 0, such as 90s, 10m, 2h or a number of seconds: got 'nan'.",
        ),
        (["--compare", "x.json", "--fail-above", "nan"], "nan is no number to compare with"),
        (["--compare", "none.json"], "The benchmark none.json cannot be read: No such file or directory."),
        (["--fail-above", "1.5"], "--fail-above needs --compare FILE.json"),
        (["-o", "a.txt"], "'a.txt' ends in none of .json, .md, .png, .svg, .pdf"),
        (["--model", "mingpt"], "mingpt takes either data to be trained on"),
    ],
)
def test_bench_refuses_what_it_cannot_measure(refused, words, message):
    """One line, exit code 2, nothing measured."""
    assert message in refused("bench", *words)


def test_model_that_cannot_be_built_anew_is_refused_a_longer_context(refused):
    """A class without a size to choose; shorter contexts are measured."""
    Path("coin.py").write_text(
        "class Coin:\n    vocab_size = 2\n    context_length = 2\n"
        "    def next_logits(self, contexts):\n        return [[0.0, 0.0] for _ in contexts]\n",
        encoding="utf-8",
    )
    message = refused("bench", "--model", "coin.py:Coin", "-K", "2,3")
    assert message.startswith(
        "Coin cannot be built anew with a context of 3 tokens: its maker takes no context_length."
    )


def test_saved_model_is_measured_at_other_sizes(run, untrained_folder):
    """The network of the folder, built anew."""
    result = run("bench", "--model", untrained_folder, "-K", "4", "--strategy", "batched", "--runs", 1)
    assert [row[:3] for row in table(result.stdout, "Seconds")[1:]] == [["2", "4", "16"]]
