"""How does a compiled loop use every processor? Plain threads, each taking the next piece of the loop's range.

A compiled loop holds no interpreter lock, so Python's own threads are enough, and they do what numba's own
(``parallel=True``) do not: they survive a fork, and several callers may run at once.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import suppress
from functools import cache
from typing import Any

__all__ = ["run_in_pieces", "usable_processors"]

_PIECES = 4  # a thread: the others take over where one is held up
_LARGEST_POOL = 64


def run_in_pieces(
    loop: Callable[..., object], count: int, *arguments: Any, smallest: int, threads: int | None = None
) -> None:
    """Call ``loop(start, stop, *arguments)`` for pieces that cover ``range(count)``, in several threads.

    The pieces must not depend on each other: each writes its own part of the result, so the result is the same, bit for
    bit, for any number of threads. The caller's thread works too; with nobody to help, it does everything.

    Parameters
    ----------
    loop : compiled function
        Runs without the interpreter's lock.
    count : int
        Length of the range.
    *arguments : Any
        Passed on: the arrays it reads and writes.
    smallest : int
        A piece of fewer is not worth a thread.
    threads : int, optional
        At most so many threads; one for each usable processor unless said.
    """
    most = usable_processors() if threads is None else threads
    n_threads = min(most, count // smallest, _LARGEST_POOL)
    if n_threads <= 1:
        loop(0, count, *arguments)
        return
    size = max(smallest, -(-count // (n_threads * _PIECES)))
    starts = deque(range(0, count, size))

    def work() -> None:
        while starts:  # whoever is free takes the next
            try:
                start = starts.popleft()
            except IndexError:  # another thread was faster
                return
            loop(start, min(start + size, count), *arguments)

    helpers = []
    try:
        with suppress(RuntimeError):  # no thread to be had: the system's limit, or the interpreter is ending
            for _ in range(n_threads - 1):
                helpers.append(_pool().submit(work))
        work()
    finally:
        started = [helper for helper in helpers if not helper.cancel()]  # for the others no thread was free
        wait(started)
    for helper in started:
        helper.result()


def usable_processors() -> int:
    """Processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@cache
def _pool() -> ThreadPoolExecutor:
    """Threads are started when there is work for them, and kept."""
    return ThreadPoolExecutor(_LARGEST_POOL, thread_name_prefix="markovgpt")


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_pool.cache_clear)  # a forked child has none of the parent's threads
