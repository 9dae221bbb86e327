"""What makes a stored table the one that it is, and how does another differ from it?"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from typing import Any

import numpy as np

from markovgpt.answers import next_logits_and_outside
from markovgpt.decoding import Decoding
from markovgpt.errors import ArgumentError
from markovgpt.model import LanguageModel, law_fingerprint, model_name, vocabulary_of
from markovgpt.statespace import StateSpace
from markovgpt.table_file.layout import Header

__all__ = ["check_same", "identity_of"]

_N_CONTEXTS = 16
_WORDS = {
    "model": "the model",
    "model_fingerprint": "the fingerprint of the model",
    "part": "the part of the model",
    "sample": "the logits of the model after some contexts",
    "vocab_size": "the number of tokens",
    "context_length": "the context length",
    "lengths": "the lengths of contexts",
    "tokens": "the texts of the tokens",
    "kind": "the kind of the tokens",
    "batch_size": "the batch size",
    "storage": "the storage",
    "strategy": "the strategy",
}


def identity_of(model: LanguageModel, states: StateSpace, rule: Decoding, *, storage: str) -> dict[str, Any]:
    """All that makes a table another one, as values that JSON has.

    A model is known by its name and ``fingerprint``. One that has none, or is a part of such a model, is asked about a
    fixed sample of contexts, and known by the hash of what it says, bit for bit.
    """
    vocabulary = vocabulary_of(model)
    fingerprint, law = str(getattr(model, "fingerprint", "")), law_fingerprint(model)
    found = {
        "model": model_name(model),
        "model_fingerprint": fingerprint,
        "part": law if law != fingerprint else "",
        "sample": "" if law else _sample_of(model, states),
        "vocab_size": states.vocab_size,
        "context_length": states.context_length,
        "lengths": states.lengths,
        "tokens": list(vocabulary.tokens),
        "kind": vocabulary.kind,
        "decoding": asdict(rule),
        "storage": storage,
    }
    plain: dict[str, Any] = json.loads(json.dumps(found, default=lambda number: number.item()))  # NumPy's own numbers
    return plain


def check_same(header: Header, identity: dict[str, Any], *, strategy: str, batch_size: int | None) -> None:
    """Refuse a file of another table, or of one that was begun in another way, if a way is asked for.

    Raises
    ------
    ArgumentError
        Says what differs; goes on from a name.
    """
    given = {"strategy": None if strategy == "auto" else strategy, "batch_size": batch_size}
    how = {name: value for name, value in given.items() if value is not None}
    differs = _differences(header.identity | {name: getattr(header, name) for name in how}, identity | how)
    if differs:
        raise ArgumentError(f"holds another table: it differs in {differs}")


def _differences(there: dict[str, Any], here: dict[str, Any]) -> str:
    """What differs between a file and what is asked for, in words; empty if nothing does."""
    parts = [
        f"{_WORDS[name]} ({_shown(there.get(name))} there, {_shown(here[name])} here)"
        for name in here
        if name != "decoding" and there.get(name) != here[name]
    ]
    rules = [Decoding(**identity["decoding"]).describe() for identity in (there, here)]
    if rules[0] != rules[1] or there["decoding"] != here["decoding"]:
        parts.append(f"the decoding rule ({rules[0]} there, {rules[1]} here)")
    return ", ".join(parts)


def _shown(value: Any) -> str:
    if isinstance(value, list):
        return f"{len(value):,} texts"
    text = str(value)
    return "none" if text == "" else text[:12] + "..." if len(text) == 64 else text


def _sample_of(model: LanguageModel, states: StateSpace) -> str:
    """SHA-256 of what the model says after the first, the last, and some other contexts of length K."""
    V, K = states.vocab_size, states.context_length
    contexts = np.random.default_rng(0).integers(0, V, (_N_CONTEXTS, K))
    contexts[0], contexts[1] = 0, V - 1
    logits, outside = next_logits_and_outside(model, contexts)
    return hashlib.sha256(logits.tobytes() + outside.tobytes()).hexdigest()
