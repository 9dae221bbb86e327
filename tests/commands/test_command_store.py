"""What does the user see of a table that is stored: killed, interrupted, gone on with, and read again?"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import time
from pathlib import Path

import numpy as np
import pytest
from processes import PROGRAM, on_a_terminal
from report_text import facts
from stored import damage, entered_blocks, table_part

import markovgpt as mg

SLOW = """
import os
import time

import numpy as np

class Slow:
    vocab_size, context_length, name, fingerprint = 2, 12, "slow", "1"
    n_parameters = 100  # so few that nothing is tried out beforehand
    calls = 0

    def next_logits(self, contexts):
        Slow.calls += 1
        if "WAIT_AT" in os.environ and Slow.calls == 6:
            time.sleep(1.5)  # finished blocks are entered after a second
        if Slow.calls > int(os.environ.get("WAIT_AT", 1000)):
            time.sleep(600)
        sums = contexts @ 0.7 ** np.arange(contexts.shape[1])[::-1]
        return np.stack([np.sin(3 * sums), np.cos(7 * sums)], axis=1)
"""
WORDS = ["stationary", "--model", "slow.py:Slow", "--batch-size", "256", "--store", "slow.table"]


@pytest.fixture
def slow() -> None:
    """A model of 2^12 contexts, 16 blocks, that never comes to its end where WAIT_AT says when."""
    Path("slow.py").write_text(SLOW, encoding="utf-8")


def _killed(words: list[str], environment: dict[str, str], *, blocks: int) -> list[int]:
    """Kill -9 once so many blocks are entered; which they are in the end."""
    with subprocess.Popen([*PROGRAM, *words], env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as it:
        try:
            while len(entered_blocks(Path("slow.table"))) < blocks:
                assert it.poll() is None, it.communicate()[0]
                time.sleep(0.02)
        finally:
            it.kill()
    assert it.returncode == -signal.SIGKILL
    return entered_blocks(Path("slow.table"))


def test_killed_program_goes_on_with_the_same_bits(slow, run, environment):
    """kill -9 of the program twice, and the same command: what was entered is reused, and the file is the same."""
    first = _killed(WORDS, environment | {"WAIT_AT": "9"}, blocks=6)
    assert first == list(range(6))
    second = _killed(WORDS, environment | {"WAIT_AT": "7"}, blocks=12)
    assert second == list(range(12))
    done = run(*WORDS, "-o", "a.npz")
    assert done.exit_code == 0
    assert "Note: 12 of 16 blocks of the table were in slow.table before." in done.stderr
    whole = run(*WORDS[:-1], "other.table", "-o", "b.npz")
    assert "Note: " not in whole.stderr
    assert Path("slow.table").read_bytes() == Path("other.table").read_bytes()
    with np.load("a.npz") as one, np.load("b.npz") as other:
        np.testing.assert_array_equal(one["stationary"], other["stationary"])


def test_interrupt_says_what_is_kept_and_how_to_go_on(slow, run, environment):
    """Ctrl-C on a terminal: one line, exit code 130; the same command goes on from there."""
    code, stdout, shown = on_a_terminal(WORDS, environment | {"WAIT_AT": "8"}, interrupt_at="enumerating contexts")
    assert (code, stdout) == (130, "")
    said = re.search(
        r"Error: Interrupted: ([\d,]+) of 4,096 contexts are kept in slow\.table\.\s+The same command", shown
    )
    assert said
    kept = len(entered_blocks(Path("slow.table")))
    assert int(said[1].replace(",", "")) == 256 * kept >= 256 * 6
    assert f"Note: {kept} of 16 blocks of the table were in slow.table before." in run(*WORDS).stderr


def test_report_and_document_say_what_was_stored(run, untrained_folder):
    """The first run computes the one block; the second reads it, and the model is not asked."""
    words = ["analyze", "--model", untrained_folder, "--store", "a.table", "-o", "a.json"]
    documents = []
    for reused, calls in ((0, "1 call"), (1, "0 calls")):
        done = run(*words)
        found = facts(done.stdout)
        assert found["stored in"] == f"a.table (float64), 1 block: {reused} reused, {1 - reused} computed"
        assert found["contexts"].startswith(f"8 in {calls} of the model (batched)")
        assert ("The table was read from a.table, where it was complete." in done.stdout) == bool(reused)
        documents.append(json.loads(Path("a.json").read_text(encoding="utf-8")))
    stores = [document["enumeration"].pop("store") for document in documents]
    expected = {"file": "a.table", "storage": "float64", "n_blocks": 1, "n_damaged": 0}
    assert stores == [expected | {"n_reused": 0, "n_computed": 1}, expected | {"n_reused": 1, "n_computed": 0}]
    assert [document.pop("enumeration")["model_calls"] for document in documents] == [1, 0]
    assert documents[0] == documents[1]


def test_nothing_is_said_of_a_file_where_there_is_none(run, untrained_folder):
    """No fact, and null in the document."""
    done = run("analyze", "--model", untrained_folder, "-o", "a.json")
    assert "stored in" not in facts(done.stdout)
    assert json.loads(Path("a.json").read_text(encoding="utf-8"))["enumeration"]["store"] is None


def test_damaged_block_is_noted(run, untrained_folder):
    """In the report, on stderr, and in the document."""
    words = ["analyze", "--model", untrained_folder, "--store", "a.table", "-o", "a.json"]
    fingerprint = json.loads((run(*words), Path("a.json").read_text(encoding="utf-8"))[1])["fingerprint"]
    damage(Path("a.table"), table_part(Path("a.table"))[1].table)
    done = run(*words)
    assert facts(done.stdout)["stored in"].endswith("0 reused, 1 computed, 1 of them damaged before")
    assert done.stderr.startswith("Note: 1 block was damaged, and computed again.\n")
    found = json.loads(Path("a.json").read_text(encoding="utf-8"))
    assert (found["enumeration"]["store"]["n_damaged"], found["fingerprint"]) == (1, fingerprint)


def test_float32_file_is_half_as_large_and_says_what_it_cost(run, environment, slow):
    """2^12 rows of two: 64 KiB or 32; rows that miss 1 are divided by their sums, which the report says."""
    words = ["analyze", "--model", "slow.py:Slow", "--store"]
    run(*words, "a.table")
    done = run(*words, "b.table", "--storage", "float32")
    assert "Rows were divided by their sums, which missed 1 by up to " in done.stdout
    sizes = [Path(name).stat().st_size for name in ("a.table", "b.table")]
    assert sizes[0] - sizes[1] == 2**15
    with pytest.raises(mg.ArgumentError, match=r"the storage \(float32 there, float64 here\)"):
        mg.build_chain(mg.load_model("slow.py:Slow"), store="b.table")


@pytest.mark.parametrize("command", ["analyze", "stationary", "structure", "draw", "compare"])
def test_every_command_that_enumerates_takes_a_file(command, run, babygpt_folder, babygpt_chain):
    """And reads it the second time, which is noted once."""
    words = [command, "--model", babygpt_folder, "--store", "a.table"]
    assert run(*words).exit_code == 0
    assert mg.load_chain("a.table").fingerprint == babygpt_chain.fingerprint
    assert run(*words).stderr.count("Note: The table was read from a.table, where it was complete.") == 1


@pytest.mark.parametrize("way", [["--against", "babygpt", "-A", "steps=0"], ["--order", 1]])
def test_comparison_of_two_models_stores_the_first(way, run, babygpt_folder, babygpt_chain):
    """The other is made in memory: the file is not asked to hold two."""
    assert run("compare", "--model", babygpt_folder, "--store", "a.table", *way).exit_code == 0
    assert mg.load_chain("a.table").fingerprint == babygpt_chain.fingerprint


def test_stored_table_can_be_compared_with(run, refused, babygpt_folder, untrained_folder):
    """A file by any name is a chain that was saved; one that is not finished says how far it is."""
    run("analyze", "--model", untrained_folder, "--store", "before")
    done = run("compare", "--model", babygpt_folder, "--against", "before")
    assert done.stdout.startswith("babygpt against before")
    expected = run("compare", "--model", babygpt_folder, "--against", untrained_folder)
    assert facts(done.stdout)["worst row"] == facts(expected.stdout)["worst row"]
    Path("begun").write_bytes(b"mgpttabl" + bytes(12))
    assert "No chain can be read from begun: it has no table yet." in refused("compare", "--against", "begun")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["analyze", "--reachable-from", "0", "--store", "a"], "are for chains of all contexts: not with --reachable"),
        (["analyze", "--storage", "float32"], "name one, --store FILE"),
        (["stationary", "--temperature", 1, "--temperature", 2, "--store", "a"], "a file holds the table of one"),
        (["compare", "--over-training", "0,1", "--store", "a"], "--store would change nothing with --over-training"),
        (["analyze", "--store", "nowhere/a"], "The table cannot be stored in nowhere/a: No such file or directory."),
    ],
)
def test_file_is_refused_where_it_has_no_sense(refused, arguments, message):
    """Nothing is written."""
    assert message in refused(*arguments)
    assert not Path("a").exists()


def test_table_of_another_rule_is_refused(refused, run, untrained_folder):
    """Exit code 2, what differs, and what to do."""
    words = ["stationary", "--model", untrained_folder, "--store", "a.table"]
    run(*words)
    assert refused(*words, "--top-k", 1) == (
        "The table cannot be stored: a.table holds another table: it differs in the decoding rule (none there, top-k 1 "
        "here). Name another file, or delete this one."
    )


def test_what_is_no_ordinary_file_is_refused(refused, untrained_folder, tmp_path):
    """A pipe would be waited for without end."""
    os.mkfifo(tmp_path / "pipe")
    message = refused("stationary", "--model", untrained_folder, "--store", str(tmp_path / "pipe"))
    assert message.startswith(f"The table cannot be stored in {tmp_path / 'pipe'}: it is no ordinary file")
