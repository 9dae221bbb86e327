"""What does a path hold: a folder of the transformers library, a GGUF file, or something else?"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, final

from markovgpt import ModelLoadError

__all__ = ["Source", "find_source"]

Weights = Literal["safetensors", "pickle", "gguf"]

_TOKENIZER_FILES = (
    "tokenizer.json",
    "tokenizer.model",
    "vocab.json",
    "vocab.txt",
    "spiece.model",
    "sentencepiece.bpe.model",
    "tekken.json",
)
_DOWNLOAD = "Nothing is downloaded here; do it once, with: hf download OWNER/NAME --local-dir FOLDER"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where a model lies.

    Attributes
    ----------
    folder : Path
    weights : "safetensors", "pickle" or "gguf"
    gguf_file : str, or None
        Name within the folder.
    has_tokenizer : bool
        Whether there are files of a tokenizer; a GGUF file brings its own. It is asked here, since transformers makes
        an *empty* tokenizer for some folders without one, which turns every text into nothing.
    """

    folder: Path
    weights: Weights
    gguf_file: str | None = None
    has_tokenizer: bool = True

    @property
    def path(self) -> Path:
        """The folder, or the GGUF file."""
        return self.folder if self.gguf_file is None else self.folder / self.gguf_file

    @property
    def name(self) -> str:
        """What to call the model: the folder's name, or the file's without ``.gguf``."""
        path = self.path.resolve()
        return path.name.removesuffix(".gguf") if self.gguf_file else path.name


def find_source(path: Path, *, gguf_file: str | None = None) -> Source:
    """What lies at a path.

    Raises
    ------
    ModelLoadError
        Nothing is there, or it is no model, or several GGUF files are.
    """
    if path.is_file():
        if gguf_file is not None:
            raise _error(path, f"is a file already: leave out gguf_file={gguf_file}.")
        return _gguf(path)
    if not path.exists():
        raise ModelLoadError(f"There is no folder or file {path}. {_DOWNLOAD}.", path=str(path))
    if gguf_file is not None:
        return _gguf(_member(path, gguf_file))
    if (path / "config.json").is_file():
        return _folder(path)
    found = sorted(file.name for file in path.glob("*.gguf"))
    if len(found) == 1:
        return _gguf(path / found[0])
    if found:
        raise _error(path, f"holds {len(found)} GGUF files: choose one with gguf_file: {', '.join(found)}.")
    raise _error(path, f"holds no model: it has neither config.json nor a .gguf file. It holds {_listing(path)}.")


def _member(folder: Path, name: str) -> Path:
    if not (folder / name).is_file():
        found = ", ".join(sorted(file.name for file in folder.glob("*.gguf"))) or "none"
        raise _error(folder, f"has no file {name!r}. GGUF files in it: {found}.")
    return folder / name


def _gguf(file: Path) -> Source:
    with file.open("rb") as opened:
        magic = opened.read(4)
    if magic != b"GGUF":
        raise _error(
            file, f"is no GGUF file: it begins with {magic!r}, not b'GGUF'. For other weights give the folder."
        )
    return Source(folder=file.parent, weights="gguf", gguf_file=file.name)


def _folder(path: Path) -> Source:
    try:
        described = json.loads((path / "config.json").read_text(encoding="utf-8"))
    except ValueError as error:
        raise _error(path / "config.json", f"is not valid JSON: {error}.") from error
    if isinstance(described, dict) and described.get("format") == "markovgpt model":
        raise _error(path, f"is a model that markovgpt saved: load it with --model {path}.")
    has_tokenizer = any((path / name).is_file() for name in _TOKENIZER_FILES)
    if any(path.glob("*.safetensors")):
        return Source(folder=path, weights="safetensors", has_tokenizer=has_tokenizer)
    if any(path.glob("pytorch_model*.bin")):
        return Source(folder=path, weights="pickle", has_tokenizer=has_tokenizer)
    raise _error(
        path, f"has a config.json but no weights (.safetensors, or pytorch_model.bin). It holds {_listing(path)}."
    )


def _listing(path: Path) -> str:
    names = sorted(file.name for file in path.iterdir())
    return ", ".join(names[:8]) + (", ..." if len(names) > 8 else "") or "nothing"


def _error(path: Path, problem: str) -> ModelLoadError:
    return ModelLoadError(f"{path} {problem}", path=str(path))
