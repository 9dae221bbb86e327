"""What does ``markovgpt states`` count, before anything is built?"""

from __future__ import annotations

import pytest
from report_text import facts


def test_states_of_the_notebook_are_the_default(run):
    """V = 2, K = 3: 8 states, 14 of lengths 1 to 3, 3 bits."""
    result = run("states")
    said = facts(result.stdout)
    assert result.exit_code == 0
    assert result.stderr == ""
    assert said["states of length K"] == "V^K = 8 (1 digit)"
    assert said["states of lengths 1 to K"] == "14"
    assert said["one context"] == "3 bits, 0.375 bytes"


@pytest.mark.parametrize(
    ("vocab_size", "context_length"), [(2, 3), (1, 4), (3, 1), (27, 3), (10, 9), (128, 4)], ids=str
)
def test_states_are_powers_and_their_sum(run, vocab_size, context_length):
    """V^K, and V + V^2 + ... + V^K, by counting in whole numbers."""
    said = facts(run("states", "--vocab-size", vocab_size, "--context-length", context_length).stdout)
    n = vocab_size**context_length
    assert said["states of length K"].startswith(f"V^K = {n:,} ({len(str(n))} digit")
    every = sum(vocab_size**length for length in range(1, context_length + 1))
    assert said["states of lengths 1 to K"] == f"{every:,}"
    assert said["arrows"].split()[0] == str(vocab_size)


def test_states_of_gpt2_have_4815_digits(run):
    """50257^1024: 4,815 digits, 15,992 bits, 1,999 bytes."""
    text = run("states", "-V", 50257, "-K", 1024).stdout
    said = facts(text)
    assert len(str(50257**512)) == 2408  # the whole number is beyond what Python prints; its root is not
    assert said["states of length K"] == "V^K = a number of 4,815 digits"
    assert said["one context"] == "15,992 bits, 1,999 bytes"


def test_known_models_are_listed_with_their_sizes(run):
    """GPT-2: 4,815 digits, 15,992 bits, 1,999 bytes; GPT-3 has twice the context; GPT-4-32k about 64 kB."""
    lines = {line.split()[0]: line.split()[1:] for line in run("states").stdout.splitlines() if "GPT-" in line}
    assert lines["GPT-2"] == ["50,257", "1,024", "4,815", "15,992", "1,999", "bytes"]
    assert lines["GPT-3"] == ["50,257", "2,048", "9,629", "31,984", "3,998", "bytes"]
    assert lines["GPT-4-32k"][-2:] == ["64.0", "kB"]


@pytest.mark.parametrize("slip", ["3,998 kB", "4,096", "3,998 bytes, not kB", "GPT-3's context is 2,048"])
def test_slips_of_the_article_are_mentioned(run, slip):
    """Context and weight of GPT-2, context of GPT-3."""
    assert slip in " ".join(run("states").stdout.split())


def test_states_beyond_any_machine_are_counted(run):
    """A thousand tokens and a context of 10^9: a one and 3 * 10^9 zeros."""
    said = facts(run("states", "-V", 1000, "-K", 10**9).stdout)
    assert said["states of length K"] == "V^K = a number of 3,000,000,001 digits"


@pytest.mark.parametrize(("option", "name"), [("-V", "vocab_size"), ("-K", "context_length")])
@pytest.mark.parametrize("value", [0, -1])
def test_states_refuses_what_is_no_size(refused, option, name, value):
    """At least 1 of each."""
    assert refused("states", option, value) == f"{name} must be a whole number of at least 1: got {value}."
