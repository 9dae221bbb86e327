"""Is a setup that cannot be refused in one line, before anything runs?"""

from __future__ import annotations

import pytest

FAIR = "models.py:fair"


def _refused(result, message):
    """Usage error, one message, no traceback, nothing run."""
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    said = result.stderr.str()
    assert message in said
    assert said.count("ERROR") == 1
    assert "Traceback" not in said + result.stdout.str()
    assert "INTERNALERROR" not in said + result.stdout.str()
    assert " passed" not in result.stdout.str()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["--markovgpt-alpha", "0"],
            "--markovgpt-alpha is the rate of false alarms, a number between 0 and 1: got '0'.",
        ),
        (["--markovgpt-alpha", "1"], "a number between 0 and 1: got '1'."),
        (["--markovgpt-alpha", "nan"], "a number between 0 and 1: got 'nan'."),
        (["--markovgpt-alpha", "small"], "a number between 0 and 1: got 'small'."),
        (["--markovgpt-n", "0"], "--markovgpt-n is a whole number of at least 1: got '0'."),
        (["--markovgpt-n", "1e3"], "--markovgpt-n is a whole number of at least 1: got '1e3'."),
        (["--markovgpt-seed", "-1"], "--markovgpt-seed is a whole number of at least 0: got '-1'."),
        (["--markovgpt-atol", "1"], "that is called rounding, at least 0 and below 1: got '1'."),
        (
            ["--markovgpt-timeout", "0"],
            "--markovgpt-timeout is a number of seconds above 0, or None for no limit: got '0'.",
        ),
        (["--markovgpt-timeout", "soon"], "or None for no limit: got 'soon'."),
        (["--markovgpt-model", " "], "--markovgpt-model needs the name or place of a model: got an empty text."),
        (["--markovgpt-xfails", ""], "--markovgpt-xfails needs the path of a file: got an empty text."),
        (["--markovgpt-report", "out.pdf"], "--markovgpt-report writes .html or .json: got "),
        (["--markovgpt-report", "models.py/out.html"], "cannot be written to "),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_option_that_cannot_be_is_refused(run, arguments, message):
    """What, which value, what instead."""
    _refused(run(*arguments), message)


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("markovgpt_alpha = 7", "The setting markovgpt_alpha is the rate of false alarms"),
        ("markovgpt_n = many", "The setting markovgpt_n is a whole number of at least 1: got 'many'."),
        ("markovgpt_report = report.txt", "--markovgpt-report writes .html or .json"),
    ],
)
def test_setting_that_cannot_be_is_refused(run, folder, setting, message):
    """In the ini file as on the command line."""
    folder.makeini(f"[pytest]\n{setting}\n")
    _refused(run(), message)


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("babygpd", "There is no model 'babygpd'. Did you mean babygpt?"),
        ("gone.py:fair", "gone.py"),
        ("models.py:gone", "gone"),
        ("models.py:np", "A model needs `vocab_size`"),
        ("models.py:unbuildable", "unbuildable could not be built: RuntimeError: no weights"),
        ("broken.py:fair", "SyntaxError"),
        ("exits.py:fair", "SystemExit"),
    ],
)
def test_model_that_cannot_be_is_refused(run, folder, spec, message):
    """Not found, no model, not built; a file that does not even load."""
    (folder.path / "broken.py").write_text("def (", encoding="utf-8")
    (folder.path / "exits.py").write_text("raise SystemExit(0)", encoding="utf-8")
    result = run("--markovgpt-model", spec)
    _refused(result, f"The model {spec!r} of --markovgpt-model cannot be tested: ")
    assert message in result.stderr.str()


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("gone.toml", None, "The expected failures cannot be read from "),
        ("x.yaml", "", "Expected failures are a .toml or .json file: got "),
        ("x.toml", "[coin.py:Coin]\n", 'In TOML, names with dots or colons stand in quotes: ["coin.py:Coin"].'),
        ("x.json", "{", "JSONDecodeError"),
        ("x.json", "[]", "Expected failures are a table of checks and reasons for every model"),
        ("x.json", "[" * 100_000, "RecursionError"),
        ("x.toml", 'causal = "no mask"', "got 'no mask' for 'causal'"),
        ("x.toml", '[fair]\ncausal = ""', "got '' as the reason of causal of 'fair'"),
        ("x.toml", "[fair]\ncausal = 3", "got 3 as the reason of causal of 'fair'"),
        ("x.toml", '[fair]\ncasual = "no mask"', "There is no check 'casual'. Did you mean causal?"),
        ("x.toml", b"\xff\xfe", "UnicodeDecodeError"),
    ],
)
def test_expected_failures_that_cannot_be_are_refused(run, folder, name, text, message):
    """Unreadable, of another form, unknown names."""
    if text is not None:
        (folder.path / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    _refused(run("--markovgpt-model", FAIR, "--markovgpt-xfails", name), message)


def test_expected_failures_in_a_folder_are_refused(run, folder):
    """A folder whose name ends like a file."""
    (folder.path / "x.toml").mkdir()
    _refused(run("--markovgpt-xfails", "x.toml"), "The expected failures cannot be read from ")


def test_model_that_cannot_be_found_is_refused_before_workers_start(run_program):
    """By the controller, in one line."""
    _refused(
        run_program("--markovgpt-model", "babygpd", "-n", "1"), "There is no model 'babygpd'. Did you mean babygpt?"
    )
