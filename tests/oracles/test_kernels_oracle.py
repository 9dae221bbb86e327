"""The compiled steps against the definition in exact fractions, and against the NumPy path; threads, forks, caches."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from markovgpt import ArgumentError, StateSpace, operators
from markovgpt.kernels import steps

pytest.importorskip("numba", reason="without numba nothing is compiled")

SIZES = [(1, 1), (2, 1), (2, 4), (3, 3), (4, 2), (5, 3), (27, 1), (27, 2)]
BLOCKS = [(2, 16), (3, 10), (5, 7), (9, 5)]  # R = 32768, 19683, 15625, 6561: blocks of 16384, 10922, 6553, 3640 rows
LAYOUTS = ["columns first", "every second row", "unaligned", "read-only", "big-endian", "memmap"]
STEPS = {"push": steps.push, "pull": steps.pull}

Step = Callable[..., np.ndarray]


def _table(V: int, K: int, *, dtype: Any = np.float64, zeros: float = 0.2) -> np.ndarray:
    rng = np.random.default_rng([V, K])
    table = rng.random((V**K, V)) * (rng.random((V**K, V)) >= zeros)
    table[:, 0] += 0.01
    return (table / table.sum(axis=1, keepdims=True)).astype(dtype)


def _vector(n: int) -> np.ndarray:
    return np.random.default_rng(n).standard_normal(n)


def _exact(name: str, table: np.ndarray, vector: np.ndarray) -> tuple[list[Fraction], list[Fraction]]:
    """State s goes to (s*V + t) mod n with probability ``table[s, t]``: the step, and the sum of the absolute terms."""
    n, V = table.shape
    after, size = [Fraction(0)] * n, [Fraction(0)] * n
    for s in range(n):
        for t in range(V):
            there = (s * V + t) % n
            source, target = (s, there) if name == "push" else (there, s)
            term = Fraction(float(table[s, t])) * Fraction(float(vector[source]))
            after[target] += term
            size[target] += abs(term)
    return after, size


def _numpy_step(name: str, table: np.ndarray, vector: np.ndarray, sizes: tuple[int, ...]) -> np.ndarray:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(operators, "can_compile", lambda: False)
        step: Step = getattr(operators, name)
        return step(table, vector, sizes=sizes)


def _run(code: str, **environment: str) -> str:
    """The output of another Python, in which every warning is an error."""
    command = [sys.executable, "-W", "error", "-c", code]
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, timeout=120, env=os.environ | environment
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.parametrize("dtype", [np.float64, np.float32], ids=["float64", "float32"])
@pytest.mark.parametrize(("V", "K"), SIZES)
@pytest.mark.parametrize("name", STEPS)
def test_compiled_step_is_the_definition(name: str, V: int, K: int, dtype: Any) -> None:
    """Within V roundings of float64 of the sum in exact fractions, for tables of either precision."""
    table, vector = _table(V, K, dtype=dtype), _vector(V**K)
    exact, size = _exact(name, table, vector)
    result = STEPS[name](table, vector)
    assert all(
        abs(Fraction(float(x)) - y) <= (V + 1) * Fraction(2) ** -53 * terms
        for x, y, terms in zip(result, exact, size, strict=True)
    )


@pytest.mark.parametrize("lengths", ["full", "all"])
@pytest.mark.parametrize(("V", "K"), [(1, 5), (2, 6), (3, 4), (5, 3), (27, 2)])
@pytest.mark.parametrize("name", STEPS)
def test_operators_agree_with_numpy_when_compiled(
    name: str, V: int, K: int, lengths: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The longest contexts take the compiled loop, the others are as they were."""
    space = StateSpace(vocab_size=V, context_length=K, lengths=lengths)
    table = np.concatenate([_table(V, length) for length in range(space.shortest, K + 1)])
    vector = _vector(space.n_states)
    expected = _numpy_step(name, table, vector, space.sizes)
    monkeypatch.setattr(operators, "_COMPILED_FROM", 0)
    result = getattr(operators, name)(table, vector, sizes=space.sizes)
    np.testing.assert_allclose(result, expected, rtol=0, atol=1e-14)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("name", STEPS)
