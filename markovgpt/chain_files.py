"""How is a chain kept in a file and read again? A NumPy archive without pickles: nothing in it can run code.

A table that was enumerated into a file is read where it is, without a copy.
"""

from __future__ import annotations

import json
import zlib
from dataclasses import asdict
from os import PathLike
from pathlib import Path
from typing import Any, BinaryIO
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from markovgpt.chain import MarkovChain, check_is_chain
from markovgpt.decoding import Decoding
from markovgpt.errors import ArgumentError
from markovgpt.origin import Origin, TableStore
from markovgpt.sparse_chain import SparseChain
from markovgpt.statespace import StateSpace
from markovgpt.table_file.reading import is_table_file, read_finished
from markovgpt.vocabulary import Vocabulary

__all__ = ["chain_arrays", "is_chain_file", "load_chain", "save_chain"]

_VERSION = 1
_MAGIC = b"PK\x03\x04"
_ROW_SUM_TOLERANCE = 1e-6


def save_chain(chain: MarkovChain | SparseChain, path: str | PathLike[str]) -> Path:
    """Write a chain to a file; :func:`load_chain` reads it.

    Raises
    ------
    ArgumentError
        The file cannot be written.
    """
    check_is_chain(chain)
    place = Path(path)
    try:
        with place.open("wb") as file:
            arrays: dict[str, Any] = dict(chain_arrays(chain))
            np.savez_compressed(file, **arrays)
    except OSError as error:
        raise ArgumentError(
            f"The chain cannot be saved to {place}: {error.strerror or error}.", path=str(path)
        ) from None
    return place


def chain_arrays(chain: MarkovChain | SparseChain) -> dict[str, NDArray[Any]]:
    """All of a chain as arrays by name.

    ``probabilities`` (n, V), or for a sparse chain ``indptr``, ``indices``, ``data`` and ``arrow_tokens`` of its matrix
    and ``contexts`` (m, K); ``cut`` (n,) where there is one; ``chain``, a text: what else there is, as JSON.
    """
    about = {
        "format_version": _VERSION,
        "fingerprint": chain.fingerprint,
        "tokens": list(chain.vocabulary.tokens),
        "kind": chain.vocabulary.kind,
        "origin": asdict(chain.origin),
    }
    arrays: dict[str, NDArray[Any]] = {} if chain.cut is None else {"cut": chain.cut}
    if isinstance(chain, SparseChain):
        about |= {"special": list(chain.special)}
        matrix = chain.matrix
        arrays |= {"indptr": matrix.indptr, "indices": matrix.indices, "data": matrix.data}
        arrays |= {"arrow_tokens": chain.arrow_tokens, "contexts": chain.contexts}
    else:
        about |= {"context_length": chain.context_length, "lengths": chain.states.lengths}
        arrays |= {"probabilities": chain.probabilities}
    return arrays | {"chain": np.array(json.dumps(about, default=lambda number: number.item()))}  # NumPy's own numbers


def load_chain(path: str | PathLike[str]) -> MarkovChain | SparseChain:
    """Read a chain from what :func:`save_chain` or ``markovgpt analyze -o FILE.npz`` wrote.

    Its fingerprint is that of the chain that was written. A file that a table was enumerated into (``store=``,
    ``--store``) will do as well, once it is finished: ``probabilities`` is then a memory map of it.

    Raises
    ------
    ArgumentError
        The file cannot be read, is no such archive, is damaged, or is not finished.
    """
    if not isinstance(path, str | PathLike):
        raise ArgumentError(f"A chain is loaded from the path of a file: got {path!r}.", path=path)
    if is_table_file(Path(path)):
        return _stored_chain(Path(path))
    try:
        with Path(path).open("rb") as file:
            is_archive = file.read(len(_MAGIC)) == _MAGIC
            file.seek(0)
            arrays = _arrays_in(file) if is_archive else {}
        about = json.loads(str(arrays.pop("chain", "{}")))
        version = about.get("format_version")
        chain = _chain_of(about, arrays) if version == _VERSION else None
    except OSError as error:
        raise ArgumentError(f"No chain can be read from {path}: {error.strerror or error}.", path=str(path)) from None
    except (AttributeError, BadZipFile, EOFError, KeyError, TypeError, ValueError, zlib.error) as error:
        raise _refusal(path, f"it is damaged ({type(error).__name__}: {error})") from None  # the file is to blame
    if chain is None:
        found = f"it has format version {version}, and this markovgpt reads {_VERSION}" if version else "it has none"
        raise _refusal(path, found if is_archive else "it is no NumPy archive")
    return chain


