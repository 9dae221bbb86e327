"""How is a chain kept as the one that is expected, and compared with later?"""

from __future__ import annotations

import json
import platform
from dataclasses import asdict, dataclass
from os import PathLike
from pathlib import Path
from typing import Any, final

import numpy as np

from markovgpt import __version__
from markovgpt.chain import MarkovChain
from markovgpt.decoding import Decoding
from markovgpt.errors import ArgumentError
from markovgpt.model import LanguageModel
from markovgpt.origin import Origin
from markovgpt.statespace import StateSpace
from markovgpt.testing.assertions.subjects import chain_of
from markovgpt.vocabulary import Vocabulary

__all__ = ["Golden", "load_golden", "save_golden"]

_FORMAT = "markovgpt golden chain"
_VERSION = 1
_MOST_STATES = 2**16  # in a text file


@final
@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Golden:
    """A chain that was kept.

    Attributes
    ----------
    chain : MarkovChain
    versions : dict
        Of markovgpt, numpy, python and torch, where it was written.
    """

    chain: MarkovChain
    versions: dict[str, str]


def save_golden(chain: MarkovChain | LanguageModel, path: str | PathLike[str]) -> Path:
    """Write a chain as the expected one: JSON, a row a line, so that a change can be read in a diff.

    It holds every probability to the last bit, labels, the model's name and fingerprint, the decoding rule, and the
    versions it was made with. What stands there already is replaced.

    Parameters
    ----------
    chain : MarkovChain or LanguageModel
        At most 65,536 states.
    path : path
        Ends with ``.json``. Folders that are missing are made.

    Raises
    ------
    ArgumentError
        Too many states, another suffix, or the file cannot be written.

    Examples
    --------
    >>> import markovgpt as mg, tempfile
    >>> chain = mg.chain_from_table([[0.5, 0.5], [0.9, 0.1]])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     load_golden(save_golden(chain, f"{folder}/two.json")).chain.fingerprint == chain.fingerprint
    True
    """
    own, place = chain_of(chain), Path(path)
    if place.suffix != ".json":
        raise ArgumentError(f"A golden chain is a .json file: got {place}. For other files: save_chain().")
    if own.n_states > _MOST_STATES:
        raise ArgumentError(
            f"A golden chain has at most {_MOST_STATES:,} states: got {own.n_states:,}. Keep it with save_chain(), and "
            "compare with assert_same_chain(chain, load_chain(path))."
        )
    head: dict[str, Any] = {
        "format": _FORMAT,
        "version": _VERSION,
        "model": own.origin.model,
        "model_fingerprint": own.origin.model_fingerprint,
        "decoding": asdict(own.origin.decoding),
        "versions": _versions(),
        "tokens": list(own.vocabulary.tokens),
        "kind": own.vocabulary.kind,
        "context_length": own.context_length,
        "lengths": own.states.lengths,
        "fingerprint": own.fingerprint,
    }
    lines = [f" {json.dumps(key)}: {json.dumps(value, default=_plain)}," for key, value in head.items()]
    rows = [f"  {json.dumps([own.label(s), *row])}" for s, row in enumerate(own.probabilities.tolist())]
    text = "{\n" + "\n".join(lines) + '\n "rows": [\n' + ",\n".join(rows) + "\n ]\n}\n"
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ArgumentError(
            f"The golden chain cannot be written to {place}: {error.strerror or error}.", path=str(path)
        ) from None
    return place


def load_golden(path: str | PathLike[str]) -> Golden:
    """Read what :func:`save_golden` wrote.

    Raises
    ------
    ArgumentError
        There is no such file; it is no golden chain, one of another version, or damaged.
    """
    place = Path(path)
    try:
        text = place.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ArgumentError(
            f"There is no golden chain at {place}. Write it once, look at it, and commit it: "
            "save_golden(chain, path), or pytest --markovgpt-update-golden.",
            path=str(path),
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise ArgumentError(f"No golden chain can be read from {place}: {error}.", path=str(path)) from None
    try:
        document = json.loads(text)
    except ValueError as error:
        raise _refusal(place, f"it is damaged, or no JSON ({error})") from None
    if not isinstance(document, dict) or document.get("format") != _FORMAT:
        raise _refusal(place, "it is another kind of file")
    if document.get("version") != _VERSION:
        raise _refusal(place, f"it has version {document.get('version')}, and this markovgpt reads {_VERSION}")
    try:
        chain = _chain_of(document)
    except (AttributeError, KeyError, IndexError, TypeError, ValueError) as error:
        raise _refusal(place, f"it is damaged ({type(error).__name__}: {error})") from None
    if chain.fingerprint != document.get("fingerprint"):
        raise _refusal(place, "it was changed by hand: its fingerprint is that of another chain")
    versions = {str(name): str(version) for name, version in document.get("versions", {}).items()}
    return Golden(chain=chain, versions=versions)


def _chain_of(document: dict[str, Any]) -> MarkovChain:
    vocabulary = Vocabulary(tokens=tuple(document["tokens"]), kind=document["kind"])
    states = StateSpace(
        vocab_size=len(vocabulary), context_length=document["context_length"], lengths=document["lengths"]
    )
    table = np.array([row[1:] for row in document["rows"]], dtype=np.float64)
    if not ((table >= 0).all() and (abs(table.sum(axis=1) - 1) <= 1e-6).all()):
        raise ValueError("its rows are no probabilities")
    origin = Origin(
        model=str(document["model"]),
        model_fingerprint=str(document["model_fingerprint"]),
        decoding=Decoding(**document["decoding"]),
    )
    chain = MarkovChain(states=states, probabilities=table, vocabulary=vocabulary, origin=origin)
    if [row[0] for row in document["rows"]] != [chain.label(s) for s in range(chain.n_states)]:
        raise ValueError("its rows are in another order")
    return chain


def _plain(value: Any) -> Any:
    return value.item()  # NumPy's own numbers


def _versions() -> dict[str, str]:
    from importlib.metadata import PackageNotFoundError, version

    found = {"markovgpt": __version__, "python": platform.python_version()}
    for package in ("numpy", "torch"):
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def _refusal(place: Path, problem: str) -> ArgumentError:
    return ArgumentError(
        f"No golden chain can be read from {place}: {problem}. Write it again with save_golden(chain, path), or pytest "
        "--markovgpt-update-golden, and look at the difference.",
        path=str(place),
    )
