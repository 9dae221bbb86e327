"""How does ``generate`` of transformers draw from the law that was asked for, and from no other?"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
from markovgpt import ArgumentError, Decoding
from numpy.typing import NDArray

from markovgpt_transformers.quiet import quiet

if TYPE_CHECKING:
    from torch import Tensor

    from markovgpt_transformers.model import TransformersModel

__all__ = ["generate"]


def generate(
    model: TransformersModel,
    prompts: NDArray[np.int64],
    n: int,
    *,
    seed: int,
    temperature: float,
    top_k: int | None,
    top_p: float | None,
    window: bool,
) -> NDArray[np.int64]:
    """See :meth:`markovgpt_transformers.TransformersModel.generate`."""
    import torch

    if temperature != 0:  # 0 is greedy decoding
        Decoding(temperature=temperature, top_k=top_k, top_p=top_p)  # raises where a value is impossible
    tokens = model.checked(prompts)  # (batch, length)
    if n < 0:
        raise ArgumentError(f"The number of tokens to draw must be at least 0: got {n}.", n=n)
    longest = len(model.prefix) + tokens.shape[1] + n - 1  # the last token drawn is not read
    if not window and model.positions is not None and longest > model.positions:
        raise ArgumentError(
            f"{model.name} has {model.positions} positions: {longest} tokens in view, the prompt included, do not fit. "
            "Draw fewer, or leave window=True.",
            positions=model.positions,
        )
    devices = [tokens.device] if tokens.device.type == "cuda" else []
    with torch.random.fork_rng(devices=devices), _without_own_settings(model.pretrained), quiet():
        torch.manual_seed(seed)
        done = 0
        while done < n:
            view = tokens[:, -model.context_length :] if window else tokens  # (batch, at most K)
            # a view of l tokens may grow to K before the oldest must be dropped
            m = min(n - done, model.context_length - view.shape[1] + 1) if window else n
            new = _draw(model, view, m, temperature=temperature, top_k=top_k, top_p=top_p)
            tokens = torch.cat([tokens, new], dim=1)
            done += m
    drawn: NDArray[np.int64] = tokens.cpu().numpy()
    return drawn


def _draw(
    model: TransformersModel, view: Tensor, n: int, *, temperature: float, top_k: int | None, top_p: float | None
) -> Tensor:
    """``n`` new tokens a row, ``(batch, n)``, with everything before them in view."""
    import torch
    from markovgpt import suitable_settings
    from transformers import GenerationConfig

    prefix = torch.tensor(model.prefix, dtype=torch.int64, device=view.device).expand(len(view), -1)  # (batch, p)
    whole = torch.cat([prefix, view], dim=1)
    greedy = temperature == 0
    # top_k=0 is "off"; left out, it would be 50
    rule = {} if greedy else {"temperature": float(temperature), "top_k": top_k or 0, "top_p": top_p or 1.0}
    settings = GenerationConfig(
        do_sample=not greedy, num_beams=1, max_new_tokens=n, use_cache=model.cache_use.usable, **rule
    )
    with suitable_settings(model.n_parameters):
        text: Tensor = model.pretrained.generate(whole, generation_config=settings)
    return text[:, whole.shape[1] :]


@contextlib.contextmanager
def _without_own_settings(network: Any) -> Iterator[None]:
    """Hide the checkpoint's generation settings, which fill in whatever a call leaves open; put them back after.

    Among them may be temperature, top-k, penalties, suppressed tokens, the tokens that end a text, and the padding
    token, which ``generate`` masks out of a prompt.
    """
    from transformers import GenerationConfig

    own = network.generation_config
    network.generation_config = GenerationConfig()
    try:
        yield
    finally:
        network.generation_config = own
