"""Is a model that ``--save-model`` keeps the same when ``--model FOLDER`` loads it?"""

from __future__ import annotations

import json
from pathlib import Path

import pytest


def _record(path):
    return json.loads(Path(path).read_text(encoding="utf-8"))


def test_saved_model_is_the_same_model(run):
    """Weights, chain, counts and losses come back; the report says the same."""
    first = run("analyze", "--steps", 3, "--save-model", "kept", "-o", "first.json")
    second = run("analyze", "--model", "kept", "-o", "second.json")
    a, b = _record("first.json"), _record("second.json")
    assert first.stderr == "saved the model to kept\nwrote first.json\n"
    assert a["model"] == b["model"]
    assert a["fingerprint"] == b["fingerprint"]
    assert a["stationary"] == b["stationary"]
    assert a["ngrams"] == b["ngrams"]
    cost = "What enumeration cost"
    assert first.stdout.split(cost)[0] == second.stdout.split(cost)[0]


def test_saved_model_keeps_its_vocabulary(run):
    """Words with blanks between them, in the order of the vocabulary."""
    shape = ["-M", "context_length=1", "-M", "n_layer=1", "-M", "n_embd=8", "-M", "vocabulary=word"]
    run("analyze", "--model", "mingpt", "--data", "the cat the dog", *shape, "--steps", 1, "--save-model", "kept")
    run("analyze", "--model", "kept", "-o", "a.json")
    assert _record("a.json")["model"]["tokens"] == ["cat", "dog", "the"]


def test_saved_model_can_be_decoded_and_restricted(run, untrained_folder):
    """Options of the analysis, not of the training, still apply."""
    result = run("analyze", "--model", untrained_folder, "--greedy", "--reachable-from", "0")
    assert result.exit_code == 0


def test_save_model_makes_the_folders_above(run):
    """``a/b/c`` where there is no ``a``."""
    assert run("analyze", "--untrained", "--save-model", "a/b/c").exit_code == 0
    assert (Path("a/b/c") / "config.json").is_file()


def test_save_model_writes_what_cannot_run_code(run):
    """safetensors and JSON, nothing pickled."""
    run("analyze", "--untrained", "--save-model", "kept")
    assert {path.suffix for path in Path("kept").iterdir()} == {".json", ".safetensors"}


def test_save_model_refuses_a_folder_that_holds_a_model(run, refused):
    """Hours of training are not overwritten by a slip; the old model is still there."""
    run("analyze", "--untrained", "--save-model", "kept")
    before = Path("kept/model.safetensors").read_bytes()
    assert "kept holds a model already, which would be lost" in refused("analyze", "--seed", 7, "--save-model", "kept")
    assert Path("kept/model.safetensors").read_bytes() == before


def test_save_model_leaves_no_empty_folder_after_a_mistake(refused):
    """The folder is made before training; if no model comes of it, it goes again."""
    refused("analyze", "--data", "10121", "--save-model", "kept")
    assert not Path("kept").exists()


def test_save_model_leaves_a_folder_of_the_user_alone(refused):
    """One that was there before, and files in it."""
    Path("kept").mkdir()
    refused("analyze", "--data", "10121", "--save-model", "kept")
    assert Path("kept").is_dir()


def test_finished_model_takes_no_options_but_its_device(refused, untrained_folder):
    """It is trained already: ``--steps`` would do nothing, and says so."""
    message = refused("analyze", "--model", untrained_folder, "--steps", 3)
    assert message == f"The model {untrained_folder} has no option 'steps'. It takes device."


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        pytest.param(lambda f: (f / "config.json").write_text("{"), "is damaged: JSONDecodeError", id="cut short"),
        pytest.param(lambda f: (f / "config.json").write_bytes(b"\xff"), "is damaged: UnicodeDecodeError", id="bytes"),
        pytest.param(lambda f: (f / "config.json").write_text("{}"), "does not describe a model", id="other JSON"),
        pytest.param(lambda f: (f / "config.json").write_text("[]"), "does not describe a model", id="no table"),
        pytest.param(
            lambda f: (f / "model.safetensors").write_bytes(b"x"), "is damaged: SafetensorError", id="weights"
        ),
        pytest.param(lambda f: (f / "model.safetensors").unlink(), "No saved model in", id="no weights"),
    ],
)
def test_damaged_model_is_refused(run, refused, spoil, message):
    """One line, exit code 3; the libraries that read the file keep their tracebacks to themselves."""
    run("analyze", "--untrained", "--save-model", "kept")
    spoil(Path("kept"))
    assert message in refused("analyze", "--model", "kept", code=3)


def test_model_that_is_no_gpt_is_not_saved(refused):
    """Said before anything is analysed."""
    Path("coin.py").write_text(
        "import markovgpt as mg\ndef coin():\n    return mg.from_matrix([[0.5, 0.5], [0.5, 0.5]])\n", encoding="utf-8"
    )
    message = refused("analyze", "--model", "coin.py:coin", "--save-model", "kept")
    assert message.startswith("--save-model keeps models of the minGPT family")
