"""What does a user read whose model cannot be found, cannot be built, or fails? Code 3, and the user's own lines."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

MODELS = """
import numpy as np
import markovgpt as mg

def helper(contexts):
    raise RuntimeError("CUDA is on holiday")

def raising():
    return mg.from_callable(helper, vocab_size=2, context_length=2)

def answering(answer):
    return lambda: mg.from_callable(answer, vocab_size=2, context_length=2, name="parrot")

nan = answering(lambda contexts: np.full((len(contexts), 2), np.nan))
impossible = answering(lambda contexts: np.full((len(contexts), 2), -np.inf))
wide = answering(lambda contexts: np.zeros((len(contexts), 3)))
deep = answering(lambda contexts: np.zeros((len(contexts), 2, 2)))
nothing = answering(lambda contexts: None)

def unbuildable():
    return 1 / 0

def needs(*, path: str, width: int, depth: int = 3):
    return raising()

def five():
    return 5

six = 6
"""


@pytest.fixture(autouse=True)
def _models(_empty_folder):
    Path("models.py").write_text(MODELS, encoding="utf-8")
    Path("one.py").write_text("import sys\n_width: int = 3\ndef net(): pass\nsys.exit(5)\n", encoding="utf-8")
    Path("wrong.py").write_text("def (", encoding="utf-8")
    Path("net.pt").write_bytes(b"")


@pytest.mark.parametrize("command", ["analyze", "draw"])
def test_unknown_model_is_refused_with_the_nearest(refused, command):
    """And the ways to name one."""
    message = refused(command, "--model", "babygtp", code=3)
    assert message.startswith("There is no model 'babygtp'. Did you mean babygpt? Known are babygpt, mingpt")
    assert "file.py:attr" in message


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        pytest.param("", "There is no model ''.", id="nothing"),
        pytest.param("quite another", "There is no model 'quite another'. Known are", id="like none"),
        pytest.param(
            "models.py",
            "There is no model 'models.py': models.py is a file, and what is in it is named by models.py:NAME. "
            "In it are helper, raising, answering, nan, impossible, wide, deep, nothing, ...",
            id="file without a colon",
        ),
        pytest.param("one.py", "one.py is a file, and what is in it is named by one.py:net", id="file with one thing"),
        pytest.param("wrong.py", "wrong.py is a file, and what is in it is named by wrong.py:NAME.", id="no Python"),
        pytest.param("net.pt", "net.pt is a file, and no Python file. A model is named by file.py:NAME", id="data"),
        pytest.param(".", "There is no model '.': . is a folder, but none that save_model wrote", id="folder"),
        pytest.param("models.py:rasing", "There is no 'rasing' in models.py.*Did you mean 'raising'?", id="attribute"),
        pytest.param("nowhere.py:model", "There is no Python file nowhere.py", id="file"),
        pytest.param("nowhere.there:model", "There is no module nowhere", id="module"),
        pytest.param("models.py:", "with something on both sides of the colon: got 'models.py:'", id="no attribute"),
        pytest.param(":model", "with something on both sides of the colon: got ':model'", id="no place"),
    ],
)
def test_model_that_is_not_there_is_refused(refused, spec, message):
    """Which part of the place is wrong."""
    assert re.search(re.escape(message).replace(r"\.\*", ".*"), refused("analyze", "--model", spec, code=3))


def test_missing_options_of_a_factory_are_named(refused):
    """Both that are needed, as they are to be written; not the one with a default."""
    message = refused("analyze", "--model", "models.py:needs")
    assert "needs path, width: -M path=... -M width=..." in message
    assert "depth" not in message


@pytest.mark.parametrize("spec", ["models.py:five", "models.py:six"])
def test_thing_that_is_no_model_is_refused(refused, spec):
    """A number has no ``vocab_size``."""
    assert refused("analyze", "--model", spec) == "A model needs `vocab_size`, the number of tokens: int has none."


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        pytest.param("nan", r"Logits of parrot must be finite.*got nan for token 0 at context \(0, 0\)", id="NaN"),
        pytest.param("impossible", r"Logits of parrot must be finite.*got only -inf", id="no token"),
        pytest.param("wide", r"one row of 2 logits a context, shape \(4, 2\): got shape \(4, 3\)", id="shape"),
        pytest.param("deep", r"got shape \(4, 2, 2\).*Return the last position only: logits\[:, -1\]", id="positions"),
        pytest.param("nothing", r"must return one row of 2 logits a context", id="None"),
    ],
)
def test_answer_that_is_no_law_is_refused(refused, spec, message):
    """The context, the value, the shape: no traceback, since no code of the user's raised."""
    assert re.search(message, refused("analyze", "--model", f"models.py:{spec}", code=3))


@pytest.fixture
def failed(run):
    """``failed(SPEC)``: the traceback and the message of a failure in the user's code."""

    def call(*arguments):
        result = run("analyze", "--model", *arguments)
        assert result.exit_code == 3
        assert result.stdout == ""
        *trace, message = result.stderr.splitlines()
        assert message.startswith("Error: ")
        return "\n".join(trace), message.removeprefix("Error: ")

    return call


def test_failure_of_a_model_shows_its_own_lines_and_not_ours(failed):
    """The function, its file and line; no frame of markovgpt."""
    trace, message = failed("models.py:raising")
    assert trace.startswith("Traceback")
    assert re.search(r'models\.py", line 6, in helper\n +raise RuntimeError', trace)
    assert trace.count('File "') == 1
    assert message.endswith("on 4 contexts of length 2, the first (0, 0): RuntimeError: CUDA is on holiday")


def test_failure_of_a_factory_shows_its_own_lines_and_not_ours(failed):
    """One frame: the division."""
    trace, message = failed("models.py:unbuildable")
    assert re.search(r'models\.py", line \d+, in unbuildable', trace)
    assert trace.count('File "') == 1
    assert message == "models.py:unbuildable could not be built: ZeroDivisionError: division by zero"


@pytest.mark.parametrize(
    ("code", "message"),
    [
        pytest.param("def f(:\n", "cannot be imported: SyntaxError: invalid syntax", id="syntax"),
        pytest.param("import nowhere_at_all\n", "ModuleNotFoundError: No module named 'nowhere_at_all'", id="import"),
        pytest.param("x = 1 / 0\n", "cannot be imported: ZeroDivisionError: division by zero", id="raises"),
        pytest.param(
            "import sys\nsys.exit(7)\n", "cannot be imported: the model ended the program: SystemExit(7)", id="leaves"
        ),
    ],
)
def test_file_that_cannot_be_imported_shows_its_own_lines_and_not_ours(failed, code, message):
    """The file of the user is the only one in the traceback."""
    Path("broken.py").write_text(code, encoding="utf-8")
    trace, said = failed("broken.py:model")
    assert message in said
    assert set(re.findall(r'File "([^"]+)"', trace)) == {str(Path.cwd() / "broken.py")}


def test_failure_in_a_torch_module_shows_the_lines_of_the_module(failed):
    """Its ``forward``; frames of torch between are not ours to hide."""
    Path("net.py").write_text(
        "import torch\nimport markovgpt as mg\n"
        "class Net(torch.nn.Module):\n    def forward(self, x):\n        return x.nonsense\n"
        "def net():\n    return mg.from_module(Net(), context_length=2, vocab_size=2)\n",
        encoding="utf-8",
    )
    trace, _ = failed("net.py:net")
    assert "return x.nonsense" in trace
    assert "markovgpt/adapters" not in trace
