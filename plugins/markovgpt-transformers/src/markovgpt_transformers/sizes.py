"""How many tokens does a network know, how many positions has it, and how far back does it look?"""

from __future__ import annotations

from typing import Any

from markovgpt import ArgumentError

__all__ = ["choose_context_length", "positions_of", "receptive_field", "vocab_size_of"]

_POSITIONS = ("max_position_embeddings", "n_positions", "max_seq_len", "n_ctx", "context_length")


def vocab_size_of(config: Any) -> int | None:
    """V as the configuration says; None where it does not. The logits decide, see ``from_transformers``."""
    size = getattr(config.get_text_config(decoder=True), "vocab_size", None)
    return size if isinstance(size, int) else None


def positions_of(config: Any) -> int | None:
    """The longest text that a network was made for; None where nothing limits it (Mamba, ALiBi)."""
    text = config.get_text_config(decoder=True)
    sizes = [getattr(text, name, None) for name in _POSITIONS]
    return next((size for size in sizes if isinstance(size, int) and size > 0), None)


def choose_context_length(context_length: int | None, *, positions: int | None, n_prefix: int, name: str) -> int:
    """K: what was asked for, or all that the positions allow behind a prefix of ``n_prefix`` tokens.

    Raises
    ------
    ArgumentError
        K is not in 1 .. positions - n_prefix, or is not given for a network without a limit.
    """
    if context_length is None:
        if positions is None:
            raise ArgumentError(
                f"{name} has no largest number of positions: choose how far back it may look, "
                "for example context_length=3 (-M context_length=3)."
            )
        context_length = positions - n_prefix
    room = None if positions is None else positions - n_prefix
    if context_length < 1 or (room is not None and context_length > room):
        limit = "" if room is None else f" and at most {room}"
        taken = f", of which the start and the prompt take {n_prefix}" if n_prefix else ""
        has = "" if positions is None else f": {name} has {positions} positions{taken}"
        raise ArgumentError(
            f"context_length must be at least 1{limit}{has}. Got {context_length}.",
            context_length=context_length,
            positions=positions,
            n_prefix=n_prefix,
        )
    return context_length


def receptive_field(network_or_config: Any) -> int | None:
    """How many of the last tokens the next-token law depends on, when the network is given a whole text.

    Parameters
    ----------
    network_or_config : object
        A model or a configuration of transformers.

    Returns
    -------
    int, or None
        ``1 + sum over layers of (window - 1)`` when every layer attends to a sliding window: each layer looks
        ``window - 1`` tokens further back than the one below it, so 4 layers of window 3 look at 9 tokens, not 3.
        None when some layer sees the whole text or keeps a state, or when this is not known.

    Examples
    --------
    >>> from transformers import MistralConfig
    >>> receptive_field(MistralConfig(num_hidden_layers=4, sliding_window=3))
    9
    >>> receptive_field(MistralConfig(num_hidden_layers=4, sliding_window=None)) is None
    True
    """
    from transformers.cache_utils import DynamicCache, DynamicSlidingWindowLayer

    config = getattr(network_or_config, "config", network_or_config).get_text_config(decoder=True)
    if "chunked_attention" in (getattr(config, "layer_types", None) or ()):
        return None  # blocks at fixed places, no window that slides
    layers = DynamicCache(config=config).layers
    if not layers or any(type(layer) is not DynamicSlidingWindowLayer for layer in layers):
        return None
    return 1 + sum(int(layer.sliding_window) - 1 for layer in layers)
