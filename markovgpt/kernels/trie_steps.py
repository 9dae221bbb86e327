"""How is a token added to many contexts at once? The compiled part of the walk of all contexts of a GPT.

All arrays are flat float32. Activations are (features, L): one feature of all L contexts lies together, and vectors are
of contexts, of which there are whole pairs. Matrices are as :mod:`markovgpt.kernels.trie_network` lays them out.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from markovgpt.kernels.compiled import compiled
from markovgpt.kernels.trie_lanes import (
    WIDTH,
    broadcast,
    exp2,
    fma,
    gelu,
    gelu_tanh,
    larger,
    load,
    root,
    splat,
    store,
)
from markovgpt.kernels.trie_network import GROUP, Network, Room

__all__ = ["walk"]

Floats: TypeAlias = NDArray[np.float32]

_WRITTEN_FOR = "eb7701207245"  # SHA-256 of trie_lanes.py and trie_network.py: what is compiled of them is kept by this


@compiled
def _padded(n: int, step: int) -> int:
    """The next multiple of a step."""
    return (n + step - 1) // step * step


@compiled
def walk(net: Network, K: int, beginnings: Any, n: int, shortest: int, out: Any, starts: Any, room: Room) -> None:
    """Logits of all contexts that begin with one of n beginnings, up to length K, each prefix computed once.

    ``beginnings`` is (first, L), of which n count. The logits of length ``l >= shortest`` are written to
    ``out[starts[l - shortest]:]``, (n, V^(l - first), V).
    """
    first, L = beginnings.shape
    V = net.V
    for t in range(first):
        _embed(net, beginnings[t], t, room.x, L)
        _blocks(net, t, t + 1 == first and first >= shortest, L, room)
    if first >= shortest:
        _write(room.h, out, starts[first - shortest], n, 1, 0, V, L)
    depth = K - first
    for end in range(V**depth if depth else 0):
        level, number = depth, end  # the level at which this continuation parts from the one before
        while level > 1 and number % V == 0:
            level, number = level - 1, number // V
        for t in range(first + level - 1, K):
            number = end // V ** (K - 1 - t)
            wanted = t + 1 >= shortest
            _embed_same(net, number % V, t, room.x, L)
            _blocks(net, t, wanted, L, room)
            if wanted:
                _write(room.h, out, starts[t + 1 - shortest], n, V ** (t + 1 - first), number, V, L)


@compiled
def _embed(net: Network, tokens: Any, t: int, x: Floats, L: int) -> None:
    """The features of tokens ``(L,)`` in position t."""
    for c in range(net.C):
        position = net.wpe[t * net.C + c]
        for j in range(L):
            x[c * L + j] = net.wte[tokens[j] * net.C + c] + position


@compiled
def _embed_same(net: Network, token: int, t: int, x: Floats, L: int) -> None:
    """The features of one token in position t, for all contexts."""
    for c in range(net.C):
        feature = broadcast(net.wte, token * net.C + c) + broadcast(net.wpe, t * net.C + c)
        for j in range(0, L, WIDTH):
            store(x, c * L + j, feature)


@compiled
def _write(h: Floats, out: Any, at: int, n: int, count: int, number: int, V: int, L: int) -> None:
    """The logits of continuation ``number`` of ``count`` of each context."""
    for j in range(n):
        for v in range(V):
            out[at + (j * count + number) * V + v] = h[v * L + j]


@compiled
def _blocks(net: Network, t: int, wanted: bool, L: int, room: Room) -> None:
    """Position t through all blocks; where wanted, the logits to h."""
    _, x, z, kvq, h, _ = room
    C, D, M, A, Q = net.C, net.C // net.H, net.M, _padded(3 * net.C, GROUP), _padded(net.C, GROUP)
    for layer in range(net.n_layer):
        last = layer + 1 == net.n_layer and not wanted  # longer contexts need its keys and values only
        _normalise(x, z, C, L, net.epsilon)
        rows = _padded(2 * C, GROUP) if last else A
        _product(net.attend[layer * A * C :], net.attend_bias[layer * A :], z, kvq, rows, C, L, False)
        at = layer * net.K * net.H * (D + _padded(D, GROUP)) * L
        _keep(kvq, room.past, at, t, net.K, C, net.H, L)
        if last:
            return
        _attend(room, at, t, net.K, C, net.H, L)
        _product(net.mix[layer * Q * C :], net.mix_bias[layer * Q :], z, x, Q, C, L, True)
        _normalise(x, z, C, L, net.epsilon)
        _product(net.rise[layer * M * C :], net.rise_bias[layer * M :], z, h, M, C, L, False)
        _activate(h, M * L, net.tanh)
        _product(net.fall[layer * Q * M :], net.fall_bias[layer * Q :], h, x, Q, M, L, True)
    if wanted:
        _normalise(x, z, C, L, net.epsilon)
        _product(net.head, net.head_bias, z, h, _padded(net.V, GROUP), C, L, False)


@compiled
def _product(W: Floats, b: Floats, x: Floats, y: Floats, rows: int, columns: int, L: int, more: bool) -> None:
    """``y = W x + b``, or ``y += W x + b``.

    Four rows and two vectors at a time: eight sums that wait for each other as little as two units for products need,
    and that fit into sixteen registers with what they are made of.
    """
    for r in range(0, rows, GROUP):
        for j in range(0, L, 2 * WIDTH):
            u0, u1, u2, u3 = broadcast(b, r), broadcast(b, r + 1), broadcast(b, r + 2), broadcast(b, r + 3)
            v0, v1, v2, v3 = u0, u1, u2, u3
            at = r * columns
            for i in range(columns):
                left, right = load(x, i * L + j), load(x, i * L + j + WIDTH)
                factor = broadcast(W, at)
                u0, v0 = fma(factor, left, u0), fma(factor, right, v0)
                factor = broadcast(W, at + 1)
                u1, v1 = fma(factor, left, u1), fma(factor, right, v1)
                factor = broadcast(W, at + 2)
                u2, v2 = fma(factor, left, u2), fma(factor, right, v2)
                factor = broadcast(W, at + 3)
                u3, v3 = fma(factor, left, u3), fma(factor, right, v3)
                at += GROUP
            o = r * L + j
            if more:
                u0, v0 = u0 + load(y, o), v0 + load(y, o + WIDTH)
                u1, v1 = u1 + load(y, o + L), v1 + load(y, o + L + WIDTH)
                u2, v2 = u2 + load(y, o + 2 * L), v2 + load(y, o + 2 * L + WIDTH)
                u3, v3 = u3 + load(y, o + 3 * L), v3 + load(y, o + 3 * L + WIDTH)
            store(y, o, u0)
            store(y, o + WIDTH, v0)
            store(y, o + L, u1)
            store(y, o + L + WIDTH, v1)
            store(y, o + 2 * L, u2)
            store(y, o + 2 * L + WIDTH, v2)
            store(y, o + 3 * L, u3)
            store(y, o + 3 * L + WIDTH, v3)


@compiled
def _normalise(x: Floats, z: Floats, C: int, L: int, epsilon: float) -> None:
    """Mean 0 and variance 1 for the features of each context; scale and shift are in the matrix that follows."""
    share = splat(1.0 / C)
    for j in range(0, L, WIDTH):
        total = splat(0.0)
        for c in range(C):
            total = total + load(x, c * L + j)
        mean = total * share
        total = splat(0.0)
        for c in range(C):
            difference = load(x, c * L + j) - mean
            total = fma(difference, difference, total)
        scale = splat(1.0) / root(fma(total, share, splat(epsilon)))
        for c in range(C):
            store(z, c * L + j, (load(x, c * L + j) - mean) * scale)


@compiled
def _activate(h: Floats, n: int, tanh: bool) -> None:
    if tanh:
        for i in range(0, n, WIDTH):
            store(h, i, gelu_tanh(load(h, i)))
    else:
        for i in range(0, n, WIDTH):
            store(h, i, gelu(load(h, i)))


@compiled
def _keep(kvq: Floats, past: Floats, at: int, t: int, K: int, C: int, H: int, L: int) -> None:
    """Put keys and values of position t where those of one head and one vector of contexts lie together.

    So they are read from one end to the other; rows of L contexts would be pages apart, and collide in the cache.
    """
    D = C // H
    size = (D + _padded(D, GROUP)) * WIDTH
    for h in range(H):
        for j in range(0, L, WIDTH):
            to = at + t * size
            for c in range(D):
                store(past, to + c * WIDTH, load(kvq, (h * D + c) * L + j))
                store(past, to + (D + c) * WIDTH, load(kvq, (C + h * D + c) * L + j))
            at += K * size


@compiled
def _attend(room: Room, at: int, t: int, K: int, C: int, H: int, L: int) -> None:
    """Every head's weighted mean of the values of positions 0..t, to z."""
    past, p = room.past, room.p
    D = C // H
    size = (D + _padded(D, GROUP)) * WIDTH
    for h in range(H):
        for j in range(0, L, WIDTH):
            top = _score(room.kvq, (2 * C + h * D) * L + j, L, past, at, size, t + 1, D, p)
            total = splat(0.0)
            share = total
            for c in range(0, D, GROUP):  # four features at a time; the weights are computed with the first
                v0, v1, v2, v3 = splat(0.0), splat(0.0), splat(0.0), splat(0.0)
                v = at + (D + c) * WIDTH
                if c == 0:
                    for s in range(t + 1):
                        weight = exp2(load(p, s * WIDTH) - top)
                        store(p, s * WIDTH, weight)
                        total = total + weight
                        v0 = fma(weight, load(past, v), v0)
                        v1 = fma(weight, load(past, v + WIDTH), v1)
                        v2 = fma(weight, load(past, v + 2 * WIDTH), v2)
                        v3 = fma(weight, load(past, v + 3 * WIDTH), v3)
                        v += size
                    share = splat(1.0) / total
                else:
                    for s in range(t + 1):
                        weight = load(p, s * WIDTH)
                        v0 = fma(weight, load(past, v), v0)
                        v1 = fma(weight, load(past, v + WIDTH), v1)
                        v2 = fma(weight, load(past, v + 2 * WIDTH), v2)
                        v3 = fma(weight, load(past, v + 3 * WIDTH), v3)
                        v += size
                y = (h * D + c) * L + j
                store(room.z, y, v0 * share)
                if c + 1 < D:
                    store(room.z, y + L, v1 * share)
                if c + 2 < D:
                    store(room.z, y + 2 * L, v2 * share)
                if c + 3 < D:
                    store(room.z, y + 3 * L, v3 * share)
            at += K * size