def is_chain_file(path: str | PathLike[str]) -> bool:
    """Whether a file is meant to be read by :func:`load_chain`: by its suffix, ``.npz``, or its first bytes."""
    return Path(path).suffix.lower() == ".npz" or is_table_file(Path(path))


def _stored_chain(path: Path) -> MarkovChain:
    try:
        table = read_finished(path)
    except ArgumentError as error:
        raise ArgumentError(f"No chain can be read from {path}: it {error}.", path=str(path)) from None
    except OSError as error:
        raise ArgumentError(f"No chain can be read from {path}: {error.strerror or error}.", path=str(path)) from None
    header, about = table.header, table.header.identity
    n_blocks = header.n_blocks
    return MarkovChain(
        states=StateSpace(
            vocab_size=header.vocab_size, context_length=about["context_length"], lengths=about["lengths"]
        ),
        probabilities=table.probabilities,
        vocabulary=Vocabulary(tokens=tuple(about["tokens"]), kind=about["kind"]),
        origin=Origin(
            model=about["model"],
            decoding=Decoding(**about["decoding"]),
            model_fingerprint=about["model_fingerprint"],
            strategy=header.strategy,
            note=header.note,
            row_defect=table.row_defect,
            n_underflows=table.n_underflows,
            rounding=table.rounding,
            store=TableStore(file=str(path), storage=header.storage, n_blocks=n_blocks, n_reused=n_blocks, n_damaged=0),
        ),
        cut=table.cut,
    )


def _arrays_in(file: BinaryIO) -> dict[str, NDArray[Any]]:
    known = ("chain", "probabilities", "indptr", "indices", "data", "arrow_tokens", "contexts", "cut")
    with np.load(file, allow_pickle=False) as archive:
        return {name: archive[name] for name in known if name in archive}


def _chain_of(about: dict[str, Any], arrays: dict[str, NDArray[Any]]) -> MarkovChain | SparseChain:
    vocabulary = Vocabulary(tokens=tuple(about["tokens"]), kind=about["kind"])
    decoding, store = about["origin"]["decoding"], about["origin"].get("store")
    origin = Origin(
        **{
            **about["origin"],
            "decoding": Decoding(**decoding),
            "store": None if store is None else TableStore(**store),
        }
    )
    chain: MarkovChain | SparseChain
    if "probabilities" in arrays:
        chain = MarkovChain(
            states=StateSpace(
                vocab_size=len(vocabulary), context_length=about["context_length"], lengths=about["lengths"]
            ),
            probabilities=arrays["probabilities"],
            vocabulary=vocabulary,
            origin=origin,
            cut=arrays.get("cut"),
        )
        least, sums = chain.probabilities.min(), chain.probabilities.sum(axis=1)  # (n,)
    else:
        n, tokens = len(arrays["cut"]), arrays["arrow_tokens"]
        if not ((tokens >= -1) & (tokens < len(vocabulary))).all():
            raise ValueError("its tokens are none of the vocabulary")
        matrix = csr_array((arrays["data"], arrays["indices"], arrays["indptr"]), shape=(n, n))
        matrix.check_format(full_check=True)
        chain = SparseChain(
            matrix=matrix,
            arrow_tokens=tokens,
            contexts=arrays["contexts"],
            special=tuple(about["special"]),
            cut=arrays["cut"],
            vocabulary=vocabulary,
            origin=origin,
        )
        least, sums = matrix.data.min(), matrix.sum(axis=1)  # (n,)
    if not (least >= 0 and (abs(sums - 1) <= _ROW_SUM_TOLERANCE).all()):
        raise ValueError("its rows are no probabilities")
    if chain.fingerprint != about["fingerprint"]:
        raise ValueError("it has another fingerprint than the chain that was written")
    return chain


def _refusal(path: str | PathLike[str], problem: str) -> ArgumentError:
    return ArgumentError(
        f"No chain can be read from {path}: {problem}. "
        "Write a chain with save_chain(), or with: markovgpt analyze -o FILE.npz, or --store FILE",
        path=str(path),
    )
