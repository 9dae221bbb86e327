"""Files that a table cannot be stored in: refused by name, with what to do instead."""

from __future__ import annotations

import errno
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from stored import ADVICE, HOW, CountedSessions, stopping_after, table_part

import markovgpt as mg
from markovgpt import ArgumentError, Decoding
from markovgpt.errors import EnumerationInterruptedError
from markovgpt.table_file import writing


def _named(name: str) -> CountedSessions:
    model = CountedSessions()
    model.name = name
    return model


def _other_weights() -> CountedSessions:
    model = CountedSessions()
    model.fingerprint = "f" * 64
    return model


def _other_texts() -> CountedSessions:
    model = CountedSessions()
    model.tokens = ("a", "b")  # type: ignore[attr-defined]
    return model


@pytest.mark.parametrize(
    ("model", "options", "message"),
    [
        pytest.param(
            _other_weights, {}, "the fingerprint of the model (counted there, ffffffffffff... here)", id="weights"
        ),
        pytest.param(lambda: _named("x"), {}, "the model (counted there, x here)", id="name"),
        pytest.param(_other_texts, {}, "the texts of the tokens (2 texts there, 2 texts here)", id="texts"),
        pytest.param(
            lambda: CountedSessions(context_length=10), {}, "the context length (11 there, 10 here)", id="context"
        ),
        pytest.param(
            lambda: CountedSessions(vocab_size=3, context_length=5),
            {},
            "the number of tokens (2 there, 3 here), the context length (11 there, 5 here), the texts of the tokens (2 "
            "texts there, 3 texts here)",
            id="several",
        ),
        pytest.param(
            lambda: mg.restrict_tokens(CountedSessions(), [1, 0]), {}, "the model (counted there, counted on", id="part"
        ),
        pytest.param(
            CountedSessions, {"lengths": "all"}, "the lengths of contexts (full there, all here)", id="lengths"
        ),
        pytest.param(
            CountedSessions, {"storage": "float32"}, "the storage (float64 there, float32 here)", id="storage"
        ),
        pytest.param(
            CountedSessions, {"strategy": "prefix"}, "the strategy (batched there, prefix here)", id="strategy"
        ),
        pytest.param(CountedSessions, {"batch_size": 9}, "the batch size (256 there, 9 here)", id="batch"),
        pytest.param(
            CountedSessions,
            {"decoding": Decoding(temperature=0.5, top_k=1)},
            "the decoding rule (none there, temperature 0.5, top-k 1 here)",
            id="rule",
        ),
        pytest.param(
            CountedSessions,
            {"decoding": Decoding(temperature=1.0000001)},
            "the decoding rule (none there, temperature 1 here)",
            id="rule that reads alike",
        ),
    ],
)
@pytest.mark.parametrize("how_far", ["half", "finished"])
def test_table_of_something_else_is_refused(
    how_far: str,
    model: Callable[[], mg.LanguageModel],
    options: dict[str, Any],
    message: str,
    request: pytest.FixtureRequest,
) -> None:
    """What differs is named, and not a byte is changed, whether the file is finished or not."""
    path = request.getfixturevalue(how_far)
    before = path.read_bytes()
    with pytest.raises(ArgumentError, match=rf"holds another table: it differs in {re.escape(message)}.*{ADVICE}"):
        mg.build_chain(model(), store=path, **(HOW | options))
    assert path.read_bytes() == before


def test_prompt_of_a_model_without_a_fingerprint_is_told(path: Path) -> None:
    """Behind another prompt of the same length the name is the same."""

    def prompted(token: int) -> mg.LanguageModel:
        model = mg.from_callable(
            lambda contexts: contexts[:, :1] * [[0.0, 1.0]], vocab_size=2, context_length=4, name="f"
        )
        return mg.with_prompt(model, [token])

    mg.build_chain(prompted(0), store=path)
    with pytest.raises(ArgumentError, match="another table: it differs in"):
        mg.build_chain(prompted(1), store=path)


def test_tokens_of_equal_texts_are_told_apart(path: Path) -> None:
    """A model on its first two tokens is not the model on the last two, whatever they are called."""
    whole = CountedSessions(vocab_size=4, context_length=3)
    whole.vocabulary = mg.Vocabulary.numbered(4)  # type: ignore[attr-defined]
    parts = [mg.restrict_tokens(whole, tokens) for tokens in ([0, 1], [2, 3])]
    for part in parts:
        object.__setattr__(part, "vocabulary", mg.Vocabulary.numbered(2))
    mg.build_chain(parts[0], store=path)
    with pytest.raises(ArgumentError, match=r"it differs in the part of the model \(\w+\.\.\. there, \w+\.\.\. here\)"):
        mg.build_chain(parts[1], store=path)


@pytest.mark.parametrize("content", [b"hello", b"PK\x03\x04" + bytes(100), bytes(100), b"mgpttab"])
def test_file_of_another_kind_is_refused(content: bytes, path: Path) -> None:
    """It is left as it is."""
    path.write_bytes(content)
    with pytest.raises(ArgumentError, match=rf"{re.escape(str(path))} is no file of a table\. {ADVICE}"):
        mg.build_chain(CountedSessions(), store=path)
    assert path.read_bytes() == content


