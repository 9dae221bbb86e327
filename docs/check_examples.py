"""Does every example on the pages still show what the program says?

    python docs/check_examples.py                      README.md and all pages
    python docs/check_examples.py docs/tutorial.md     one page

A page is played from top to bottom in an empty folder, as a reader would do it:

- A ``console`` block (and any block with a line ``$ markovgpt``) holds commands after ``$ `` (``> `` goes on with one),
  each with its output, stdout and stderr together. ``$ echo $?`` shows the exit code; where it does not follow, the
  command must succeed. Pipes and other programs go through ``sh``. Installation belongs into ``sh`` blocks: not run.
- A ``python`` block with ``>>>`` is a doctest, one without is executed; names live on to the end of the page.
- A ``python`` block that begins with ``# name.py``, and a ``{code-block}`` with ``:caption: name``, are saved as files.
- A ``diff`` block that begins with ``--- name.py`` changes such a file: lines with ``-`` (and those around them, with a
  blank) must stand in it once. A line ``@@`` begins another place.

Shown and real output must agree. Text: letter by letter. Numbers with a decimal point, an exponent, a percent sign (but
0% and 100%, which mean never and always): within 0.1% or one unit of the last digit shown. Unicode bars: within two
eighths of a character. ``...`` stands for any piece of a line; alone on its line, for any number of lines.
"""

from __future__ import annotations

import contextlib
import doctest
import io
import os
import re
import shlex
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import click
from click.testing import CliRunner

__all__ = ["Block", "blocks_of", "difference", "pages", "play"]

ROOT = Path(__file__).resolve().parents[1]

