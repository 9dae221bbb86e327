"""How far apart are two next-token distributions? Row by row of two tables."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["entropy", "jensen_shannon", "kl_divergence", "total_variation"]

Vector = NDArray[np.float64]


def total_variation(p: Vector, q: Vector) -> Vector:
    """Half the L1 distance, 0 to 1: the most by which two laws differ on any set of tokens. ``(m, V) -> (m,)``.

    >>> total_variation(np.array([[1.0, 0.0], [0.5, 0.5]]), np.array([[0.0, 1.0], [0.5, 0.5]]))
    array([1., 0.])
    """
    distance: Vector = np.minimum(abs(p - q).sum(axis=1) / 2, 1.0)
    return distance


def kl_divergence(p: Vector, q: Vector) -> Vector:
    """``KL(p || q)`` in bits, ``(m, V) -> (m,)``; infinite where q excludes a token that p has.

    Source: Cover & Thomas, Elements of Information Theory, 2nd ed., section 2.3.

    >>> kl_divergence(np.array([[1.0, 0.0], [0.5, 0.5]]), np.array([[0.25, 0.75], [1.0, 0.0]]))
    array([ 2., inf])
    """
    own, other = np.zeros_like(p), np.zeros_like(p)  # where p is 0, a summand is 0
    np.log2(p, out=own, where=p > 0)
    with np.errstate(divide="ignore"):
        np.log2(q, out=other, where=p > 0)
    divergence: Vector = np.maximum((p * (own - other)).sum(axis=1), 0.0)  # never below 0 but by rounding
    return divergence


def jensen_shannon(p: Vector, q: Vector) -> Vector:
    """Jensen-Shannon divergence in bits, 0 to 1: mean KL divergence from both to their middle. ``(m, V) -> (m,)``.

    Source: Lin, Divergence measures based on the Shannon entropy, IEEE Trans. Inf. Theory 37 (1991).

    >>> jensen_shannon(np.array([[1.0, 0.0], [0.5, 0.5]]), np.array([[0.0, 1.0], [0.5, 0.5]]))
    array([1., 0.])
    """
    middle = (p + q) / 2
    divergence: Vector = np.minimum((kl_divergence(p, middle) + kl_divergence(q, middle)) / 2, 1.0)
    return divergence


def entropy(p: Vector) -> Vector:
    """Shannon entropy in bits, ``(m, V) -> (m,)``.

    >>> entropy(np.array([[1.0, 0.0], [0.5, 0.5]]))
    array([0., 1.])
    """
    logs = np.zeros_like(p)
    np.log2(p, out=logs, where=p > 0)
    bits: Vector = np.maximum(-(p * logs).sum(axis=1), 0.0)
    return bits
