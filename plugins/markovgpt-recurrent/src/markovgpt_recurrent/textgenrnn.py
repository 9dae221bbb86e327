"""What did the package textgenrnn learn? A character model of Reddit titles: V=465, K=40, two LSTMs and attention.

Embedding (100), two LSTMs of 128 on top of each other, all three side by side (356), averaged over the 40 positions
with weights that one vector decides, and a linear map to the tokens. Weights and vocabulary are read from the installed
package; its code is not run, and neither keras nor tensorflow is needed.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, final

import numpy as np
import torch
from markovgpt import ArgumentError, ModelLoadError, Vocabulary, suitable_settings
from numpy.typing import NDArray
from torch import Tensor, nn

from markovgpt_recurrent.packages import package_file

if TYPE_CHECKING:
    import h5py

__all__ = ["TextgenrnnModel", "textgenrnn"]

_PACKAGE, _VERSION = "textgenrnn", "2.0.0"
_WINDOW, _HIDDEN = 40, 128
_START = "<s>"
_EPSILON = 1e-7  # keras adds it to the sum of the attention weights
_SHAPES = {
    "embedding/embedding/embeddings:0": (465, 100),
    "rnn_1/rnn_1/kernel:0": (100, 512),
    "rnn_1/rnn_1/recurrent_kernel:0": (128, 512),
    "rnn_1/rnn_1/bias:0": (1024,),
    "rnn_2/rnn_2/kernel:0": (128, 512),
    "rnn_2/rnn_2/recurrent_kernel:0": (128, 512),
    "rnn_2/rnn_2/bias:0": (1024,),
    "attention/attention/attention_W:0": (356, 1),
    "output/output/kernel:0": (356, 465),
    "output/output/bias:0": (465,),
}

State = tuple[Tensor, Tensor]


@final
@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class TextgenrnnModel:
    """The network behind the protocol; contexts shorter than 40 are padded with token 0 on the left, as it was trained.

    Attributes
    ----------
    embedding : (465, 100) float32
        One row a token.
    lstms : two LSTMs
        The second reads the first.
    attention : (356,) float32
        Decides how much a position counts.
    head : (356, 465) and (465,) float32
        The output.
    vocabulary : Vocabulary
        Token 0 is the padding and has no text; "<s>" begins and ends a text.
    context_length : int
        40, or less: then older tokens are taken for padding.
    fingerprint : str
        SHA-256 of weights and window.
    """

    embedding: Tensor
    lstms: tuple[nn.LSTM, nn.LSTM]
    attention: Tensor
    head: tuple[Tensor, Tensor]
    vocabulary: Vocabulary
    context_length: int
    fingerprint: str
    name: str = "textgenrnn"
    vocab_size: int = 465
    n_parameters: int = sum(int(np.prod(shape)) for shape in _SHAPES.values())

    @property
    def tokens(self) -> tuple[str, ...]:
        """Texts of the tokens."""
        return self.vocabulary.tokens

    def encode(self, text: str) -> NDArray[np.int64]:
        """Tokens of a text, ``(n,)``; ``<s>`` in it is one token, every other character one each."""
        start = np.array([self.tokens.index(_START)], dtype=np.int64)
        parts = [self.vocabulary.encode(part) for part in text.split(_START)]
        return np.concatenate([parts[0], *(np.concatenate([start, part]) for part in parts[1:])])

    def next_logits(self, contexts: NDArray[np.int64]) -> Tensor:
        """Logits of the next token: ``(batch, length) -> (batch, 465)`` float32."""
        contexts = contexts[:, -self.context_length :]
        batch, length = contexts.shape
        with torch.no_grad(), suitable_settings(self.n_parameters):
            padding = torch.zeros(1, _WINDOW - length, dtype=torch.int64)  # the same for all: run once
            before, states = self._features(padding, None)  # (1, 40 - length, 356)
            shared = [(h.expand(-1, batch, -1).contiguous(), c.expand(-1, batch, -1).contiguous()) for h, c in states]
            own, _ = self._features(torch.tensor(np.ascontiguousarray(contexts)), shared)  # (batch, length, 356)
            scores = torch.cat(
                [(before @ self.attention).expand(batch, -1), own @ self.attention], dim=1
            )  # (batch, 40)
            weights = torch.exp(scores - scores.max(dim=1, keepdim=True).values)  # (batch, 40)
            weights = weights / (weights.sum(dim=1, keepdim=True) + _EPSILON)
            average = weights[:, : _WINDOW - length] @ before[0]  # (batch, 356)
            average = average + (weights[:, _WINDOW - length :, None] * own).sum(dim=1)
            return average @ self.head[0] + self.head[1]  # (batch, 465)

    def _features(self, tokens: Tensor, states: list[State] | None) -> tuple[Tensor, list[State]]:
        """Embedding and both LSTMs side by side, ``(B, T, 356)``, and the states after them."""
        batch, length = tokens.shape
        zero = torch.zeros(1, batch, _HIDDEN)
        states = [(zero, zero), (zero, zero)] if states is None else states
        if length == 0:  # torch's LSTM refuses an empty sequence
            return torch.zeros(batch, 0, len(self.attention)), states
        x = self.embedding[tokens]  # (B, T, 100)
        parts, after = [x], []
        for lstm, state in zip(self.lstms, states, strict=True):
            x, state = lstm(x, state)  # (B, T, 128)
            parts.append(x)
            after.append(state)
        return torch.cat(parts, dim=2), after


def textgenrnn(*, context_length: int = _WINDOW) -> TextgenrnnModel:
    """The character model of textgenrnn 2.0.0, as it is before anyone trains it further.

    Parameters
    ----------
    context_length : int
        40 is the network as it is. With fewer the tokens before are taken for padding, as at the start of a text; that
        is another law, of a smaller chain.

    Raises
    ------
    ModelLoadError
        The package is not installed (``pip install --no-deps textgenrnn==2.0.0``), its files are others, or h5py is
        missing.
    ArgumentError
        ``context_length`` is not 1 to 40.
    """
    if not 1 <= context_length <= _WINDOW:
        raise ArgumentError(
            f"textgenrnn looks at {_WINDOW} tokens: context_length must be from 1 to {_WINDOW}, got {context_length}.",
            context_length=context_length,
        )
    w = _read_weights(package_file(_PACKAGE, "textgenrnn/textgenrnn_weights.hdf5", version=_VERSION))
    vocabulary = _read_vocabulary(package_file(_PACKAGE, "textgenrnn/textgenrnn_vocab.json", version=_VERSION))
    digest = hashlib.sha256(f"textgenrnn {context_length}".encode())
    for name in sorted(w):
        digest.update(w[name].tobytes())
    return TextgenrnnModel(
        embedding=torch.from_numpy(w["embedding/embedding/embeddings:0"]),
        lstms=(_lstm(w, "rnn_1"), _lstm(w, "rnn_2")),
        attention=torch.from_numpy(w["attention/attention/attention_W:0"][:, 0].copy()),
        head=(torch.from_numpy(w["output/output/kernel:0"]), torch.from_numpy(w["output/output/bias:0"])),
        vocabulary=vocabulary,
        context_length=context_length,
        fingerprint=digest.hexdigest(),
    )


def _lstm(w: dict[str, NDArray[np.float32]], layer: str) -> nn.LSTM:
    """An LSTM of torch with the weights of keras' CuDNNLSTM.

    Gates are in the same order (input, forget, cell, output), and both have two biases. cuDNN keeps a gate's matrix as
    (out, in), as torch does; in the file its numbers are in that order, whatever the shape says.
    """
    kernel, recurrent, bias = (w[f"{layer}/{layer}/{part}:0"] for part in ("kernel", "recurrent_kernel", "bias"))
    n_in = len(kernel)
    input_weight = np.concatenate([gate.reshape(_HIDDEN, n_in) for gate in np.hsplit(kernel, 4)])
    recurrent_weight = np.concatenate(np.hsplit(recurrent, 4))  # (512, 128)
    with torch.device("meta"):
        lstm = nn.LSTM(n_in, _HIDDEN, batch_first=True)
    values = {
        "weight_ih_l0": input_weight,  # (512, n_in)
        "weight_hh_l0": recurrent_weight,
        "bias_ih_l0": bias[: 4 * _HIDDEN],
        "bias_hh_l0": bias[4 * _HIDDEN :],
    }
    lstm.load_state_dict({name: torch.tensor(value) for name, value in values.items()}, assign=True)
    return lstm.eval()


def _read_weights(path: Path) -> dict[str, NDArray[np.float32]]:
    try:
        import h5py
    except ImportError:
        raise ModelLoadError(
            "The weights of textgenrnn are an HDF5 file, which needs h5py: "
            "pip install 'markovgpt-recurrent[textgenrnn]'"
        ) from None
    try:
        with h5py.File(path, "r") as file:
            return {name: _array(file, name, shape) for name, shape in _SHAPES.items()}
    except (OSError, KeyError) as error:
        raise ModelLoadError(f"{path} cannot be read as the weights of textgenrnn: {error}", path=str(path)) from error


def _array(file: h5py.File, name: str, shape: tuple[int, ...]) -> NDArray[np.float32]:
    array = np.asarray(file[name], dtype=np.float32)
    if array.shape != shape:
        raise ModelLoadError(
            f"{name} in {file.filename} must be of shape {shape}: got {array.shape}. The network is known in version "
            f"{_VERSION}: pip install --no-deps {_PACKAGE}=={_VERSION}",
            weight=name,
        )
    return array


def _read_vocabulary(path: Path) -> Vocabulary:
    try:
        table: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelLoadError(f"{path} cannot be read as a vocabulary: {error}", path=str(path)) from error
    if sorted(table.values()) != list(range(1, 465)):
        raise ModelLoadError(f"{path} must number 464 texts from 1 to 464: got {len(table)}.", path=str(path))
    return Vocabulary(tokens=("", *sorted(table, key=lambda text: table[text])))
