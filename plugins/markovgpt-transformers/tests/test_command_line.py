"""Does `markovgpt analyze --model transformers -M path=FOLDER -M context_length=2` work, and say what is wrong?"""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
import tiny


def markovgpt(*arguments):
    # no HF_HUB_OFFLINE: it must not be needed
    environment = {name: value for name, value in os.environ.items() if name != "HF_HUB_OFFLINE"}
    command = [sys.executable, "-W", "error", "-m", "markovgpt", *arguments]
    return subprocess.run(command, capture_output=True, text=True, env={**environment, "OMP_NUM_THREADS": "1"})


def test_command_line_analyses_a_folder(saved):
    done = markovgpt("analyze", "--model", "transformers", "-M", f"path={saved('llama')}", "-M", "context_length=2")
    assert (done.returncode, done.stderr) == (0, "")
    assert "121" in done.stdout
    assert "stationary" in done.stdout.lower()


def test_command_line_analyses_a_few_tokens_behind_a_prompt(tmp_path):
    tokenizer = tiny.byte_level_bpe()
    folder = tiny.save(tmp_path, "gpt2", tokenizer=tokenizer, vocab_size=len(tokenizer))
    options = ["-M", f"path={folder}", "-M", "context_length=2", "-M", "prompt=the cat"]
    done = markovgpt("analyze", "--model", "transformers", *options, "--tokens", "a,b, the")
    assert (done.returncode, done.stderr) == (0, "")
    assert "␣the" in done.stdout


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        (["path=nowhere"], 3, "There is no folder or file nowhere"),
        (["context_length=2"], 2, "The model transformers needs path: -M path=..."),
        (["path=FOLDER", "context_length=33"], 2, "at most 32: gpt2 has 32 positions. Got 33."),
        (["path=FOLDER", "context_length=9"], 2, "Too many states: 11^9"),
        (["path=FOLDER"], 2, "Too many states: 11^32"),
    ],
    ids=["missing", "no-path", "too-long", "too-many", "default"],
)
def test_command_line_says_what_is_wrong_in_one_line(saved, options, code, message):
    given = [word for option in options for word in ("-M", option.replace("FOLDER", str(saved("gpt2"))))]
    done = markovgpt("analyze", "--model", "transformers", *given)
    assert (done.returncode, done.stdout) == (code, "")
    assert message in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_import_is_cheap():
    """torch and transformers are imported when a model is read: a wrong path or option costs no seconds."""
    code = "import sys, markovgpt_transformers; print({'torch', 'transformers'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "set()\n")
