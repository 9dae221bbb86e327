"""How is a network of the transformers library asked for logits?"""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, final

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["Forward"]

_CACHE_ARGUMENTS = ("past_key_values", "cache_params")  # attention, and Mamba


@final
@dataclass(frozen=True, eq=False)
class Forward:
    """Calls a network: no gradients, no hidden cache, positions counted from the left.

    No attention mask is given, so nothing is masked, the padding token neither. A mask of ones should say the same, but
    behind a filled cache Mamba of transformers 5.23 multiplies its one new token by all of it.
    """

    network: Any

    @cached_property
    def accepts(self) -> frozenset[str]:
        """Names of the arguments that the network declares."""
        return frozenset(inspect.signature(self.network.forward).parameters)

    @cached_property
    def cache_argument(self) -> str | None:
        """The argument that takes a cache; None where the network has none."""
        return next((name for name in _CACHE_ARGUMENTS if name in self.accepts), None)

    @cached_property
    def n_parameters(self) -> int:
        """Number of trainable numbers; tied ones count once."""
        return sum(parameter.numel() for parameter in self.network.parameters())

    def __call__(self, tokens: Tensor, *, last_only: bool = False, cache: Any = None) -> Tensor:
        """Logits: ``(batch, length) int64 -> (batch, length, V)`` float32 or float64; one position if ``last_only``.

        ``cache`` holds what stands before, and takes up these tokens.
        """
        import torch
        from markovgpt import suitable_settings

        arguments: dict[str, Any] = {
            "use_cache": cache is not None,
            "logits_to_keep": 1 if last_only else 0,  # 0 is transformers' word for all
        }
        arguments = {name: value for name, value in arguments.items() if name in self.accepts}
        if cache is not None and self.cache_argument is not None:
            arguments[self.cache_argument] = cache
        with torch.no_grad(), suitable_settings(self.n_parameters):
            logits: Tensor = self.network(input_ids=tokens, **arguments).logits  # (batch, length or 1, V)
        if last_only:
            logits = logits[:, -1:]
        return logits if logits.dtype == torch.float64 else logits.float()
