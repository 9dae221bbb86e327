"""How is a text continued token by token, several rows at once, without computing its beginning again?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, final

import numpy as np
from markovgpt import ArgumentError
from numpy.typing import NDArray

from markovgpt_transformers.caches import branch, memory_of

if TYPE_CHECKING:
    from torch import Tensor

    from markovgpt_transformers.model import TransformersModel

__all__ = ["Session"]


@final
class Session:
    """Rows of text that grow together, over the network's own cache; made by ``model.session(batch)``.

    The law is that of the chain, whatever the length: beyond K tokens, the last K are computed anew at each step, since
    what the network keeps of them was computed with older tokens in view.
    """

    def __init__(self, model: TransformersModel, *, cache: Any, tokens: Tensor) -> None:
        self._model = model
        self._cache = cache  # None when the window has begun to slide
        self._tokens = tokens  # (batch, length)

    @property
    def batch(self) -> int:
        """Number of rows."""
        return int(self._tokens.shape[0])

    @property
    def tokens(self) -> NDArray[np.int64]:
        """What was fed, ``(batch, length)``."""
        fed: NDArray[np.int64] = self._tokens.cpu().numpy()
        return fed

    @property
    def n_bytes(self) -> int:
        """Memory of the cache, by which markovgpt bounds the number of rows."""
        return 0 if self._cache is None else memory_of(self._cache)

    def feed(self, tokens: Sequence[int] | NDArray[np.int64]) -> Tensor:
        """Append one token a row, ``(batch,)``, or several, ``(batch, n)``; the logits of what comes next, (batch, V).

        Raises
        ------
        ArgumentError
            Another number of rows, or a token that is none.
        """
        import torch

        given = np.asarray(tokens)
        new = self._model.checked(given[:, None] if given.ndim == 1 else given)  # (batch, n)
        if len(new) != self.batch:
            raise ArgumentError(f"This session has {self.batch} rows: got tokens for {len(new)}.", batch=self.batch)
        self._tokens = torch.cat([self._tokens, new], dim=1)
        if self._tokens.shape[1] > self._model.context_length:
            self._cache = None
            return self._model.next_logits(self._tokens[:, -self._model.context_length :])
        for piece in torch.split(new, new.shape[1] if self._model.cache_use.several else 1, dim=1):
            logits = self._model.forward(piece, last_only=True, cache=self._cache)  # (batch, 1, V)
        return logits[:, -1]  # (batch, V)

    def fork(self, rows: Sequence[int] | NDArray[np.int64]) -> Session:
        """A new session whose row i continues row ``rows[i]`` of this one, which stays as it is.

        ``fork([0] * V).feed(range(V))`` gives every continuation of row 0 by one token.
        """
        import torch

        chosen = torch.as_tensor(np.array(rows, dtype=np.int64), device=self._tokens.device)  # (m,)
        if chosen.ndim != 1 or not len(chosen) or chosen.min() < 0 or chosen.max() >= self.batch:
            raise ArgumentError(f"Rows of this session are 0..{self.batch - 1}: got {list(rows)}.", batch=self.batch)
        cache = None if self._cache is None else branch(self._cache, chosen)
        return Session(self._model, cache=cache, tokens=self._tokens[chosen])