_FENCE = re.compile(
    r"^(?P<indent> *)(?P<fence>`{3,})(?P<info>[^\n`]*)\n(?P<body>.*?)^(?P=indent)(?P=fence) *$",
    re.MULTILINE | re.DOTALL,
)
_CAPTION = re.compile(r"^:caption: *(?P<name>\S+) *$", re.MULTILINE)
_FILE_COMMENT = re.compile(r"\A# (?P<name>[\w./-]+\.\w+)\n")
_CHANGED_FILE = re.compile(r"\A--- (?P<name>[\w./-]+\.\w+)\n")
_SHELL = re.compile(r"[|<>;&*`]|\$\(")
_BARS = "▏▎▍▌▋▊▉█▁▂▃▄▅▆▇"
_EIGHTHS = {c: n for run in ("▏▎▍▌▋▊▉█", "▁▂▃▄▅▆▇█") for n, c in enumerate(run, start=1)}
_PIECE = re.compile(
    rf"(?P<any>\.\.\.)"
    rf"|(?P<bar>[{_BARS}](?:[{_BARS} ]*[{_BARS}])?)"
    r"|(?P<percent>(?<![\w.,])(?!0%|100%)\d+(?=%))"
    r"|(?P<number>(?<![\w.])[-+]?(?:(?:\d[\d,]*)?\.\d+(?:[eE][-+]?\d+)?|\d+[eE][-+]?\d+)(?!\w|\.\d))"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """An example: where it stands, how it is played, and its text. ``name`` is that of the file it saves or changes."""

    page: Path
    line: int
    kind: str
    text: str
    name: str = ""

    @property
    def title(self) -> str:
        """The page, the line, and how the block begins."""
        first = self.name or self.text.strip().splitlines()[0].removeprefix(">>> ").removeprefix("$ ")
        return f"{self.page.name}:{self.line} {first[:48]}"


def pages() -> tuple[Path, ...]:
    """The pages with examples: README.md and everything under docs."""
    found = sorted(path for path in (ROOT / "docs").rglob("*.md") if "_build" not in path.parts)
    return (ROOT / "README.md", *found)


def blocks_of(page: Path) -> tuple[Block, ...]:
    """The examples of a page, in their order."""
    source = page.read_text(encoding="utf-8")
    blocks = []
    for fence in _FENCE.finditer(source):
        block = _block(page, source.count("\n", 0, fence.start()) + 1, fence["info"].strip(), fence["body"])
        if block is not None:
            blocks.append(block)
    return tuple(blocks)


def _block(page: Path, line: int, info: str, body: str) -> Block | None:
    body = textwrap.dedent(body)
    caption = _CAPTION.search(body) if info.startswith("{code-block}") else None
    if caption is not None:
        content = re.sub(r"\A(?::[\w-]+:.*\n)+\n?", "", body)
        return Block(page=page, line=line, kind="file", text=content, name=caption["name"])
    if re.search(r"^\$ markovgpt\b", body, re.MULTILINE) or info == "console":
        return Block(page=page, line=line, kind="console", text=body)
    changed = _CHANGED_FILE.match(body)
    if info == "diff" and changed is not None:
        return Block(page=page, line=line, kind="change", text=body[changed.end() :], name=changed["name"])
    if info not in ("python", "pycon"):
        return None
    named = _FILE_COMMENT.match(body)
    if named is not None:
        return Block(page=page, line=line, kind="file", text=body, name=named["name"])
    return Block(page=page, line=line, kind="doctest" if ">>>" in body else "python", text=body)


def play(page: Path) -> dict[Block, str]:
    """Run all examples of a page, in their order, in an empty folder; what is wrong with each, or ``""``."""
    names: dict[str, Any] = {"__name__": "__main__"}
    players = {
        "console": _play_console,
        "doctest": partial(_play_doctest, names=names),
        "python": partial(_play_python, names=names),
        "file": _play_file,
        "change": _play_change,
    }
    with (
        tempfile.TemporaryDirectory() as folder,
        contextlib.chdir(folder),
        _registered_models_put_back(),
        _no_compiled_files(),
    ):
        return {block: players[block.kind](block) for block in blocks_of(page)}


@contextlib.contextmanager
def _registered_models_put_back() -> Iterator[None]:
    """A page may register a model; the next page, or another test of this process, must not meet it."""
    from markovgpt.registry import registered

    before = registered.registered_models()
    try:
        yield
    finally:
        registered._REGISTERED.clear()
        registered._REGISTERED.update(before)


@contextlib.contextmanager
def _no_compiled_files() -> Iterator[None]:
    """A file that is changed within a second, to one of the same size, would be taken for the compiled one."""
    before, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    try:
        yield
    finally:
        sys.dont_write_bytecode = before


def _play_file(block: Block) -> str:
    Path(block.name).write_text(block.text, encoding="utf-8")
    return ""


def _play_change(block: Block) -> str:
    file = Path(block.name)
    if not file.is_file():
        return f"There is no {file} to change: a block above has to save it."
    text = "\n" + file.read_text(encoding="utf-8")
    for place in re.split(r"^@@\n", block.text, flags=re.MULTILINE):
        lines = [line if line.strip() else " \n" for line in place.splitlines(keepends=True)]
        wrong = [line for line in lines if line[0] not in " -+"]
        if wrong:
            return f"A line of a change begins with a blank, - or +: {wrong[0]}"
        old, new = ("\n" + "".join(line[1:] for line in lines if line[0] in kinds) for kinds in (" -", " +"))
        if len(re.findall(f"(?={re.escape(old)})", text)) != 1:  # they may overlap in a line end
            return f"These lines must stand in {file} once:{old}"
        text = text.replace(old, new)
    file.write_text(text[1:], encoding="utf-8")
    return ""


def _play_python(block: Block, *, names: dict[str, Any]) -> str:
    try:
        exec(compile(block.text, f"{block.page.name}:{block.line}", "exec"), names)  # noqa: S102  # our own pages
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return ""


def _play_doctest(block: Block, *, names: dict[str, Any]) -> str:
    examples = doctest.DocTestParser().get_examples(block.text)
    test = doctest.DocTest(examples, names, block.title, str(block.page), block.line, block.text)
    said = io.StringIO()
    doctest.DocTestRunner(checker=_Checker(), verbose=False).run(test, out=said.write, clear_globs=False)
    names.update(test.globs)  # DocTest works on a copy
    return said.getvalue()


class _Checker(doctest.OutputChecker):
    def check_output(self, want: str, got: str, optionflags: int) -> bool:  # noqa: ARG002  # doctest's signature
        return not difference(want.replace("<BLANKLINE>", ""), got)

    def output_difference(self, example: doctest.Example, got: str, optionflags: int) -> str:  # noqa: ARG002  # same
        return difference(example.want.replace("<BLANKLINE>", ""), got) + "\n"


def _play_console(block: Block) -> str:
    steps = list(_commands(block.text))
    if not steps:
        return "A console block begins with '$ ' and a command."
    problems = []
    code = 0
    for (command, shown), after in pairwise([*steps, ("", "")]):
        if command == "echo $?":
            said = f"{code}\n"
        else:
            said, code = _run(command)
            if code and after[0] != "echo $?":
                problems.append(f"$ {command}\nexit code {code}; it printed:\n{said}")
                continue
        wrong = difference(shown, said)
        if wrong:
            problems.append(f"$ {command}\n{wrong}\nthe whole output:\n{said}")
    return "\n".join(problems)


def _commands(text: str) -> Iterator[tuple[str, str]]:
    """Each command of a console block and the output shown for it."""
    command, shown = "", []
    for line in text.splitlines():
        if line.startswith("$ "):
            if command:
                yield command, "\n".join(shown)
            command, shown = line[2:].strip(), []
        elif line.startswith("> ") and command and not shown:
            command += "\n" + line[2:]
        else:
            shown.append(line)
    if command:
        yield command, "\n".join(shown)


def _run(command: str) -> tuple[str, int]:
    """Output and exit code; plain ``markovgpt`` commands run in this process, which saves the start of torch."""
    env = {"COLUMNS": "80", "NO_COLOR": "1"}
    if command.startswith("markovgpt ") and not _SHELL.search(command):
        from markovgpt.cli import main

        result = CliRunner(env=env).invoke(main, shlex.split(command)[1:], prog_name="markovgpt")
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            return f"{result.output}{type(result.exception).__name__}: {result.exception}\n", -1
        return result.output, result.exit_code
    script = f'markovgpt() {{ "$PYTHON" -m markovgpt "$@"; }}\npytest() {{ "$PYTHON" -m pytest "$@"; }}\n{command}'
    given = os.environ.get("PYTEST_ADDOPTS", "")
    env["PYTEST_ADDOPTS"] = f"{given} -p no:randomly -p no:cacheprovider"  # in the order of the files
    done = subprocess.run(  # noqa: S603  # our own pages
        ["sh", "-c", script],  # noqa: S607  # whichever sh the machine has
        env={
            **os.environ,
            **env,
            "PYTHON": sys.executable,
            "PYTHONIOENCODING": "utf-8",
            "PYTHONDONTWRITEBYTECODE": "1",
        },
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        check=False,
    )
    return done.stdout, done.returncode


def difference(shown: str, said: str) -> str:
    """What is wrong with a shown output, as a few lines of text; ``""`` if it agrees with what the program said."""
    want = [line.rstrip() for line in shown.strip("\n").splitlines()]
    got = [line.rstrip() for line in said.strip("\n").splitlines()]

    @cache
    def furthest(i: int, j: int) -> tuple[int, int]:
        """How far the shown lines from i on can be followed in the real lines from j on."""
        if i == len(want):
            return (i, j) if j < len(got) else (i + 1, j)  # one more: all is well
        if want[i].strip() == "...":
            return max(furthest(i + 1, k) for k in range(j, len(got) + 1))
        if j < len(got) and _same_line(want[i], got[j]):
            return furthest(i + 1, j + 1)
        return i, j

    with _deep_recursion(len(want) + len(got)):
        i, j = furthest(0, 0)
    if i > len(want):
        return ""
    line = repr(want[i]) if i < len(want) else "nothing more"
    real = repr(got[j]) if j < len(got) else "nothing more"
    return f"  shown  {line}\n  real   {real}"


@contextlib.contextmanager
def _deep_recursion(n: int) -> Iterator[None]:
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(max(before, 20 * n + 1000))
    try:
        yield
    finally:
        sys.setrecursionlimit(before)


def _same_line(shown: str, said: str) -> bool:
    pattern, checks, end = "", [], 0
    for piece in _PIECE.finditer(shown):
        pattern += re.escape(shown[end : piece.start()])
        end = piece.end()
        if piece["any"]:
            pattern += ".*?"
            continue
        other, same = next(_OTHER[kind] for kind in _OTHER if piece[kind])
        pattern += other
        checks.append((piece[0], same))
    match = re.fullmatch(pattern + re.escape(shown[end:]), said)
    return match is not None and all(same(a, b) for (a, same), b in zip(checks, match.groups(), strict=True))


def _close(shown: str, said: str) -> bool:
    try:
        a, b = (float(text.replace(",", "")) for text in (shown, said))
    except ValueError:
        return False
    mantissa, _, exponent = shown.lower().partition("e")
    last_digit = 10.0 ** (int(exponent or 0) - len(mantissa.partition(".")[2]))
    return abs(a - b) <= max(1e-3 * abs(a), last_digit) * (1 + 1e-9)


def _alike(shown: str, said: str) -> bool:
    a, b = (sum(_EIGHTHS.get(c, 0) for c in text) for text in (shown, said))
    return abs(a - b) <= 2


_OTHER = {
    "bar": (rf"((?:[{_BARS}](?:[{_BARS} ]*[{_BARS}])?)?)", _alike),
    "percent": (r"(\d+)", _close),
    "number": (r"([-+]?[\d,]*\.?\d*(?:[eE][-+]?\d+)?)", _close),
}
"""What may stand in place of each kind of piece, and when the two are the same."""


def main() -> None:
    """Check the pages named on the command line, or all of them."""
    chosen = tuple(Path(argument).resolve() for argument in sys.argv[1:]) or pages()
    wrong = 0
    for page in chosen:
        for block, problem in play(page).items():
            wrong += bool(problem)
            click.echo(f"{'WRONG' if problem else 'ok   '} {block.title}")
            if problem:
                click.echo(textwrap.indent(problem, "      "))
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
