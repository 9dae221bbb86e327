"""Does ``markovgpt draw`` draw the notebook's picture, in every format?"""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

# Arrows of the notebook after 50 steps: the token and its rounded percent.
PERCENT_OF_1 = {"000": 73, "001": 78, "010": 76, "011": 80, "100": 75, "101": 79, "110": 78, "111": 45}
SIGNATURES = {
    ".svg": b"<?xml",
    ".png": b"\x89PNG\r\n\x1a\n",
    ".pdf": b"%PDF-",
    ".dot": b"digraph {",
    ".html": b"<!DOCTYPE html>",
}


def _dot(path):
    """States by name, whether they are dashed, and ``{(state, state): label}`` of a DOT file."""
    text = Path(path).read_text(encoding="utf-8")
    nodes = {
        node: (label, "dashed" in rest)
        for node, label, rest in re.findall(r"^\t(s\d+) \[label=(\S+?)( .*)?\]$", text, re.M)
    }
    arrows = re.findall(r'^\t(s\d+) -> (s\d+) \[label="([^"]*)"', text, re.M)
    return dict(nodes.values()), {(nodes[a][0], nodes[b][0]): label for a, b, label in arrows}


def _texts(path):
    """Every text of an SVG, which must be XML."""
    return [element.text for element in ElementTree.parse(path).iter() if element.tag.endswith("}text")]  # noqa: S314  # our own file


def test_draw_shows_the_arrows_of_the_notebook(run, babygpt_folder):
    """Sixteen arrows with labels like 1(79%), rounded as in the notebook."""
    assert run("draw", "--model", babygpt_folder, "-o", "a.dot").exit_code == 0
    _, arrows = _dot("a.dot")
    expected = {}
    for state, percent in PERCENT_OF_1.items():
        expected[state, f"{state[1:]}1"] = f"1({percent}%)"
        expected[state, f"{state[1:]}0"] = f"0({100 - percent}%)"
    assert arrows == expected


def test_draw_dashes_the_states_that_the_data_never_visit(run, babygpt_folder):
    """All but 011, 101, 110 and 111."""
    run("draw", "--model", babygpt_folder, "-o", "a.dot")
    nodes, _ = _dot("a.dot")
    assert {state for state, dashed in nodes.items() if dashed} == {"000", "001", "010", "100"}


def test_draw_shows_the_same_in_svg(run, babygpt_folder):
    """Eight states, sixteen labels, and the title, as text."""
    run("draw", "--model", babygpt_folder, "-o", "a.svg")
    texts = _texts("a.svg")
    assert {f"{n:03b}" for n in range(8)} <= set(texts)
    assert sorted(t for t in texts if t.startswith("1(")) == sorted(f"1({p}%)" for p in PERCENT_OF_1.values())
    assert "babygpt after 50 training steps" in texts


@pytest.mark.parametrize("suffix", SIGNATURES)
def test_draw_writes_the_format_of_the_suffix(run, untrained_folder, suffix):
    """By the first bytes of the file."""
    result = run("draw", "--model", untrained_folder, "-o", f"a{suffix}")
    assert result.exit_code == 0, result.stderr
    assert Path(f"a{suffix}").read_bytes().startswith(SIGNATURES[suffix])


def test_draw_writes_several_files(run, untrained_folder):
    """One note each."""
    result = run("draw", "--model", untrained_folder, "-o", "a.dot", "-o", "b.svg")
    assert result.stderr == "wrote a.dot\nwrote b.svg\n"


def test_draw_without_a_file_is_named_after_the_model(run, untrained_folder):
    """``babygpt.svg`` in the current folder."""
    assert run("draw", "--model", untrained_folder).exit_code == 0
    assert [path.name for path in Path().iterdir()] == ["babygpt.svg"]


def test_draw_explains_the_picture(run, untrained_folder):
    """What area, dashes and width mean, on stdout."""
    text = run("draw", "--model", untrained_folder, "-o", "a.dot").stdout
    assert "Area of a state: its stationary probability" in text
    assert "Dashed: never seen in training (4 of 8 states)." in text
    assert "Arrow: next token (its probability)" in text
    assert "Laid out by " in text


