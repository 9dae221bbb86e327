"""How much memory does an enumeration need, and how much is there?"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from markovgpt.enumeration import fused, passes, trie
from markovgpt.gpt_weights import GPTWeights
from markovgpt.kernels.threads import usable_processors
from markovgpt.model import LanguageModel
from markovgpt.statespace import StateSpace

__all__ = ["SHARE", "available_memory", "default_max_memory", "table_bytes", "working_bytes"]

SHARE = 0.75
"""Of the memory that is free now, which an enumeration may take unless a limit is given."""

_COPIES = 6  # of the logits of a batch: the model's own, float64, what is normalised and checked
_EVERY = 3  # of the logits of all positions
_CONTEXTS = 3  # of the contexts of a batch
_REST = 2**16  # bytes
_GROUPS = Path("/sys/fs/cgroup")
_LIMIT_OF_OLD = ("memory.limit_in_bytes", "memory.usage_in_bytes")  # names of the first version
_MEMINFO = Path("/proc/meminfo")


def table_bytes(states: StateSpace, *, n_rules: int = 1) -> int:
    """Of the probabilities, float64; under several decoding rules the logits stay beside those of one rule."""
    return states.n_states * states.vocab_size * 8 * min(n_rules, 2)


def working_bytes(model: LanguageModel, states: StateSpace, strategy: str, batch_size: int) -> int:
    """What enumeration needs beside the table: blocks of logits, sessions, and the activations of a GPT.

    What another model needs while it answers is not known, and not counted.
    """
    V, K = states.vocab_size, states.context_length
    weights: GPTWeights | None = model.gpt_weights() if hasattr(model, "gpt_weights") else None
    rest = _REST + (8 * states.n_states if hasattr(model, "next_logits_and_outside") else 0)  # cut
    row = 8 * (_COPIES * V + _CONTEXTS * K)  # bytes of a context that is asked about
    if strategy == "fused":
        n_threads = usable_processors()
        return rest + (3 * n_threads + _COPIES) * fused.piece_bytes(states, n_threads) + n_threads * _room(weights, K)
    if strategy == "prefix" and hasattr(model, "session"):
        rows = trie.rows_a_call(batch_size, V)
        kept = 0 if weights is None else (1 + trie.sessions_alive(V, K, batch_size)) * rows * _past(weights, K)
        return rest + min(kept, trie.ALL_BYTES) + rows * (row + _activations(weights, 1, K))
    if strategy == "prefix":
        rows = passes.rows_a_call(batch_size, V, K)
        return rest + rows * (row + 8 * _EVERY * K * V + _activations(weights, K, K))
    rows = 1 if strategy == "loop" else min(batch_size, V**K)
    return rest + rows * (row + (0 if weights is None else 4 * K * V) + _activations(weights, K, K))


def _activations(weights: GPTWeights | None, length: int, seen: int) -> int:
    """Bytes of a forward pass of ``length`` positions, each looking at ``seen``, for one context."""
    if weights is None:
        return 0
    C, H, M = weights.n_embd, weights.n_head, weights.n_hidden
    return 4 * length * max(2 * C + 2 * M, 9 * C + 4 * H * seen)


def _past(weights: GPTWeights, length: int) -> int:
    """Bytes of keys and values of one context."""
    return 8 * len(weights.blocks) * weights.n_embd * length


def _room(weights: GPTWeights | None, length: int) -> int:
    """Bytes that a thread of the compiled walk works in."""
    return (
        0
        if weights is None
        else 2 * fused.LANES * (_past(weights, length) + 4 * (8 * weights.n_embd + weights.n_hidden))
    )


def default_max_memory() -> int | None:
    """Three quarters of the memory that is free; None where the system does not say."""
    free = available_memory()
    return None if free is None else int(SHARE * free)


def available_memory() -> int | None:
    """Bytes that this process may take without swapping; None where the system does not say.

    The least of what is free on the machine (of what there is, where that is all that the system says) and what is left
    of the limit of the process's control group.
    """
    known = [amount for amount in (_free(), _left_of_limit()) if amount is not None]
    return min(known, default=None)


def _free() -> int | None:
    with suppress(OSError, ValueError, IndexError):
        for line in _MEMINFO.read_text(encoding="ascii").splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    with suppress(AttributeError, ValueError, OSError):
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return None


def _left_of_limit() -> int | None:
    for folder, limit, used in (("", "memory.max", "memory.current"), ("memory", *_LIMIT_OF_OLD)):
        with suppress(OSError, ValueError):  # no such group, or "max": no limit
            most, taken = (int((_GROUPS / folder / name).read_text(encoding="ascii")) for name in (limit, used))
            return max(most - taken + _files_kept(_GROUPS / folder / "memory.stat"), 0)
    return None


def _files_kept(stat: Path) -> int:
    """Of what a control group has taken: copies of files that are given up when memory is needed."""
    with suppress(OSError, ValueError):
        for line in stat.read_text(encoding="ascii").splitlines():
            if line.split()[0] in ("inactive_file", "total_inactive_file"):
                return int(line.split()[1])
    return 0
