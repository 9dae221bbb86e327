"""What is a vector of float32 to numba? Sixteen lanes where an instruction works on as many, otherwise eight.

Numba leaves it to its optimiser whether a loop becomes vector instructions, and asks before each loop whether its
arrays overlap. Here vectors are written as such: ``load`` and ``store`` neighbours in a flat array, compute in between.
Indices are not checked. A NaN that arithmetic made stays one through every operation.

Numba compiles a loop anew when the file of the loop has changed, not when this one has. So the file of the loops that
call these, :mod:`markovgpt.kernels.trie_steps`, names the content of this one, and a test asks whether it is still so.
"""

from __future__ import annotations

import operator
import os
from collections.abc import Callable
from inspect import Parameter, Signature
from typing import Any

from llvmlite import ir
from llvmlite.binding import get_host_cpu_features
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic, lower_builtin, models, register_model, type_callable

from markovgpt.kernels.compiled import compiled

__all__ = [
    "WIDTH",
    "broadcast",
    "exp2",
    "fma",
    "gelu",
    "gelu_tanh",
    "larger",
    "lesser",
    "load",
    "root",
    "splat",
    "store",
]

_COMPILES_FOR_HOST = os.environ.get("NUMBA_CPU_NAME") in (None, "host")
WIDTH = 16 if _COMPILES_FOR_HOST and get_host_cpu_features().get("avx512f") else 8

_FLOAT = ir.FloatType()
_VECTOR = ir.VectorType(_FLOAT, WIDTH)
_BITS = ir.VectorType(ir.IntType(32), WIDTH)

Emit = Callable[..., Any]
"""``(builder, *values)`` to the value of the instructions that it adds."""


class _Lanes(types.Type):
    def __init__(self) -> None:
        super().__init__(name=f"Lanes({WIDTH})")


_LANES = _Lanes()


@register_model(_Lanes)
class _LanesModel(models.PrimitiveModel):
    def __init__(self, manager: Any, kind: Any) -> None:
        super().__init__(manager, kind, _VECTOR)  # type: ignore[no-untyped-call]  # numba's is not annotated


def _operation(*arguments: Any) -> Callable[[Emit], Callable[..., Any]]:
    """A function of lanes, or of what else it is said to take, out of what emits its instructions."""

    def make(emit: Emit) -> Callable[..., Any]:
        def define(_context: Any, *_: Any) -> Any:
            def generate(_context: Any, builder: Any, _signature: Any, values: Any) -> Any:
                return emit(builder, *values)

            return _LANES(*arguments), generate

        return _made(define, len(arguments))

    return make


def _access(result: Any, *others: Any) -> Callable[[Emit], Callable[..., Any]]:
    """A function of a flat array, an index, and others, out of what emits its instructions for a pointer and others."""

    def make(emit: Emit) -> Callable[..., Any]:
        def define(_context: Any, array: Any, *_: Any) -> Any:
            def generate(context: Any, builder: Any, _signature: Any, values: Any) -> Any:
                data = context.make_array(array)(context, builder, values[0]).data
                value = emit(builder, builder.gep(data, [values[1]]), *values[2:])
                return context.get_dummy_value() if result is types.void else value

            return result(array, types.intp, *others), generate

        return _made(define, 2 + len(others))

    return make


def _made(define: Any, n_arguments: int) -> Callable[..., Any]:
    """Numba wants to see each argument."""
    names = ["context", *(f"argument_{i}" for i in range(n_arguments))]
    define.__signature__ = Signature([Parameter(name, Parameter.POSITIONAL_OR_KEYWORD) for name in names])
    function: Callable[..., Any] = intrinsic(define)
    return function


@_access(_LANES)
def load(builder: Any, place: Any) -> Any:
    """Neighbours in a flat array, from an index on."""
    return builder.load(builder.bitcast(place, _VECTOR.as_pointer()), align=4)


@_access(types.void, _LANES)
def store(builder: Any, place: Any, lanes: Any) -> Any:
    """Write neighbours in a flat array, from an index on."""
    return builder.store(lanes, builder.bitcast(place, _VECTOR.as_pointer()), align=4)


@_access(_LANES)
def broadcast(builder: Any, place: Any) -> Any:
    """One number of a flat array in every lane."""
    return _spread(builder, builder.load(place))


@_operation(types.float64)
def splat(builder: Any, number: Any) -> Any:
    """A number in every lane."""
    return _spread(builder, builder.fptrunc(number, _FLOAT))


def _spread(builder: Any, scalar: Any) -> Any:
    nothing = ir.Constant(_VECTOR, ir.Undefined)
    first = builder.insert_element(nothing, scalar, ir.Constant(ir.IntType(32), 0))
    return builder.shuffle_vector(first, nothing, ir.Constant(_BITS, [0] * WIDTH))


