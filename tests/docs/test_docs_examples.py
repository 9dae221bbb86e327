"""Do the pages show what the program says? And does the checker of the pages notice when they do not?"""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest

from markovgpt.testing import CHECKS

ROOT = Path(__file__).resolve().parents[2]
PAGES_WITH_EXAMPLES = (
    "README.md",
    "docs/against-the-world.md",
    "docs/architecture.md",
    "docs/checks.md",
    "docs/cli.md",
    "docs/index.md",
    "docs/test-your-own-model.md",
    "docs/theory.md",
    "docs/tutorial.md",
    "docs/what-did-it-learn.md",
    "docs/your-own-model.md",
)


def _load(name: str):
    spec = importlib.util.spec_from_file_location(name, ROOT / "docs" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses of the file look themselves up here
    spec.loader.exec_module(module)
    return module


check_examples = _load("check_examples")
PLAYED = [page for page in check_examples.pages() if check_examples.blocks_of(page)]


@pytest.mark.parametrize("page", PLAYED, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_examples_show_what_the_program_says(page):
    """Every page is played once, from top to bottom."""
    wrong = [f"{block.title}\n{problem}" for block, problem in check_examples.play(page).items() if problem]
    assert not wrong, "\n".join([*wrong, f"This page alone: python docs/check_examples.py {page.relative_to(ROOT)}"])


@pytest.mark.parametrize("page", PAGES_WITH_EXAMPLES)
def test_page_has_examples_that_are_executed(page):
    """A page whose fences are no longer recognised would pass in silence."""
    kinds = {block.kind for block in check_examples.blocks_of(ROOT / page)}
    assert kinds & {"console", "doctest", "python"}


@pytest.mark.parametrize("name", CHECKS)
def test_page_of_a_check_shows_a_model_that_fails_and_its_repair(name):
    """The same command twice, with a change of the file in between; what it prints is the test above."""
    blocks = check_examples.blocks_of(ROOT / "docs" / "checks" / f"{name}.md")
    assert [block.kind for block in blocks] == ["file", "console", "change", "console"]
    file, bug, _, repair = blocks
    command = f"markovgpt check {file.name}:"
    assert bug.text.startswith(f"$ {command}")
    assert bug.text.splitlines()[0] == repair.text.splitlines()[0]
    assert bug.text.splitlines()[0].endswith(f" --only {name}")
    assert f"\n{'note' if CHECKS[name].informs else 'FAIL'}  {name}\n" in bug.text
    assert f"\n  ok     {name}  " in repair.text


def _played(tmp_path, text):
    page = tmp_path / "page.md"
    page.write_text(text, encoding="utf-8")
    return list(check_examples.play(page).values())


RIGHT = """
# A page

```console
$ markovgpt states --vocab-size 2 --context-length 3
States of a model with V = 2 tokens and a context of K = 3
  states of length K        V^K = 8 (1 digit)
  states of lengths 1 to K  14
  arrows                    2 out of every state
  one context               3 bits, 0.375 bytes
...
$ markovgpt states --vocab-size two
...
Error: ... 'two' is not a valid integer.
$ echo $?
2
```

Then

```python
>>> import markovgpt as mg
>>> chain = mg.chain_from_table([[0.9, 0.1], [0.3, 0.7]])
```

and

```python
>>> chain.n_states, mg.stationary_distribution(chain).probabilities.tolist()
(2, [0.75, 0.25])
>>> chain.row("2")
Traceback (most recent call last):
...
markovgpt.errors.ArgumentError: '2' in the context '2' is no token of this model. ...
```
"""


def test_checker_accepts_a_page_that_is_right(tmp_path):
    """One console block, and two Python blocks that share their names."""
    assert _played(tmp_path, RIGHT) == ["", "", ""]


@pytest.mark.parametrize(
    ("right", "planted", "block"),
    [
        pytest.param("0.375 bytes", "0.385 bytes", 0, id="wrong number"),
        pytest.param("1 to K  14", "1 to K  15", 0, id="wrong whole number"),
        pytest.param("out of every", "into every", 0, id="wrong word"),
        pytest.param("  arrows", " arrows", 0, id="wrong indentation"),
        pytest.param("bytes\n...\n", "bytes\n", 0, id="missing lines"),
        pytest.param("a valid integer.\n", "a valid integer.\nnor a float.\n", 0, id="line too many"),
        pytest.param("?\n2", "?\n3", 0, id="wrong exit code"),
        pytest.param("$ echo $?\n2\n", "", 0, id="failure that is not shown"),
        pytest.param("--vocab-size 2 ", "--vocabulary 2 ", 0, id="option that is gone"),
        pytest.param("chain = mg", "chane = mg", 2, id="name that is gone"),
        pytest.param("[0.75, 0.25]", "[0.75, 0.35]", 2, id="wrong number in Python"),
        pytest.param("no token of this", "a token of this", 2, id="wrong word in an error"),
        pytest.param("import markovgpt as mg", "import markovgtp as mg", 1, id="module that is gone"),
    ],
)
def test_checker_notices_a_planted_mistake(tmp_path, right, planted, block):
    """The page above with one thing changed."""
    assert right in RIGHT
    assert _played(tmp_path, RIGHT.replace(right, planted))[block]


@pytest.mark.parametrize(
    ("shown", "said"),
    [
        pytest.param("rate 0.819756 bits", "rate 0.819757 bits", id="last digit"),
        pytest.param("rate 0.8198 bits", "rate 0.8202 bits", id="a tenth of a percent"),
        pytest.param("residual 1.0e-16", "residual 1.1e-16", id="last digit of a power"),
        pytest.param("73.16%", "73.17%", id="percent"),
        pytest.param("1,234.5 s", "1,235.0 s", id="thousands"),
        pytest.param("50 in ... ms", "50 in 295 ms", id="piece of a line"),
        pytest.param("a\n...\nz", "a\nz", id="no lines"),
        pytest.param("a\n...\nm\n...\nz", "a\nm\nn\nm\nz", id="lines twice"),
        pytest.param("000  ████▋", "000  ████▊", id="bar"),
    ],
)
def test_difference_is_empty_within_the_tolerance(shown, said):
    """0.1% or one unit of the last digit; two eighths of a character; anything for dots."""
    assert check_examples.difference(shown, said) == ""


@pytest.mark.parametrize(
    ("shown", "said"),
    [
        pytest.param("rate 0.819756 bits", "rate 0.821756 bits", id="number"),
        pytest.param("0.0183", "0.0185", id="small number"),
        pytest.param("residual 1.0e-16", "residual 1.0e-15", id="power"),
        pytest.param("rate 0.5 bits", "rate inf bits", id="infinity"),
        pytest.param("rate 0.5 bits", "rate -0.5 bits", id="sign"),
        pytest.param("state 011", "state 010", id="label"),
        pytest.param("8 states", "9 states", id="count"),
        pytest.param("version 0.1.0", "version 0.1.1", id="version"),
        pytest.param("two words", "two  words", id="blanks"),
        pytest.param("000  ████▋", "000  ███▋", id="bar"),
        pytest.param("a\n...\nz", "a\nb\nc", id="line after dots"),
        pytest.param("a", "a\nb", id="more lines"),
        pytest.param("a\nb", "a", id="fewer lines"),
    ],
)
def test_difference_shows_both_lines_beyond_the_tolerance(shown, said):
    """A wrong line is shown beside the right one."""
    assert "shown" in check_examples.difference(shown, said)


def test_block_without_a_command_is_a_mistake(tmp_path):
    """A console block that shows output only cannot be checked, and says so."""
    (problem,) = _played(tmp_path, "```console\nbabygpt as a Markov chain\n```\n")
    assert "begins with" in problem


def test_named_blocks_become_files(tmp_path):
    """A Python block that begins with its file name, and a captioned one."""
    page = (
        "```python\n# one.py\nanswer = 42\n```\n\n"
        "```{code-block} text\n:caption: two.txt\n\nhow do you do\n```\n\n"
        "```console\n$ cat two.txt\nhow do you do\n```\n\n"
        "```python\n>>> from pathlib import Path\n>>> Path('one.py').read_text().splitlines()[-1]\n'answer = 42'\n```\n"
    )
    assert _played(tmp_path, page) == ["", "", "", ""]


CHANGED = """
```python
# model.py
rows = [
    1,

    2,
]
table = 1
```

```console
$ "$PYTHON" -c "import model; print(model.rows, model.table)"
[1, 2] 1
```

```python
>>> from markovgpt.registry.importing import import_object
>>> import_object("model.py:rows"), import_object("model.py:table")
([1, 2], 1)
```

```diff
--- model.py
 rows = [
-    1,
+    3,

     2,
@@
-table = 1
+table = 4
```

```console
$ "$PYTHON" -c "import model; print(model.rows, model.table)"
[3, 2] 4
```

```python
>>> import_object("model.py:rows"), import_object("model.py:table")
([3, 2], 4)
```
"""


def test_change_of_a_file_is_seen_at_once(tmp_path):
    """Two places, one with lines around it; the file is as long as before, and as old to the second."""
    assert _played(tmp_path, CHANGED) == [""] * 6


@pytest.mark.parametrize(
    ("right", "planted", "says"),
    [
        pytest.param("-    1,", "-    5,", "must stand in model.py once:\nrows = [\n    5,", id="line that is gone"),
        pytest.param("-table = 1\n", "", "must stand in model.py once", id="no line to change"),
        pytest.param("table = 1\n```", "table = 1\ntable = 1\n```", "must stand in model.py once", id="line twice"),
        pytest.param("table = 1\n```", "stable = 1\n```", "must stand in model.py once", id="end of a line"),
        pytest.param("-table", "~table", "begins with a blank, - or +: ~table = 1", id="no sign"),
        pytest.param("--- model.py", "--- other.py", "There is no other.py to change", id="no such file"),
    ],
)
def test_checker_notices_a_change_that_cannot_be_made(tmp_path, right, planted, says):
    """The page above with one thing changed."""
    assert right in CHANGED
    assert says in _played(tmp_path, CHANGED.replace(right, planted))[3]
