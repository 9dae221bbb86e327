"""Some program places the states on every machine; a missing or broken one is never an error unless asked for."""

from __future__ import annotations

import importlib.util
import shutil
import stat
import sys
from pathlib import Path

import numpy as np
import pytest

from markovgpt.chain import MarkovChain
from markovgpt.drawing import layout
from markovgpt.drawing.graph import StateGraph, state_graph
from markovgpt.drawing.layout import lay_out
from markovgpt.drawing.style import radii
from markovgpt.errors import ArgumentError, DrawingError
from markovgpt.table import chain_from_table

needs_shell = pytest.mark.skipif(sys.platform == "win32", reason="the stand-in for dot is a shell script")
needs_pygraphviz = pytest.mark.skipif(importlib.util.find_spec("pygraphviz") is None, reason="pygraphviz is optional")


@pytest.fixture
def graph(notebook: MarkovChain) -> StateGraph:
    return state_graph(notebook)


@pytest.fixture
def no_dot(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without the program."""
    monkeypatch.setattr(shutil, "which", lambda _: None)


@pytest.fixture
def no_pygraphviz(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without the package."""
    real = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "pygraphviz" else real(name))


def stand_in(monkeypatch: pytest.MonkeyPatch, folder: Path, script: str) -> None:
    """Make ``dot`` a shell script."""
    program = folder / "dot"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setattr(shutil, "which", lambda _: str(program))


def test_layout_needs_no_graphviz(graph: StateGraph, no_dot: None, no_pygraphviz: None) -> None:
    """Without the program and without the package our own circle draws."""
    assert lay_out(graph).renderer == "circle"


@needs_pygraphviz
def test_layout_falls_to_pygraphviz_when_dot_is_missing(graph: StateGraph, no_dot: None) -> None:
    """The second choice, and it says so."""
    assert lay_out(graph).renderer == "pygraphviz"


@needs_shell
@pytest.mark.parametrize("script", ["exit 3", "echo nonsense", "echo 'node s0 a b 1 1'", "kill -9 $$"])
def test_layout_falls_through_when_dot_is_broken(
    graph: StateGraph, no_pygraphviz: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, script: str
) -> None:
    """Exit code, unreadable answer, crash: the next one draws."""
    stand_in(monkeypatch, tmp_path, script)
    assert lay_out(graph).renderer == "circle"


