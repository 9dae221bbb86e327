"""Was a network left in training mode, so that dropout is on while it generates?"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

__all__ = ["said_of_mode"]

_INSIDE = ("module", "model", "network", "net")  # where models keep the network that they wrap


def said_of_mode(model: object) -> str:
    """That a torch module, or one that a model keeps, is in training mode and drops something; empty if not.

    >>> import torch
    >>> said_of_mode(torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.Dropout(0.1)))
    'the network is in training mode and drops a share of 0.1 (in Dropout): call eval() before it generates'
    >>> said_of_mode(torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.Dropout(0.1)).eval())
    ''
    """
    torch: Any = sys.modules.get("torch")
    if torch is None:
        return ""
    for thing in (model, *(getattr(model, name, None) for name in _INSIDE)):
        if isinstance(thing, torch.nn.Module):
            for kind, share in _dropped(thing):
                return (
                    f"the network is in training mode and drops a share of {share:g} (in {kind}): call eval() before "
                    "it generates"
                )
    return ""


def _dropped(module: Any) -> Iterator[tuple[str, float]]:
    """Layers of a module that drop something now, and which share."""
    for layer in module.modules():
        name = type(layer).__name__
        share = getattr(layer, "p", None) if "Dropout" in name else getattr(layer, "dropout", None)
        if layer.training and isinstance(share, int | float) and share > 0:
            yield name, float(share)
