"""What is a built-in model? A network, the vocabulary it speaks, and the record of its training."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass
from typing import final

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from markovgpt.answers import checked_logits
from markovgpt.devices import free_bytes, rows_that_fit
from markovgpt.generation import check_prompts, continued, decoding_of
from markovgpt.gpt_weights import GPTWeights
from markovgpt.models.mingpt import MinGPT
from markovgpt.models.session import GPTSession
from markovgpt.models.training import TrainingRecord
from markovgpt.torch_settings import suitable_settings
from markovgpt.vocabulary import Vocabulary

__all__ = ["GPTModel"]

_CONTEXTS = 2048  # a call: what they need stays near the processor
_CONTEXTS_OF_GPU = 2**18  # enough to keep all of its units busy


@final
@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class GPTModel:
    """A minGPT behind the :class:`~markovgpt.model.LanguageModel` protocol.

    Attributes
    ----------
    name : str
        "babygpt" or "mingpt".
    network : MinGPT
        In evaluation mode.
    vocabulary : Vocabulary
        Texts of the V tokens.
    training_tokens : (n,) int64, or None
        The data that it was, or would be, trained on; validation data are not part of it.
    validation_tokens : (n,) int64, or None
        The data that were kept from training; None if there are none.
    training : TrainingRecord, or None
        None for an untrained network.
    """

    name: str
    network: MinGPT
    vocabulary: Vocabulary
    training_tokens: NDArray[np.int64] | None = None
    validation_tokens: NDArray[np.int64] | None = None
    training: TrainingRecord | None = None

    @property
    def vocab_size(self) -> int:
        """V."""
        return self.network.config.vocab_size

    @property
    def context_length(self) -> int:
        """K."""
        return self.network.config.context_length

    @property
    def tokens(self) -> tuple[str, ...]:
        """Texts of the V tokens."""
        return self.vocabulary.tokens

    @property
    def n_parameters(self) -> int:
        """Number of trainable numbers."""
        return self.network.n_parameters()

    @property
    def fingerprint(self) -> str:
        """SHA-256 of configuration and weights."""
        digest = hashlib.sha256(repr(sorted(asdict(self.network.config).items())).encode())
        for name, tensor in sorted(self.network.state_dict().items()):
            digest.update(name.encode() + tensor.detach().cpu().numpy().tobytes())
        return digest.hexdigest()

    @property
    def device(self) -> torch.device:
        """Where the network computes."""
        return self.network.wte.weight.device

    @property
    def contexts_per_call(self) -> int:
        """How many contexts of K tokens suit the device in one call."""
        return self._rows(self.context_length) or _CONTEXTS

    def gpt_weights(self) -> GPTWeights:
        """The weights of the network, for those who compute it without torch."""
        return self.network.weights()

    def all_logits(self, contexts: NDArray[np.int64]) -> Tensor:
        """Logits after every prefix of every context: ``(batch, length) -> (batch, length, V)`` float32."""
        tokens = torch.as_tensor(contexts)
        rows = self._rows(tokens.shape[1]) or max(1, len(tokens))
        with torch.no_grad(), suitable_settings(self.n_parameters):
            return torch.cat([self.network(part.to(self.device)) for part in torch.split(tokens, rows)])

    def next_logits(self, contexts: NDArray[np.int64]) -> Tensor:
        """Logits of the next token: ``(batch, length) -> (batch, V)`` float32."""
        return self.all_logits(contexts)[:, -1]  # (batch, V)

    def session(self, batch: int) -> GPTSession:
        """Rows of text that grow together, each of them empty: ``.feed(tokens)``, ``.fork(rows)``."""
        free = free_bytes(self.device)
        return GPTSession.empty(self.network, batch, memory=None if free is None else free // 4)

    def generate(
        self,
        prompts: ArrayLike,
        n: int,
        *,
        seed: int,
        temperature: float = 1.0,
        top_k: int | None = None,
        top_p: float | None = None,
    ) -> NDArray[np.int64]:
        """Continue prompts by n tokens, drawn by sessions: ``(batch, length) -> (batch, length + n)``.

        As :func:`markovgpt.generate`, which see; temperature 0 always takes the likeliest token.
        """
        decoding = decoding_of(temperature=temperature, top_k=top_k, top_p=top_p)
        given = check_prompts(prompts, n, vocab_size=self.vocab_size)
        session = self.session(len(given))

        def ask(new: NDArray[np.int64], tokens: NDArray[np.int64]) -> NDArray[np.float64]:
            return checked_logits(session.feed(new), tokens, self, method="session")

        return continued(given, int(n), ask, decoding=decoding, seed=seed)

    def _rows(self, length: int) -> int | None:
        """Contexts of this length that a device with a memory of its own may compute at once."""
        config = self.network.config
        features = 16 * config.n_embd + 3 * config.n_head * length + config.vocab_size  # a position: layers take turns
        return rows_that_fit(self.device, length * features * 4, most=_CONTEXTS_OF_GPU)