@needs_shell
def test_layout_falls_through_when_dot_is_slow(
    graph: StateGraph, no_pygraphviz: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The time-out ends it."""
    stand_in(monkeypatch, tmp_path, "exec sleep 60")
    monkeypatch.setattr(layout, "_TIMEOUT", 0.2)
    assert lay_out(graph).renderer == "circle"


@needs_shell
def test_layout_uses_dot_when_it_answers(graph: StateGraph, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Eight states on a line, 1 inch apart, in the format that ``dot -Tplain`` prints."""
    answer = "\n".join(f"node s{k} {k} 0 1 1 x solid circle black white" for k in range(8))
    stand_in(monkeypatch, tmp_path, f"cat <<'END'\ngraph 1 8 1\n{answer}\nstop\nEND")
    found = lay_out(graph, renderer="dot")
    assert found.renderer == "dot"
    assert np.ptp(np.diff(found.positions[:, 0])) == pytest.approx(0, abs=1e-9)
    assert np.ptp(found.positions[:, 1]) == 0


@pytest.mark.skipif(shutil.which("dot") is None, reason="the dot program is not on this machine")
def test_layout_by_the_real_dot_keeps_states_apart(graph: StateGraph) -> None:
    """The first choice, where it is installed."""
    assert lay_out(graph).renderer == "dot"


def test_dot_is_refused_with_help_when_it_is_missing(graph: StateGraph, no_dot: None) -> None:
    """Asked for by name, it must be there."""
    with pytest.raises(DrawingError, match=r"`dot` is not on the PATH\. Install Graphviz .*, or use renderer='auto'"):
        lay_out(graph, renderer="dot")


def test_pygraphviz_is_refused_with_help_when_it_is_missing(graph: StateGraph, no_pygraphviz: None) -> None:
    """Asked for by name, it must be there."""
    with pytest.raises(DrawingError, match=r"pygraphviz is not installed\. Run `pip install pygraphviz`, or use"):
        lay_out(graph, renderer="pygraphviz")


@needs_shell
def test_dot_is_refused_with_its_last_words_when_it_fails(
    graph: StateGraph, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """What the program said is passed on."""
    stand_in(monkeypatch, tmp_path, "echo 'no plugin for circo' >&2; exit 3")
    with pytest.raises(DrawingError, match="dot failed with exit code 3 and said: no plugin for circo"):
        lay_out(graph, renderer="dot")


@needs_shell
def test_dot_is_refused_with_a_way_out_when_it_is_slow(
    graph: StateGraph, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Fewer states, or our own circle."""
    stand_in(monkeypatch, tmp_path, "exec sleep 60")
    monkeypatch.setattr(layout, "_TIMEOUT", 0.2)
    with pytest.raises(DrawingError, match=r"took longer than 0\.2 s\. Draw fewer states"):
        lay_out(graph, renderer="dot")


@pytest.mark.parametrize(("name", "wrong"), [("renderer", "graphviz"), ("engine", "circle")])
def test_layout_refuses_an_unknown_name(graph: StateGraph, name: str, wrong: str) -> None:
    """The allowed ones are listed."""
    with pytest.raises(ArgumentError, match=f"{name} must be one of .*: got '{wrong}'"):
        lay_out(graph, **{name: wrong})  # type: ignore[arg-type]


@pytest.mark.parametrize("V", [65, 20], ids=["states", "arrows"])
def test_layout_spares_graphviz_a_large_graph(V: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Above 64 states or 256 arrows circo may take hours."""
    monkeypatch.setattr(layout, "_by_graphviz", lambda *_: pytest.fail("Graphviz was asked"))
    table = np.full((V, V), 1 / V) if V == 20 else np.eye(V)
    assert lay_out(state_graph(chain_from_table(table), max_nodes=100)).renderer == "circle"


@needs_shell
def test_layout_prefers_the_circle_when_graphviz_sprawls(
    graph: StateGraph, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Neighbours 1 apart in a picture 100 wide: nothing could be read."""
    answer = "\n".join(f"node s{k} {k if k < 7 else 100} 0 1 1 x solid circle black white" for k in range(8))
    stand_in(monkeypatch, tmp_path, f"cat <<'END'\n{answer}\nEND")
    assert lay_out(graph).renderer == "circle"


@needs_pygraphviz
def test_layout_by_pygraphviz_is_silent(graph: StateGraph, capfd: pytest.CaptureFixture[str]) -> None:
    """Warnings of the C libraries (fonts, for one) reach neither stdout nor stderr."""
    lay_out(graph, renderer="pygraphviz")
    assert capfd.readouterr() == ("", "")


@needs_pygraphviz
def test_layout_does_not_depend_on_fonts(graph: StateGraph, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """On a machine without fonts the states stand in the same places."""
    expected = lay_out(graph, renderer="pygraphviz").positions
    (tmp_path / "fonts.conf").write_text('<?xml version="1.0"?><fontconfig></fontconfig>')
    monkeypatch.setenv("FONTCONFIG_FILE", str(tmp_path / "fonts.conf"))
    assert (lay_out(graph, renderer="pygraphviz").positions == expected).all()


@needs_pygraphviz
def test_layout_by_circo_has_the_notebook_s_order(graph: StateGraph) -> None:
    """Clockwise from the top as in the notebook's picture: 011 111 110 000 100 001 010 101."""
    positions = lay_out(graph, renderer="pygraphviz").positions
    clockwise = np.argsort(-np.arctan2(positions[:, 1], positions[:, 0]), kind="stable").tolist()
    first = clockwise.index(3)
    order = [graph.nodes[k].label for k in clockwise[first:] + clockwise[:first]]
    assert order == ["011", "111", "110", "000", "100", "001", "010", "101"]


@pytest.mark.parametrize("renderer", [pytest.param("pygraphviz", marks=needs_pygraphviz), "circle"])
@pytest.mark.parametrize("n", [1, 2, 8, 32])
def test_layout_keeps_states_apart(n: int, renderer: layout.Renderer) -> None:
    """At least 18 points from rim to rim: room for an arrowhead."""
    V = 1 if n == 1 else 2
    chain = chain_from_table(np.random.default_rng(n).dirichlet(np.ones(V), size=n))
    graph = state_graph(chain)
    positions, radius = lay_out(graph, renderer=renderer).positions, radii(graph)
    i, j = np.triu_indices(n, k=1)
    assert (np.hypot(*(positions[i] - positions[j]).T) - radius[i] - radius[j] >= 18 - 1e-6).all()
