"""How does a folder, a GGUF file or a loaded network become a model of markovgpt?"""

from __future__ import annotations

from collections.abc import Callable
from os import PathLike
from pathlib import Path
from typing import Any, Literal

from markovgpt import ArgumentError, ModelLoadError

from markovgpt_transformers.caches import same_logits
from markovgpt_transformers.forward import Forward
from markovgpt_transformers.model import TransformersModel
from markovgpt_transformers.sizes import choose_context_length, positions_of, vocab_size_of
from markovgpt_transformers.source import find_source
from markovgpt_transformers.tokens import token_texts

__all__ = ["from_transformers", "load"]

Start = Literal["none", "bos"]


def load(
    path: str | PathLike[str],
    *,
    context_length: int | None = None,
    gguf_file: str | None = None,
    start: Start = "none",
    prompt: str = "",
    device: str = "cpu",
    dtype: Literal["float32", "float64", "bfloat16", "float16"] = "float32",
    tokenizer: bool = True,
    trust_remote_code: bool = False,
    name: str | None = None,
    check: Callable[[int, int], None] | None = None,
) -> TransformersModel:
    """A causal language model of the transformers library from the disk; nothing is downloaded.

    Parameters
    ----------
    path : path
        A folder that ``save_pretrained`` or ``hf download`` wrote, or a ``.gguf`` file.
    context_length : int, optional
        K: how many tokens are in view behind the prefix. By default all that the network has positions for, of which
        no chain can be made; for a chain give a small one.
    gguf_file : str, optional
        Which file of the folder, if it holds several.
    start : "none" or "bos"
        Whether the token that begins a text stands in front of every context.
    prompt : str
        Text in front of every context, after the start token; computed once.
    device : str
        Where to compute: "cpu", "cuda", "mps".
    dtype : "float32", "float64", "bfloat16" or "float16"
        In which the network computes, whatever the weights are stored in.
    tokenizer : bool
        False: show tokens by their numbers, and read no tokenizer.
    trust_remote_code : bool
        Run Python code that the folder brings. Never without asking.
    name : str, optional
        For reports; the name of the folder or file by default.
    check : callable, optional
        Passed by markovgpt: ``check(V, K)`` raises where the chain would be too large, before weights are read.

    Raises
    ------
    ModelLoadError
        Nothing is there, it cannot be read, or it is no causal language model.
    ArgumentError
        K is more than the network has positions for, or another option cannot be.
    """
    source = find_source(Path(path), gguf_file=gguf_file)
    from markovgpt_transformers.reading import read_config, read_network, read_tokenizer  # imports torch: seconds

    name = name or source.name
    config = read_config(source, trust_remote_code=trust_remote_code)
    V, K = vocab_size_of(config), context_length
    positions = positions_of(config)
    if K is not None or positions is not None:
        K = choose_context_length(K, positions=positions, n_prefix=0, name=name)
        if check is not None and V is not None:
            check(V, K)
    texts = read_tokenizer(source, trust_remote_code=trust_remote_code) if tokenizer else None
    network = read_network(source, config, device=device, dtype=dtype, trust_remote_code=trust_remote_code)
    return from_transformers(network, texts, context_length=context_length, start=start, prompt=prompt, name=name)


def from_transformers(
    network: Any,
    tokenizer: Any | None = None,
    *,
    context_length: int | None = None,
    start: Start = "none",
    prompt: str = "",
    name: str | None = None,
) -> TransformersModel:
    """A model from a network, and perhaps a tokenizer, of transformers that you have loaded yourself.

    The network is put into evaluation mode and is otherwise left as it is. It is asked once, about eight tokens.

    Raises
    ------
    ArgumentError
        K does not fit, or a prompt or start is asked for and there is no tokenizer or no such token.
    ModelLoadError
        The network looks at later tokens (it is no causal language model), or its logits are not finite.

    Examples
    --------
    >>> from transformers import GPT2Config, GPT2LMHeadModel
    >>> network = GPT2LMHeadModel(GPT2Config(vocab_size=5, n_embd=8, n_layer=1, n_head=2))
    >>> from_transformers(network, context_length=2, name="tiny")
    <TransformersModel tiny: V=5, K=2>
    """
    network.eval()
    name = name or type(network).__name__
    forward = Forward(network)
    vocab_size = _ask_once(forward, name)
    prefix = _prefix(network, tokenizer, start=start, prompt=prompt, name=name)
    if wrong := [token for token in prefix if not 0 <= token < vocab_size]:
        raise ArgumentError(f"The prompt has token {wrong[0]}, but {name} has logits for {vocab_size} tokens only.")
    positions = positions_of(network.config)
    return TransformersModel(
        name=name,
        forward=forward,
        tokenizer=tokenizer,
        vocab_size=vocab_size,
        context_length=choose_context_length(context_length, positions=positions, n_prefix=len(prefix), name=name),
        tokens=token_texts(tokenizer, vocab_size),
        prefix=prefix,
    )


def _ask_once(forward: Forward, name: str) -> int:
    """V, as the logits have it; refuses a network whose first logits change with later tokens."""
    import torch

    length = min(4, positions_of(forward.network.config) or 4)
    tokens = torch.tensor([[0, 0, 0, 0], [0, 1, 1, 1]], device=forward.network.device)[:, :length]
    if vocab_size_of(forward.network.config) == 1:
        tokens = tokens * 0
    logits = forward(tokens)  # (2, length, V)
    if not logits.isfinite().all():
        raise ModelLoadError(
            f"The logits of {name} are not finite when it computes in {forward.network.dtype}: use dtype float32."
        )
    if not same_logits(forward.network, logits[1:, 0], logits[:1, 0]):
        raise ModelLoadError(
            f"{name} ({type(forward.network).__name__}) looks at later tokens: its logits of the first position change "
            "with the second. It fills gaps in a text, and is no causal language model."
        )
    return int(logits.shape[-1])


def _prefix(network: Any, tokenizer: Any | None, *, start: Start, prompt: str, name: str) -> tuple[int, ...]:
    if start not in ("none", "bos"):
        raise ArgumentError(f"start is 'none' or 'bos': got {start!r}.", start=start)
    first: list[int] = []
    if start == "bos":
        bos = getattr(tokenizer, "bos_token_id", None)
        bos = getattr(network.config, "bos_token_id", None) if bos is None else bos
        if bos is None:
            raise ArgumentError(f"{name} has no token that begins a text: leave out start='bos'.")
        first = [int(bos)]
    if not prompt:
        return tuple(first)
    if tokenizer is None:
        raise ArgumentError(f"A prompt needs a tokenizer, and {name} has none.", prompt=prompt)
    return (*first, *(int(token) for token in tokenizer.encode(prompt, add_special_tokens=False)))
