"""Can the cache of a network be trusted, and how is it branched?

Trusted is what was seen: at its first use, a few tokens are computed with the cache and without. In transformers 5.23
the caches of some architectures are silently wrong, and others will be: a list of class names would not do.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, final

from markovgpt_transformers.forward import Forward

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["CacheUse", "branch", "cache_use", "memory_of", "new_cache", "same_logits"]

_N_PROBES = 4  # tokens


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class CacheUse:
    """What a network's cache is good for.

    Attributes
    ----------
    usable : bool
        One token at a time gives what the whole text gives, also on a branch, and when the rows change their places.
        RecurrentGemma keeps a part of its state outside the cache, where branches overwrite each other's.
    several : bool
        So do several tokens at a time behind a filled cache. Mamba and Jamba then forget their state.
    reason : str
        Why not, for the error; empty if all is well.
    """

    usable: bool
    several: bool
    reason: str = ""


def new_cache(network: Any) -> Any:
    """An empty cache of the kind that the network's layers need."""
    from transformers.cache_utils import DynamicCache

    return DynamicCache(config=network.config)


def branch(cache: Any, rows: Tensor) -> Any:
    """A cache whose row i continues row ``rows[i]`` of the given one, which stays as it is."""
    twin = copy.copy(cache)
    twin.layers = [_shallow_copy(layer) for layer in cache.layers]
    twin.reorder_cache(rows)  # index_select: new tensors
    return twin


def memory_of(cache: Any) -> int:
    """Bytes of all that a cache keeps: keys and values, or states."""
    kept = [value for layer in cache.layers for value in vars(layer).values()]
    kept += [inner for value in kept if isinstance(value, dict) for inner in value.values()]
    return sum(value.nbytes for value in kept if hasattr(value, "nbytes"))


def cache_use(forward: Forward, *, vocab_size: int, positions: int | None) -> CacheUse:
    """Try the cache on two rows of up to four tokens."""
    import torch

    if forward.cache_argument is None:
        return CacheUse(usable=False, several=False, reason="its forward pass takes no cache")
    n = min(_N_PROBES, positions or _N_PROBES)
    tokens = torch.arange(2 * n, device=forward.network.device).reshape(2, n) % vocab_size  # (2, n)
    whole = forward(tokens)  # (2, n, V)
    try:
        by_one = _in_pieces(forward, tokens, size=1)
        same = same_logits(forward.network, by_one, whole)
        by_two = _in_pieces(forward, tokens, size=2) if same else by_one
    except Exception as error:  # any failure in code that is not ours means the same: do not use it
        return CacheUse(usable=False, several=False, reason=f"its cache fails: {type(error).__name__}: {error}")
    if not same:
        gap = float((by_one - whole).abs().max())
        return CacheUse(usable=False, several=False, reason=f"with its cache, logits are off by {gap:.2g}")
    return CacheUse(usable=True, several=same_logits(forward.network, by_two, whole))


def same_logits(network: Any, got: Tensor, expected: Tensor) -> bool:
    """Whether two computations of the same logits agree: ``max |got - expected| <= tolerance * spread``.

    The spread is the largest standard deviation of a row of ``expected``; the tolerance is 1e-3, or 0.1 for networks
    that compute in 16 bits.
    """
    import torch

    tolerance = 0.1 if network.dtype in (torch.bfloat16, torch.float16) else 1e-3
    spread = expected.std(dim=-1, correction=0).max()
    return bool((got - expected).abs().max() <= tolerance * spread)


def _in_pieces(forward: Forward, tokens: Tensor, *, size: int) -> Tensor:
    """Logits with the cache, ``(2, n, V)``: of row 0 as it is, of row 1 from a branch in the middle of the text."""
    import torch

    pieces = torch.split(tokens, size, dim=1)
    half = (len(pieces) + 1) // 2
    cache = new_cache(forward.network)
    begun = [forward(piece, cache=cache) for piece in pieces[:half]]
    swapped = branch(cache, torch.tensor([1, 0], device=tokens.device))
    plain = [forward(piece, cache=cache) for piece in pieces[half:]]
    turned = [forward(piece.flip(0), cache=swapped) for piece in pieces[half:]]
    rows = [
        torch.cat([part[0] for part in begun + plain]),
        torch.cat([*(b[1] for b in begun), *(t[0] for t in turned)]),
    ]
    return torch.stack(rows)


def _shallow_copy(layer: Any) -> Any:
    twin = copy.copy(layer)
    for name, value in vars(layer).items():
        if isinstance(value, dict):  # recurrent layers keep their states in dictionaries
            setattr(twin, name, dict(value))
    return twin