@_operation(_LANES, _LANES, _LANES)
def fma(builder: Any, a: Any, b: Any, c: Any) -> Any:
    """``a * b + c``, rounded once where the processor can."""
    return builder.call(_function(builder, "fmuladd", 3), [a, b, c])


@_operation(_LANES)
def root(builder: Any, a: Any) -> Any:
    """Square root."""
    return builder.call(_function(builder, "sqrt", 1), [a])


def _function(builder: Any, name: str, arity: int) -> Any:
    kind = ir.FunctionType(_VECTOR, [_VECTOR] * arity)
    name = f"llvm.{name}.v{WIDTH}f32"
    return cgutils.get_or_insert_function(builder.module, kind, name)  # type: ignore[no-untyped-call]  # as above


@_operation(_LANES, _LANES)
def larger(builder: Any, a: Any, b: Any) -> Any:
    """``b`` where it is larger than a, else a, also where that is NaN."""
    return builder.select(builder.fcmp_ordered(">", b, a), b, a)


@_operation(_LANES, _LANES)
def lesser(builder: Any, a: Any, b: Any) -> Any:
    """``b`` where it is less than a, else a, also where that is NaN."""
    return builder.select(builder.fcmp_ordered("<", b, a), b, a)


@_operation(_LANES, _LANES)
def _times_power(builder: Any, y: Any, shifted: Any) -> Any:
    """``y * 2**n``, from ``n + 1.5 * 2**23``, whose last bits are those of n: they are added to the exponent."""
    bits, last = builder.bitcast(y, _BITS), builder.bitcast(shifted, _BITS)
    scaled = builder.add(bits, builder.shl(last, ir.Constant(_BITS, [23] * WIDTH)))
    return builder.bitcast(scaled, _VECTOR)


def _operator(symbol: Any, instruction: str) -> None:
    """Let an operator of Python work on lanes."""

    def choose(_context: Any) -> Any:
        return lambda a, b: _LANES if a is _LANES and b is _LANES else None

    def generate(_context: Any, builder: Any, _signature: Any, values: Any) -> Any:
        return getattr(builder, instruction)(*values)

    type_callable(symbol)(choose)
    lower_builtin(symbol, _LANES, _LANES)(generate)  # type: ignore[no-untyped-call]  # as above


_operator(operator.add, "fadd")
_operator(operator.sub, "fsub")
_operator(operator.mul, "fmul")
_operator(operator.truediv, "fdiv")


@compiled
def exp2(x: Any) -> Any:
    """``2**x`` for x up to 127, relative error 2.5e-7; below -126 it is 2**-126."""
    x = larger(x, splat(-126.0))
    shifted = x + splat(12582912.0)
    r = x - (shifted - splat(12582912.0))  # -1/2 to 1/2
    y = fma(splat(0.0013400432165740805), r, splat(0.009676037097885356))
    y = fma(y, r, splat(0.05550327214208133))
    y = fma(y, r, splat(0.24022107355830055))
    y = fma(y, r, splat(0.6931472067106205))
    y = fma(y, r, splat(1.0000000754953495))
    return _times_power(y, shifted)


@compiled
def gelu(x: Any) -> Any:
    """``x`` times the probability that a standard normal is below x; error 1e-6 at most, exactly 0 below -5.375."""
    z = lesser(larger(x, splat(-5.374011516571045)), splat(5.374011516571045))
    u = fma(z * z, splat(0.06925207756232687), splat(-1.0))
    y = fma(splat(0.00036628756333632987), u, splat(-0.0009621051480071143))
    y = fma(y, u, splat(0.0008265178641917919))
    y = fma(y, u, splat(-0.0011415036238291894))
    y = fma(y, u, splat(0.0035234460820438287))
    y = fma(y, u, splat(-0.006508063817064077))
    y = fma(y, u, splat(0.009438794077397845))
    y = fma(y, u, splat(-0.013754309741287348))
    y = fma(y, u, splat(0.019463301575274056))
    y = fma(y, u, splat(-0.02564110913362904))
    y = fma(y, u, splat(0.032114806171682816))
    y = fma(y, u, splat(-0.03930975171404004))
    y = fma(y, u, splat(0.048698226778257914))
    y = fma(y, u, splat(-0.06563408748560104))
    y = fma(y, u, splat(0.13155991939941464))
    return x * larger(fma(y, z, splat(0.5)), splat(0.0))


@compiled
def gelu_tanh(x: Any) -> Any:
    """``x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x**3))) / 2``."""
    u = x * fma(x * x, splat(-0.10294324), splat(-2.3022082))  # -2 sqrt(2 / pi) log2(e) times the bracket
    return x / (splat(1.0) + exp2(lesser(u, splat(126.0))))