def test_file_that_another_process_writes_is_refused(half: Path) -> None:
    """As long as that process lives; kill -9 lets go of it."""
    program = (
        "import sys, time\n"
        "from pathlib import Path\n"
        "from markovgpt.table_file.writing import TableWriter\n"
        "writer = TableWriter(Path(sys.argv[1]))\n"
        "print('locked', flush=True)\n"
        "time.sleep(600)\n"
    )
    before = half.read_bytes()
    with subprocess.Popen([sys.executable, "-c", program, str(half)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "locked\n"
        with pytest.raises(ArgumentError, match=r"another process is writing to it\. Wait until it is done, or name"):
            mg.build_chain(CountedSessions(), store=half, **HOW)
        process.kill()
    assert half.read_bytes() == before
    store = mg.build_chain(CountedSessions(), store=half, **HOW).origin.store
    assert store is not None
    assert store.n_reused == 4


def test_finished_file_can_be_read_while_another_process_has_it(finished: Path) -> None:
    """Reading needs no lock."""
    writer = writing.TableWriter(finished)
    assert mg.build_chain(CountedSessions(), store=finished, **HOW).n_states == 2048
    writer.close()


@pytest.mark.parametrize("place", ["nowhere/a.table", "", "file/a.table"])
def test_place_that_cannot_be_written_is_refused(place: str, tmp_path: Path) -> None:
    """No such folder; a folder; a file as a folder."""
    (tmp_path / "file").write_text("a file", encoding="utf-8")
    with pytest.raises(ArgumentError, match=r"The table cannot be stored in .*: (No such|Is a|Not a) .*can be written"):
        mg.build_chain(CountedSessions(), store=tmp_path / place)


@pytest.mark.parametrize("code", [errno.EROFS, errno.EACCES])
def test_folder_that_cannot_be_written_is_refused(code: int, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before the model is asked."""

    def refuse(*_: object) -> int:
        raise OSError(code, os.strerror(code))

    model = CountedSessions()
    monkeypatch.setattr(writing.os, "open", refuse)
    with pytest.raises(ArgumentError, match=rf"cannot be stored in .*a\.table: {os.strerror(code)}\. Name a file"):
        mg.build_chain(model, store=path, **HOW)
    assert model.asked == 0
    assert not path.exists()


def _no_space(*_: object) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _not_supported(*_: object) -> None:
    raise OSError(errno.EOPNOTSUPP, os.strerror(errno.EOPNOTSUPP))


@pytest.mark.skipif(not hasattr(os, "posix_fallocate"), reason="no such call here")
def test_full_disk_is_found_before_any_work(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The model is not asked, and no file is left."""
    model = CountedSessions()
    monkeypatch.setattr(writing.os, "posix_fallocate", _no_space)
    with pytest.raises(
        ArgumentError, match=r"a\.table: No space left on device\. Name a file that can be written, on a"
    ):
        mg.build_chain(model, store=path, **HOW)
    assert model.asked == 0
    assert not path.exists()


def test_full_disk_is_found_where_room_cannot_be_reserved(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By what the file system says is free."""
    monkeypatch.setattr(writing.os, "posix_fallocate", _not_supported, raising=False)
    free = writing.shutil.disk_usage(path.parent)
    monkeypatch.setattr(writing.shutil, "disk_usage", lambda _: free._replace(free=10_000))
    with pytest.raises(ArgumentError, match="No space left on device"):
        mg.build_chain(CountedSessions(), store=path, **HOW)
    assert not path.exists()


def test_table_can_be_stored_where_room_cannot_be_reserved(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file is as large as ever."""
    monkeypatch.setattr(writing.os, "posix_fallocate", _not_supported, raising=False)
    expected = mg.build_chain(CountedSessions(), **HOW).fingerprint
    assert mg.build_chain(CountedSessions(), store=path, **HOW).fingerprint == expected
    assert path.stat().st_size == table_part(path)[1].end


@pytest.mark.parametrize("strategy", ["nonsense", "prefix"])
def test_strategy_that_cannot_be_used_leaves_no_file(strategy: str, path: Path) -> None:
    """The error comes before anything is written."""
    model = mg.from_callable(lambda contexts: np.zeros((len(contexts), 2)), vocab_size=2, context_length=3)
    with pytest.raises(ArgumentError, match=r"Strategies are|cannot be used"):
        mg.build_chain(model, strategy=strategy, store=path)
    assert not path.exists()


def test_interrupted_run_says_what_is_kept_in_its_facts(path: Path) -> None:
    """For programs."""
    with pytest.raises(EnumerationInterruptedError) as caught:
        mg.build_chain(CountedSessions(), store=path, progress=stopping_after(700), **HOW)
    assert caught.value.facts == {"n_done": 768, "path": str(path)}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"storage": "float16"}, "storage must be 'float64' or 'float32': got 'float16'"),
        ({"storage": "float32"}, r"storage float32 is of the file .* name one, --store FILE \(store=\)"),
    ],
)
def test_storage_without_sense_is_refused(options: dict[str, Any], message: str) -> None:
    """A type that is none, and a type of no file."""
    with pytest.raises(ArgumentError, match=message):
        mg.build_chain(CountedSessions(), **options)


@pytest.mark.parametrize("n_rules", [0, 2])
def test_several_rules_have_no_file(n_rules: int, path: Path) -> None:
    """The file would have the table of one of them."""
    with pytest.raises(ArgumentError, match=f"A file holds the table of one decoding rule: got {n_rules} of them"):
        next(mg.build_chains(CountedSessions(), [Decoding()] * n_rules, store=path))
    assert not path.exists()
