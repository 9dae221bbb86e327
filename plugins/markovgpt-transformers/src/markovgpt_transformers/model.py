"""What is a model of the transformers library to markovgpt?"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, final

import numpy as np
from markovgpt import ArgumentError
from numpy.typing import NDArray

from markovgpt_transformers import sampling
from markovgpt_transformers.caches import CacheUse, branch, cache_use, new_cache
from markovgpt_transformers.fingerprint import fingerprint_of
from markovgpt_transformers.forward import Forward
from markovgpt_transformers.session import Session
from markovgpt_transformers.sizes import positions_of, receptive_field
from markovgpt_transformers.weights import gpt2_weights, why_not_gpt2

if TYPE_CHECKING:
    import torch
    from markovgpt import GPTWeights
    from torch import Tensor

__all__ = ["TransformersModel"]

_MOST_POSITIONS, _MOST_LOGITS = 2**13, 2**26  # in one forward pass; beyond, a batch is cut
_NO_RULE = ("bos_token_id", "eos_token_id", "pad_token_id", "transformers_version", "use_cache", "_from_model_config")


@final
@dataclass(frozen=True, eq=False, kw_only=True)
class TransformersModel:
    """A causal language model of transformers behind the :class:`markovgpt.LanguageModel` protocol.

    Its law of a context is that of the network given the prefix and then the context, and nothing older: the window of
    K tokens is computed anew for every state. Made by ``load`` and ``from_transformers``.

    Attributes
    ----------
    name : str
    forward : Forward
        Calls the network.
    tokenizer : a tokenizer of transformers, or None
    vocab_size : int
        V, the number of logits: with a padded vocabulary more than the tokenizer has.
    context_length : int
        K.
    tokens : V different texts
        ``<unused-N>`` for those that the tokenizer does not have.
    prefix : tuple of int
        Tokens in front of every context: the start token and the prompt.
    """

    name: str
    forward: Forward
    tokenizer: Any
    vocab_size: int
    context_length: int
    tokens: tuple[str, ...]
    prefix: tuple[int, ...] = ()

    def __repr__(self) -> str:
        return f"<TransformersModel {self.name}: V={self.vocab_size}, K={self.context_length}>"

    @property
    def pretrained(self) -> Any:
        """The model of transformers."""
        return self.forward.network

    @property
    def device(self) -> torch.device:
        """Where the network computes."""
        place: torch.device = self.pretrained.device
        return place

    @property
    def n_parameters(self) -> int:
        """Number of trainable numbers; tied ones count once."""
        return self.forward.n_parameters

    @property
    def positions(self) -> int | None:
        """The longest text that the network was made for; None where nothing limits it."""
        return positions_of(self.pretrained.config)

    @cached_property
    def receptive_field(self) -> int | None:
        """How many of the last tokens the law depends on when the whole text is in view; None: all, or not known.

        See :func:`markovgpt_transformers.receptive_field`. With K at least this, and no prefix, the chain is exactly
        what the network generates, however long the text.
        """
        return receptive_field(self.pretrained)

    @property
    def generation_defaults(self) -> dict[str, Any]:
        """Settings that the checkpoint brings and that a plain ``network.generate()`` would apply; not used here."""
        own = self.pretrained.generation_config.to_diff_dict()
        return {name: value for name, value in own.items() if name not in _NO_RULE and not name.startswith("output_")}

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 of the weights, the settings that differ from the architecture's defaults, K and the prefix."""
        return fingerprint_of(self.pretrained, {"context_length": self.context_length, "prefix": self.prefix})

    def next_logits(self, contexts: NDArray[np.int64] | Tensor) -> Tensor:
        """Logits of the next token: ``(batch, length) -> (batch, V)``, float32 (float64 of a float64 network)."""
        return self._logits(contexts, last_only=True)[:, -1]

    def all_logits(self, contexts: NDArray[np.int64] | Tensor) -> Tensor:
        """Logits after every prefix of every context: ``(batch, length) -> (batch, length, V)``."""
        return self._logits(contexts, last_only=False)

    @property
    def session(self) -> Callable[[int], Session]:
        """``session(batch)`` begins that many rows of text, each empty behind the prefix.

        A model whose cache was found not to give what recomputation gives has no session: ``hasattr`` is False.
        """
        if not self.cache_use.usable:
            raise AttributeError(f"{self.name} has no session: {self.cache_use.reason}.")
        return self._begin

    @property
    def gpt_weights(self) -> Callable[[], GPTWeights]:
        """``gpt_weights()``: the weights of a GPT-2 in float32, so that it can be walked without its library.

        Other networks, other precisions, and a model with a prefix have none: ``hasattr`` is False.
        """
        import torch

        reason = "it has a prefix" if self.prefix else why_not_gpt2(self.pretrained)
        if not reason and self.pretrained.dtype != torch.float32:
            reason = f"it computes in {self.pretrained.dtype}"
        if reason:
            raise AttributeError(f"{self.name} does not show the weights of a GPT-2: {reason}.")
        return lambda: gpt2_weights(self.pretrained)

    def generate(
        self,
        prompts: NDArray[np.int64],
        n: int,
        *,
        seed: int,
        temperature: float = 1.0,
        top_k: int | None = None,
        top_p: float | None = None,
        window: bool = True,
    ) -> NDArray[np.int64]:
        """Draw with ``generate`` of transformers, free of its defaults and of the checkpoint's.

        Parameters
        ----------
        prompts : (batch, length) int64
            What each row begins with, behind the prefix.
        n : int
            Tokens to draw; none of them ends a row.
        seed : int
            Of torch's generator, whose state is put back.
        temperature : float
            0 is greedy decoding.
        top_k, top_p
            Off by default.
        window : bool
            True: only the last K tokens are in view, as in the chain. False: the whole text is, as when transformers
            is called without markovgpt; then the law may be another than the chain's.

        Returns
        -------
        (batch, length + n) int64
        """
        return sampling.generate(
            self, prompts, n, seed=seed, temperature=temperature, top_k=top_k, top_p=top_p, window=window
        )

    def encode(self, text: str) -> list[int]:
        """Tokens of a text; no special tokens are added."""
        if self.tokenizer is None:
            raise ArgumentError(f"{self.name} has no tokenizer: give token numbers, 0 to {self.vocab_size - 1}.")
        return [int(token) for token in self.tokenizer.encode(text, add_special_tokens=False)]

    def decode(self, tokens: Iterable[int]) -> str:
        """Text of tokens, special ones included."""
        numbers = [int(token) for token in tokens]
        if self.tokenizer is None or any(self.tokens[token] == f"<unused-{token}>" for token in numbers):
            return " ".join(self.tokens[token] for token in numbers)
        text: str = self.tokenizer.decode(numbers, clean_up_tokenization_spaces=False)
        return text

    def token_id(self, text: str) -> int:
        """The one token that a text is: by its label in ``tokens``, or by the tokenizer.

        Raises
        ------
        ArgumentError
            The tokenizer splits it (says into what), or there is no such token.
        """
        if text in self._token_of:
            return self._token_of[text]
        pieces = self.encode(text)
        if len(pieces) == 1:
            return pieces[0]
        split = " + ".join(repr(self.tokens[piece]) for piece in pieces) or "nothing"
        blank = f" {text}" in self._token_of
        hint = f" With a blank in front it is one: {' ' + text!r}." if blank else " Name a single token."
        raise ArgumentError(
            f"{text!r} is not one token of {self.name}, but {len(pieces)}: {split}.{hint}", text=text, pieces=pieces
        )

    @cached_property
    def cache_use(self) -> CacheUse:
        """What the network's cache was found to be good for; tried at first use."""
        return cache_use(self.forward, vocab_size=self.vocab_size, positions=self.positions)

    def checked(self, contexts: NDArray[np.int64] | Tensor) -> Tensor:
        """Tokens as a tensor on the network's device, ``(batch, length)``; ``ArgumentError`` if they are none."""
        import torch

        if not isinstance(contexts, torch.Tensor):
            contexts = torch.from_numpy(np.array(contexts, dtype=np.int64))  # a copy: it may be read-only
        if contexts.ndim != 2 or not contexts.numel():
            raise ArgumentError(f"Contexts are (batch, length), neither of them 0: got shape {tuple(contexts.shape)}.")
        least, most = int(contexts.min()), int(contexts.max())
        if least < 0 or most >= self.vocab_size:
            raise ArgumentError(f"Tokens of {self.name} are 0..{self.vocab_size - 1}: got {least} to {most}.")
        return contexts.to(self.pretrained.device)

    @cached_property
    def _token_of(self) -> dict[str, int]:
        return {text: token for token, text in enumerate(self.tokens)}

    @cached_property
    def _prefix_cache(self) -> Any | None:
        """The prefix, computed once, ``(1, p)``; None where there is none, or the cache does not allow it."""
        if not (self.prefix and self.cache_use.usable and self.cache_use.several):
            return None
        import torch

        cache = new_cache(self.pretrained)
        self.forward(torch.tensor([self.prefix], device=self.pretrained.device), last_only=True, cache=cache)
        return cache

    def _logits(self, contexts: NDArray[np.int64] | Tensor, *, last_only: bool) -> Tensor:
        import torch

        tokens = self.checked(contexts)  # (batch, length)
        length = tokens.shape[1]
        if length > self.context_length:
            raise ArgumentError(f"Contexts of {self.name} have 1 to {self.context_length} tokens: got {length}.")
        positions = len(self.prefix) + length
        rows = max(
            1, min(_MOST_POSITIONS // positions, _MOST_LOGITS // (self.vocab_size * (1 if last_only else length)))
        )
        return torch.cat([self._pass(part, last_only=last_only) for part in torch.split(tokens, rows)])

    def _pass(self, tokens: Tensor, *, last_only: bool) -> Tensor:
        """One forward pass behind the prefix, ``(batch, length) -> (batch, length or 1, V)``."""
        import torch

        rows = torch.zeros(len(tokens), dtype=torch.int64, device=tokens.device)
        if self._prefix_cache is not None:
            cache = branch(self._prefix_cache, rows)
            return self.forward(tokens, last_only=last_only, cache=cache)
        if not self.prefix:
            return self.forward(tokens, last_only=last_only)
        fixed = torch.tensor([self.prefix], device=tokens.device)[rows]  # (batch, p)
        return self.forward(torch.cat([fixed, tokens], dim=1), last_only=last_only)[:, -tokens.shape[1] :]

    def _begin(self, batch: int) -> Session:
        import torch

        if batch < 1:
            raise ArgumentError(f"A session has at least one row: got {batch}.", batch=batch)
        device = self.pretrained.device
        cache = self._prefix_cache
        if cache is None:
            cache = new_cache(self.pretrained)
            for token in self.prefix:  # one at a time: what this cache allows
                self.forward(torch.tensor([[token]], device=device), last_only=True, cache=cache)
        if self.prefix:
            cache = branch(cache, torch.zeros(batch, dtype=torch.int64, device=device))
        return Session(self, cache=cache, tokens=torch.empty((batch, 0), dtype=torch.int64, device=device))
