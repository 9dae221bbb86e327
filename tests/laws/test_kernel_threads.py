"""Compiled steps in threads, forks and new processes."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

from markovgpt.kernels import steps, threads

pytest.importorskip("numba", reason="without numba nothing is compiled")


def _table(V: int, K: int, *, dtype: Any = np.float64, zeros: float = 0.2) -> np.ndarray:
    rng = np.random.default_rng([V, K])
    table = rng.random((V**K, V)) * (rng.random((V**K, V)) >= zeros)
    table[:, 0] += 0.01
    return (table / table.sum(axis=1, keepdims=True)).astype(dtype)


def _vector(n: int) -> np.ndarray:
    return np.random.default_rng(n).standard_normal(n)


def _run(code: str, **environment: str) -> str:
    """The output of another Python, in which every warning is an error."""
    command = [sys.executable, "-W", "error", "-c", code]
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, timeout=120, env=os.environ | environment
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.parametrize("number", [1, 2, 3, 7])
@pytest.mark.parametrize("count", [1, 2, 7, 1000])
def test_pieces_cover_the_range_once(count: int, number: int) -> None:
    """Every index in exactly one piece, and no piece but the last below the smallest size."""
    pieces: list[tuple[int, int]] = []
    threads.run_in_pieces(lambda start, stop: pieces.append((start, stop)), count, smallest=3, threads=number)
    pieces.sort()
    assert [i for start, stop in pieces for i in range(start, stop)] == list(range(count))
    assert all(stop - start >= 3 for start, stop in pieces[:-1])


def test_small_range_stays_in_the_callers_thread() -> None:
    """Less than two of the smallest pieces: no thread is worth it."""
    seen: list[int] = []
    threads.run_in_pieces(lambda *_: seen.append(threading.get_ident()), 19, smallest=10, threads=8)
    assert seen == [threading.get_ident()]


def test_failure_in_any_thread_reaches_the_caller() -> None:
    """Each piece but those of the caller's thread fails; the caller waits until another thread has had one."""
    caller, failed = threading.get_ident(), threading.Event()

    def loop(start: int, stop: int) -> None:
        if threading.get_ident() == caller:
            failed.wait(timeout=60)
            return
        failed.set()
        raise ArithmeticError(f"piece from {start}")

    with pytest.raises(ArithmeticError, match="piece from"):
        threads.run_in_pieces(loop, 8, smallest=1, threads=2)


def test_pieces_may_be_cut_again_inside_a_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """Loops inside loops, in a pool of one thread: nobody waits for a thread that never comes."""
    pool = ThreadPoolExecutor(1)
    monkeypatch.setattr(threads, "_pool", lambda: pool)
    done: list[int] = []

    def outer(start: int, stop: int) -> None:
        for _ in range(start, stop):
            threads.run_in_pieces(lambda a, b: done.extend(range(a, b)), 10, smallest=1, threads=3)

    threads.run_in_pieces(outer, 20, smallest=1, threads=3)
    pool.shutdown()
    assert sorted(done) == sorted(list(range(10)) * 20)


def test_caller_does_all_pieces_when_no_thread_can_be_started(monkeypatch: pytest.MonkeyPatch) -> None:
    """A limit of the system, or the end of the interpreter."""

    def refuse() -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threads, "_pool", refuse)
    pieces: list[int] = []
    threads.run_in_pieces(lambda start, stop: pieces.extend(range(start, stop)), 10, smallest=1, threads=4)
    assert pieces == list(range(10))


def test_several_callers_push_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Four threads, each with threads of its own, get what one alone gets."""
    monkeypatch.setattr(steps, "_PIECE", 64)
    table, mu = _table(2, 12), _vector(2**12)
    expected = steps.push(table, mu, threads=1).tobytes()
    results: list[bytes] = []

    def caller() -> None:
        results.extend(steps.push(table, mu, threads=3).tobytes() for _ in range(20))

    callers = [threading.Thread(target=caller) for _ in range(4)]
    for one in callers:
        one.start()
    for one in callers:
        one.join()
    assert set(results) == {expected}
    assert len(results) == 80


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_forked_child_pushes_while_the_parents_threads_push() -> None:
    """The child has none of its parent's threads: it starts its own, gets the same, and ends."""
    code = """
import os, threading, warnings
import numpy as np
from markovgpt.kernels import steps
warnings.simplefilter("ignore", DeprecationWarning)  # newer Pythons advise against what is tested here
steps._PIECE = 64
table, mu = np.full((2**12, 2), 0.5), np.random.default_rng(0).random(2**12)
push = lambda: steps.push(table, mu, threads=3).tobytes()
expected, over = push(), threading.Event()
busy = threading.Thread(target=lambda: [push() for _ in iter(over.is_set, True)])
busy.start()
codes = []
for _ in range(5):
    child = os.fork()
    if not child:
        os._exit(0 if all(push() == expected for _ in range(20)) else 7)
    codes.append(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
over.set()
busy.join()
print(codes, push() == expected)
"""
    assert _run(code) == "[0, 0, 0, 0, 0] True"


_PUSH_ONCE = """
import numpy as np
from markovgpt.kernels import steps
after = steps.push(np.full((4, 2), 0.5), np.array([1.0, 0, 0, 0]))
counts = steps._push_rows(2).stats
print(after.tolist(), sum(counts.cache_hits.values()), sum(counts.cache_misses.values()))
"""


def test_next_process_loads_what_was_compiled(tmp_path: Any) -> None:
    """The first compiles (a miss), the second finds it on disk (a hit): V is part of what is looked up."""
    first, second = (_run(_PUSH_ONCE, NUMBA_CACHE_DIR=str(tmp_path)) for _ in range(2))
    assert (first, second) == ("[0.5, 0.5, 0.0, 0.0] 0 1", "[0.5, 0.5, 0.0, 0.0] 1 0")


def test_push_is_compiled_where_nothing_can_be_written() -> None:
    """No folder for the cache: every process compiles anew, and works."""
    cannot = {"NUMBA_CACHE_DIR": os.devnull, "NUMBA_CACHE_LOCATOR_CLASSES": "UserProvidedCacheLocator"}
    assert _run(_PUSH_ONCE, **cannot).startswith("[0.5, 0.5, 0.0, 0.0]")


def test_small_chain_never_imports_the_compiler() -> None:
    """Importing numba takes half a second, which a chain of 1,024 states does not repay."""
    code = """
import sys
import numpy as np
import markovgpt as mg
chain = mg.chain_from_table(np.full((2**10, 2), 0.5))
chain.pull(chain.push(np.full(2**10, 2.0**-10)))
print("numba" in sys.modules)
"""
    assert _run(code) == "False"