def test_draw_greedy_has_one_arrow_a_state(run, babygpt_folder):
    """Probability 0 is no arrow: 000>001>011>111>110>101>011, and 010>101, 100>001."""
    run("draw", "--model", babygpt_folder, "--greedy", "-o", "a.dot")
    _, arrows = _dot("a.dot")
    expected = ["000 001", "001 011", "011 111", "111 110", "110 101", "101 011", "010 101", "100 001"]
    assert set(arrows) == {tuple(pair.split()) for pair in expected}
    assert {label.split("(")[1] for label in arrows.values()} == {"100%)"}


def test_draw_lengths_all_has_fourteen_states(run, untrained_folder):
    """2 + 4 + 8."""
    run("draw", "--model", untrained_folder, "--lengths", "all", "-o", "a.dot")
    nodes, arrows = _dot("a.dot")
    assert len(nodes) == 14
    assert len(arrows) == 28
    assert ("0", "01") in arrows


@pytest.mark.parametrize("n", [1, 3, 8])
def test_draw_shows_the_heaviest_part_of_a_large_chain(run, untrained_folder, n):
    """``--max-nodes`` states, and what the picture leaves out."""
    result = run("draw", "--model", untrained_folder, "--max-nodes", n, "-o", "a.dot")
    nodes, _ = _dot("a.dot")
    assert len(nodes) == n
    assert (f"{n} of 8 states" in result.stdout) == (n < 8)


@pytest.mark.parametrize(("context_length", "n"), [(6, 64), (7, 24)])
def test_draw_shows_all_of_64_states_and_24_of_more(run, context_length, n):
    """Unless ``--max-nodes`` says otherwise."""
    run("draw", "--untrained", "-M", f"context_length={context_length}", "-o", "a.dot")
    assert len(_dot("a.dot")[0]) == n


def test_draw_takes_parts_of_a_model(run, untrained_folder):
    """Reachable contexts and their end."""
    run("draw", "--model", untrained_folder, "--reachable-from", "0", "--end", "1", "-o", "a.dot")
    assert "(end)" in Path("a.dot").read_text(encoding="utf-8")


def test_draw_copes_with_tokens_that_look_like_markup(run):
    """Quotes, angles, ampersands, backslashes, dollars."""
    Path("marks.txt").write_text("\"<&>$\\|{'", encoding="utf-8")
    shape = ["-M", "context_length=1", "-M", "n_layer=1", "-M", "n_embd=4", "-M", "n_head=1", "--untrained"]
    files = ["-o", "a.svg", "-o", "a.dot", "-o", "a.html", "-o", "a.png"]
    result = run("draw", "--model", "mingpt", "--data", "marks.txt", *shape, *files)
    assert result.exit_code == 0, result.stderr
    assert {'"', "<", "&", ">", "$", "\\", "|", "{", "'"} <= set(_texts("a.svg"))


def test_analyze_draws_as_draw_does(run, babygpt_folder):
    """The same DOT, beside the report."""
    run("draw", "--model", babygpt_folder, "-o", "a.dot")
    result = run("analyze", "--model", babygpt_folder, "-o", "b.dot", "-o", "b.svg", "-o", "b.png")
    assert result.stderr == "wrote b.dot\nwrote b.svg\nwrote b.png\n"
    assert _dot("a.dot") == _dot("b.dot")
    assert _texts("b.svg")
    assert Path("b.png").read_bytes().startswith(SIGNATURES[".png"])


def test_draw_that_cannot_be_written_is_exit_code_2(run, untrained_folder):
    """The other file is written, the caption is printed, the place is named."""
    result = run("draw", "--model", untrained_folder, "-o", "nowhere/a.svg", "-o", "b.dot")
    *notes, last = result.stderr.splitlines()
    assert result.exit_code == 2
    assert notes == ["wrote b.dot"]
    assert last.startswith("Error: ")
    assert "nowhere/a.svg" in last
    assert "No such file or directory" in last
    assert "Area of a state" in result.stdout


@pytest.mark.parametrize("name", ["a.json", "a", "a.jpeg"])
def test_draw_refuses_a_format_that_it_does_not_know(refused, name):
    """Before anything is trained; those that it knows stand in the message."""
    assert f"{name!r} ends in none of .svg, .png, .pdf, .dot, .html" in refused("draw", "-o", name)


def test_draw_refuses_no_nodes(refused):
    """At least one."""
    assert "0 is not in the range x>=1" in refused("draw", "--max-nodes", 0)