def test_operators_take_arrays_of_any_layout(
    name: str, layout: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    """Table and vector are copied where the compiled loop needs it, and never changed."""
    table, vector = _table(3, 4), _vector(81)
    expected = _numpy_step(name, table, vector, (81,))
    monkeypatch.setattr(operators, "_COMPILED_FROM", 0)

    def laid_out(array: np.ndarray) -> np.ndarray:
        if layout == "columns first":
            return np.asfortranarray(array)
        if layout == "every second row":
            return np.repeat(array, 2, axis=0)[::2]
        if layout == "unaligned":
            return np.frombuffer(b"." + array.tobytes(), dtype=np.uint8)[1:].view(np.float64).reshape(array.shape)
        if layout == "big-endian":
            return array.astype(">f8")
        if layout == "memmap":
            file = np.memmap(tmp_path / f"{array.ndim}", dtype=np.float64, mode="w+", shape=array.shape)
            file[:] = array
            return file
        array = array.copy()
        array.flags.writeable = False
        return array

    result = getattr(operators, name)(laid_out(table), laid_out(vector), sizes=(81,))
    np.testing.assert_allclose(result, expected, rtol=0, atol=1e-14)


@pytest.mark.parametrize(("V", "K"), BLOCKS)
@pytest.mark.parametrize("name", STEPS)
def test_compiled_step_agrees_with_numpy_across_blocks(name: str, V: int, K: int) -> None:
    """Several blocks, the last of them shorter, for V compiled by itself and (V = 9) for any V."""
    table, vector = _table(V, K), _vector(V**K)
    np.testing.assert_allclose(
        STEPS[name](table, vector), _numpy_step(name, table, vector, (V**K,)), rtol=0, atol=1e-14
    )


@pytest.mark.parametrize(("V", "K"), [(2, 1), (2, 9), (3, 10), (27, 2)])
@pytest.mark.parametrize("name", STEPS)
def test_compiled_step_is_the_same_for_any_number_of_threads(
    name: str, V: int, K: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Bit for bit, also where pieces are single rows and there are fewer of them than threads."""
    monkeypatch.setattr(steps, "_PIECE", 1)
    table, vector = _table(V, K), _vector(V**K)
    one, two, three, five = (STEPS[name](table, vector, threads=number).tobytes() for number in (1, 2, 3, 5))
    assert one == two == three == five


@pytest.mark.parametrize("name", STEPS)
def test_compiled_step_writes_where_it_is_told(name: str) -> None:
    """Every entry of ``out``, and the array itself comes back."""
    table, vector = _table(3, 3), _vector(27)
    out = np.full(27, np.nan)
    assert STEPS[name](table, vector, out=out) is out
    np.testing.assert_array_equal(out, STEPS[name](table, vector))


@pytest.mark.parametrize("name", STEPS)
def test_compiled_step_leaves_its_arguments_writable(name: str) -> None:
    """The loop sees read-only views; the caller's arrays stay as they are."""
    table, vector = _table(2, 3), _vector(8)
    STEPS[name](table, vector)
    assert (table.flags.writeable, vector.flags.writeable) == (True, True)


@pytest.mark.parametrize(
    ("n", "V", "vector", "out"),
    [(8, 2, 7, 8), (8, 2, 8, 9), (7, 2, 7, 7)],
    ids=["short vector", "long result", "odd number of states"],
)
@pytest.mark.parametrize("name", STEPS)
def test_compiled_step_refuses_shapes_that_do_not_fit(name: str, n: int, V: int, vector: int, out: int) -> None:
    """A compiled loop would read or write outside the arrays."""
    with pytest.raises(ArgumentError, match=r"A table \(V\^K, V\) needs vectors \(V\^K,\): got "):
        STEPS[name](np.ones((n, V)), np.ones(vector), out=np.ones(out))


@pytest.mark.parametrize("name", STEPS)
def test_compiled_step_refuses_to_overwrite_its_input(name: str) -> None:
    """A state is read after others have been written."""
    vector = np.ones(8)
    with pytest.raises(ArgumentError, match="cannot be written over its input"):
        STEPS[name](_table(2, 3), vector, out=vector)


@pytest.mark.parametrize("tiny", [5e-324, 3e-320, 2.0**-1022])
@pytest.mark.parametrize("V", [2, 27])
@pytest.mark.parametrize("name", STEPS)
def test_compiled_step_keeps_numbers_near_zero(name: str, V: int, tiny: float) -> None:
    """Greedy rows of token 0 with weights below the normal range: sums of V of them, exact; nothing becomes 0."""
    table = np.zeros((V**2, V))
    table[:, 0] = 1
    result = STEPS[name](table, np.full(V**2, tiny))
    expected = [V * tiny if s % V == 0 else 0 for s in range(V**2)] if name == "push" else [tiny] * V**2
    np.testing.assert_array_equal(result, expected)


@pytest.mark.parametrize("name", STEPS)
def test_compiled_step_of_nothing_is_zero(name: str) -> None:
    """Zeros stay zeros, without a sign."""
    result = STEPS[name](_table(5, 2), np.zeros(25))
    assert result.tobytes() == np.zeros(25).tobytes()


@pytest.mark.parametrize("bad", [np.nan, np.inf], ids=["nan", "inf times zero"])
@pytest.mark.parametrize("V", [2, 5, 27])
@pytest.mark.parametrize("name", STEPS)
def test_compiled_step_passes_nan_on(name: str, V: int, bad: float) -> None:
    """One bad entry of the vector, rows of zeros: NaN where its state leads (push) or is reached from (pull)."""
    n, state = V**2, V + 1
    vector = np.ones(n)
    vector[state] = bad
    result = STEPS[name](np.zeros((n, V)), vector)
    hit = {(state * V + t) % n for t in range(V)} if name == "push" else set(range(state // V, n, V))
    assert set(np.flatnonzero(np.isnan(result)).tolist()) == hit


@pytest.mark.parametrize("V", [2, 5, 27])
@pytest.mark.parametrize("name", STEPS)
def test_compiled_step_passes_nan_of_the_table_on(name: str, V: int) -> None:
    """One bad probability spoils one entry: where it leads, or where it starts."""
    n, state, token = V**2, V + 1, V - 1
    table = np.zeros((n, V))
    table[state, token] = np.nan
    hit = (state * V + token) % n if name == "push" else state
    assert np.flatnonzero(np.isnan(STEPS[name](table, np.zeros(n)))).tolist() == [hit]