@compiled
def _score(kvq: Floats, q: int, L: int, past: Floats, at: int, size: int, n: int, D: int, p: Floats) -> Any:
    """The scores of n positions for a query, to p, and the largest; the scale of attention is in the query."""
    top = splat(-3e38)
    k = at
    whole = n - n % GROUP
    for s in range(0, whole * WIDTH, GROUP * WIDTH):  # four positions at a time
        s0, s1, s2, s3 = splat(0.0), splat(0.0), splat(0.0), splat(0.0)
        for c in range(D):
            asked = load(kvq, q + c * L)
            s0 = fma(asked, load(past, k + c * WIDTH), s0)
            s1 = fma(asked, load(past, k + size + c * WIDTH), s1)
            s2 = fma(asked, load(past, k + 2 * size + c * WIDTH), s2)
            s3 = fma(asked, load(past, k + 3 * size + c * WIDTH), s3)
        top = larger(top, larger(larger(s0, s1), larger(s2, s3)))
        store(p, s, s0)
        store(p, s + WIDTH, s1)
        store(p, s + 2 * WIDTH, s2)
        store(p, s + 3 * WIDTH, s3)
        k += GROUP * size
    for s in range(whole, n):
        s0 = splat(0.0)
        for c in range(D):
            s0 = fma(load(kvq, q + c * L), load(past, k + c * WIDTH), s0)
        top = larger(top, s0)
        store(p, s * WIDTH, s0)
        k += size
    return top
