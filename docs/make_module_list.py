"""Write the list of modules in docs/architecture.md: each module and the first sentence of its docstring.

With ``--check`` nothing is written: the exit code is 1 if the page is out of date.
"""

from __future__ import annotations

import ast
import re
import sys
from pathlib import Path

import click

PAGE = Path(__file__).resolve().parent / "architecture.md"
PACKAGE = PAGE.parents[1] / "markovgpt"
_BEGIN, _END = "<!-- modules: begin -->\n", "<!-- modules: end -->"
_ORDER = (
    "errors",
    "interrupts",
    "figures",
    "devices",
    "torch_settings",
    "vocabulary",
    "data",
    "gpt_weights",
    "model",
    "answers",
    "decoding",
    "origin",
    "statespace",
    "table_file",
    "kernels",
    "operators",
    "generation",
    "chain",
    "solvers",
    "table",
    "sparse_chain",
    "chain_files",
    "models",
    "adapters",
    "enumeration",
    "analysis",
    "ngrams",
    "comparison",
    "benchmarking",
    "registry",
    "drawing",
    "plots",
    "report",
    "testing",
    "pytest_plugin",
    "cli",
)
"""Parts of the package from the lowest layer to the highest; any other follows, by name."""


def module_list() -> str:
    """The table, lowest layer first."""
    paths = sorted(PACKAGE.rglob("*.py"), key=_place)
    rows = [f"| `{path.relative_to(PACKAGE).as_posix()}` | {_question(path)} |" for path in paths]
    return "\n".join(["| module | what it answers |", "|---|---|", *rows]) + "\n"


def _place(path: Path) -> tuple[int, str, bool, str]:
    part = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    rank = _ORDER.index(part) if part in _ORDER else len(_ORDER)
    return rank, part, path.name != "__init__.py", path.as_posix()


def _question(path: Path) -> str:
    """The first paragraph of the docstring up to its first full stop or question mark, on one line."""
    text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    line = " ".join(text.split("\n\n")[0].split())
    end = re.search(r"(?<=\w\w)[.?](?= |$)|(?<=[^\w\s])[.?](?= |$)", line)  # "A. Name" ends no sentence
    line = line[: end.end()] if end else line
    return line.replace("``", "`").replace("|", "\\|")


def main() -> None:
    """Write the list, or compare it."""
    page = PAGE.read_text(encoding="utf-8")
    before, rest = page.split(_BEGIN)
    fresh = f"{before}{_BEGIN}{module_list()}{_END}{rest.split(_END)[1]}"
    if sys.argv[1:] == ["--check"]:
        if page != fresh:
            click.echo(f"The modules in {PAGE.name} are out of date. Run: python docs/make_module_list.py", err=True)
            sys.exit(1)
        return
    if sys.argv[1:]:
        sys.exit(f"The only option is --check: got {' '.join(sys.argv[1:])}")
    PAGE.write_text(fresh, encoding="utf-8")
    click.echo(f"wrote the modules into {PAGE}", err=True)


if __name__ == "__main__":
    main()
