"""Which network is this? A hash of its weights and of what else its law depends on."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["fingerprint_of"]

_VOLATILE = ("_name_or_path", "architectures", "dtype", "quantization_config", "transformers_version", "use_cache")


def fingerprint_of(network: Any, use: dict[str, Any]) -> str:
    """SHA-256 of a network's weights, of the settings that differ from its architecture's defaults, and of its use."""
    import torch

    settings = network.config.to_diff_dict()
    law = {
        "class": type(network).__name__,
        "config": {name: value for name, value in settings.items() if name not in _VOLATILE},
        **use,
    }
    digest = hashlib.sha256(json.dumps(law, sort_keys=True, default=str).encode())
    for name, tensor in sorted(_numbers(network), key=lambda pair: pair[0]):
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
        digest.update(tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy().data)
    return digest.hexdigest()


def _numbers(network: Any) -> Iterable[tuple[str, Tensor]]:
    yield from network.named_parameters()
    yield from network.named_buffers()
