"""What did the package pokepy-generator learn? A character model of Pokémon names: V=27, K=8, and '.' ends a name.

Eight embedded letters are joined in pairs, three times over, each time through a linear map, batch normalisation and
tanh: the tree of WaveNet (van den Oord et al. 2016, arXiv 1609.03499). The weights are read from the installed package;
its code is not run.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import final

import numpy as np
from markovgpt import ArgumentError, ModelLoadError
from numpy.typing import NDArray

from markovgpt_recurrent.packages import package_file

__all__ = ["PokepyModel", "pokepy"]

_PACKAGE, _VERSION = "pokepy-generator", "1.1.0"
_WINDOW = 8
_EPSILON = 1e-5  # of the batch normalisation, torch's default
_LAYERS = ((1, 2), (5, 6), (9, 10))  # numbers of the linear maps and of their batch normalisations, in file names
_SHAPES = {
    "C": (27, 10),
    "layer_1_weight": (20, 32),
    "layer_5_weight": (64, 32),
    "layer_9_weight": (64, 32),
    "layer_12_weight": (32, 27),
    "layer_12_bias": (1, 27),
} | {f"layer_{norm}_{part}": (1, 32) for _, norm in _LAYERS for part in ("gamma", "beta", "mean", "var")}

Array = NDArray[np.float64]


@final
@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class PokepyModel:
    """The network behind the protocol; contexts shorter than 8 are padded with '.' on the left, as a new name begins.

    Attributes
    ----------
    embedding : (27, 10) float64
        One row a letter.
    layers : three pairs, (2C, 32) and (32,) float64
        Linear maps of joined pairs, with their batch normalisation multiplied in.
    head : (32, 27) and (27,) float64
        The output.
    context_length : int
        8, or less: then older letters are taken for '.'.
    names : tuple of str
        The list of names that the package ships.
    fingerprint : str
        SHA-256 of weights and window.
    """

    embedding: Array
    layers: tuple[tuple[Array, Array], ...]
    head: tuple[Array, Array]
    context_length: int
    names: tuple[str, ...]
    fingerprint: str
    name: str = "pokepy"
    vocab_size: int = 27
    tokens: tuple[str, ...] = tuple(".abcdefghijklmnopqrstuvwxyz")
    n_parameters: int = 6089  # 5,897, and a scale and a shift for each of 96 normalised features

    def next_logits(self, contexts: NDArray[np.int64]) -> Array:
        """Logits of the next letter: ``(batch, length) -> (batch, 27)``."""
        contexts = contexts[:, -self.context_length :]
        window = np.zeros((len(contexts), _WINDOW), dtype=np.int64)
        window[:, _WINDOW - contexts.shape[1] :] = contexts  # (batch, 8), token 0 on the left
        x = self.embedding[window]  # (batch, 8, 10)
        for weight, bias in self.layers:
            pairs = x.reshape(len(x), x.shape[1] // 2, -1)  # (batch, 4, 20), then (batch, 2, 64), (batch, 1, 64)
            x = np.tanh(pairs @ weight + bias)  # (batch, 4, 32), then (batch, 2, 32), (batch, 1, 32)
        weight, bias = self.head
        return x[:, 0] @ weight + bias  # (batch, 27)


def pokepy(*, context_length: int = _WINDOW) -> PokepyModel:
    """The character model of pokepy-generator 1.1.0.

    Parameters
    ----------
    context_length : int
        8 is the network as it is. With fewer the letters before are taken for '.', as at the start of a name; that is
        another law, of a chain that is small enough to be enumerated: 27**3 = 19,683 states.

    Raises
    ------
    ModelLoadError
        The package is not installed (``pip install --no-deps pokepy-generator==1.1.0``), or its files are others.
    ArgumentError
        ``context_length`` is not 1 to 8.
    """
    if not 1 <= context_length <= _WINDOW:
        raise ArgumentError(
            f"pokepy looks at {_WINDOW} letters: context_length must be from 1 to {_WINDOW}, got {context_length}.",
            context_length=context_length,
        )
    w = {file: _array(file, shape) for file, shape in _SHAPES.items()}
    digest = hashlib.sha256(f"pokepy {context_length}".encode())
    for file in sorted(w):
        digest.update(w[file].tobytes())
    layers = []
    for linear, norm in _LAYERS:
        gamma, beta, mean, var = (w[f"layer_{norm}_{part}"][0] for part in ("gamma", "beta", "mean", "var"))  # (32,)
        scale = gamma / np.sqrt(var + _EPSILON)  # (32,)
        layers.append((w[f"layer_{linear}_weight"] * scale, beta - mean * scale))
    return PokepyModel(
        embedding=w["C"],
        layers=tuple(layers),
        head=(w["layer_12_weight"], w["layer_12_bias"][0]),
        context_length=context_length,
        names=_names(),
        fingerprint=digest.hexdigest(),
    )


def _array(file: str, shape: tuple[int, ...]) -> Array:
    path = package_file(_PACKAGE, f"pokepy/{file}.npy", version=_VERSION)
    try:
        array = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise ModelLoadError(f"{path} cannot be read as an array: {error}.", path=str(path)) from error
    if array.shape != shape or array.dtype != np.float64:
        raise ModelLoadError(
            f"{path} must hold float64 of shape {shape}: got {array.dtype} of shape {array.shape}. The network is "
            f"known in version {_VERSION}: pip install --no-deps {_PACKAGE}=={_VERSION}",
            path=str(path),
        )
    return np.asarray(array, dtype=np.float64)


def _names() -> tuple[str, ...]:
    """The names as the network reads them: small letters a to z, anything else left out."""
    text = package_file(_PACKAGE, "pokepy/pokemon.txt", version=_VERSION).read_text(encoding="utf-8")
    cleaned = (re.sub("[^a-z]", "", line.lower()) for line in text.splitlines())
    return tuple(name for name in cleaned if name)
