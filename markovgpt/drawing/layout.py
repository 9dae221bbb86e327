"""Which program places the states? Graphviz as ``dot``, Graphviz inside pygraphviz, or our own circle.

Graphviz only says where the states stand; everything else is painted here. So the pictures look alike whichever program
was found, need no fonts of the system, and a Graphviz that is missing, broken or slow costs nothing but its layout.
Both kinds of Graphviz run in a process of their own: with a time-out (circo can take hours on a dense graph), and
without their warnings on our stderr.
"""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, final, get_args

import numpy as np
from numpy.typing import NDArray

from markovgpt.drawing.circle import circle_positions, circle_size
from markovgpt.drawing.dot import dot_skeleton, node_id
from markovgpt.drawing.graph import StateGraph
from markovgpt.drawing.style import gap, radii
from markovgpt.errors import ArgumentError, DrawingError

__all__ = ["Engine", "Layout", "Renderer", "lay_out"]

Renderer = Literal["auto", "dot", "pygraphviz", "circle"]
Engine = Literal["circo", "dot", "fdp", "neato", "sfdp", "twopi"]

_TIMEOUT = 20.0
_SPRAWL = 2.0
_MOST_NODES, _MOST_EDGES = 64, 256
_PYGRAPHVIZ = """
import sys, pygraphviz
graph = pygraphviz.AGraph(string=sys.stdin.buffer.read().decode("utf-8"))
sys.stdout.buffer.write(graph.draw(format="plain", prog=sys.argv[1]))
"""


@final
@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Layout:
    """Where the states stand: ``positions`` (m, 2) in points, y upwards, and the program that found them."""

    positions: NDArray[np.float64]
    renderer: str

    @property
    def size(self) -> float:
        """Longer side of the rectangle that holds the centres of all states."""
        return float(np.ptp(self.positions, axis=0).max())


def lay_out(graph: StateGraph, *, renderer: Renderer = "auto", engine: Engine = "circo") -> Layout:
    """Positions of the nodes, such that no two circles overlap and arrows between neighbours have room for a label.

    Parameters
    ----------
    graph : StateGraph
        m nodes.
    renderer : "auto", "dot", "pygraphviz" or "circle"
        ``"auto"`` takes the first of the others that succeeds. It takes ``"circle"`` for a graph of more than 64 nodes
        or 256 arrows, for which circo may take hours, and where Graphviz needs more than twice the circle's size: on
        trees and loose parts circo sprawls, until nothing can be read.
    engine : "circo", "dot", "fdp", "neato", "sfdp" or "twopi"
        Which layout Graphviz uses.

    Raises
    ------
    ArgumentError
        There is no such renderer or engine.
    DrawingError
        A renderer other than "auto" was asked for, and it cannot be used.
    """
    for name, value, allowed in (("renderer", renderer, get_args(Renderer)), ("engine", engine, get_args(Engine))):
        if value not in allowed:
            raise ArgumentError(f"{name} must be one of {', '.join(allowed)}: got {value!r}.", **{name: value})
    if renderer in ("dot", "pygraphviz"):
        return _by_graphviz(graph, renderer, engine)
    if renderer == "auto" and len(graph.nodes) <= _MOST_NODES and len(graph.edges) <= _MOST_EDGES:
        for program in ("dot", "pygraphviz"):
            try:
                layout = _by_graphviz(graph, program, engine)
            except DrawingError:
                continue
            if layout.size <= _SPRAWL * circle_size(graph):
                return layout
            break
    return Layout(positions=circle_positions(graph), renderer="circle")


def _by_graphviz(graph: StateGraph, program: str, engine: str) -> Layout:
    command = _dot_command(engine) if program == "dot" else _pygraphviz_command(engine)
    plain = _run(command, dot_skeleton(graph), program)
    try:
        positions = _parse(plain, graph)  # (m, 2)
    except (KeyError, ValueError) as error:
        raise DrawingError(f"The layout by {program} cannot be read: {error!r}. Use renderer='circle'.") from error
    return Layout(positions=_spread(positions, graph), renderer=program)


def _dot_command(engine: str) -> list[str]:
    program = shutil.which("dot")
    if program is None:
        raise DrawingError(
            "The program `dot` is not on the PATH. Install Graphviz (apt install graphviz, brew install graphviz, "
            "winget install graphviz), or use renderer='auto', which does without."
        )
    return [program, f"-K{engine}", "-Tplain"]


def _pygraphviz_command(engine: str) -> list[str]:
    if importlib.util.find_spec("pygraphviz") is None or not sys.executable:
        raise DrawingError(
            "The package pygraphviz is not installed. Run `pip install pygraphviz`, or use renderer='auto', which does "
            "without."
        )
    return [sys.executable, "-P", "-W", "ignore", "-c", _PYGRAPHVIZ, engine]


def _run(command: Sequence[str], source: str, program: str) -> str:
    try:
        done = subprocess.run(  # noqa: S603  the command is ours, the source goes in by stdin
            command,
            input=source.encode(),
            capture_output=True,
            timeout=_TIMEOUT,
            check=True,
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),  # no console flashes up on Windows
        )
    except subprocess.TimeoutExpired as error:
        raise DrawingError(
            f"The layout by {program} took longer than {_TIMEOUT:g} s. Draw fewer states (max_nodes), or use "
            "renderer='circle'.",
            timeout=_TIMEOUT,
        ) from error
    except subprocess.CalledProcessError as error:
        said = error.stderr.decode(errors="replace").strip().splitlines() or ["nothing"]
        raise DrawingError(
            f"{program} failed with exit code {error.returncode} and said: {said[-1]}. Use renderer='auto', which "
            "takes another.",
            returncode=error.returncode,
        ) from error
    except OSError as error:
        raise DrawingError(f"{program} could not be started: {error}. Use renderer='auto'.") from error
    return done.stdout.decode(errors="replace")


def _parse(plain: str, graph: StateGraph) -> NDArray[np.float64]:
    """Positions in Graphviz's "plain" format: lines ``node NAME X Y WIDTH HEIGHT ...``, in inches."""
    found = {}
    for line in plain.splitlines():
        words = line.split(maxsplit=4)
        if len(words) == 5 and words[0] == "node":
            found[words[1]] = (float(words[2]), float(words[3]))
    return 72.0 * np.array([found[node_id(node.state)] for node in graph.nodes])  # (m, 2)


def _spread(positions: NDArray[np.float64], graph: StateGraph) -> NDArray[np.float64]:
    """The same layout, scaled until the closest circles have the gap that a label needs."""
    m = len(positions)
    if m == 1:
        return np.zeros((1, 2))
    i, j = np.triu_indices(m, k=1)  # pairs
    distance = np.hypot(*(positions[i] - positions[j]).T)
    if not (distance.min() > 1e-6 and np.isfinite(positions).all()):
        raise ValueError("two states stand in one place")
    radius = radii(graph)  # (m,)
    scale = float(((radius[i] + radius[j] + gap(graph)) / distance).max())
    spread: NDArray[np.float64] = (positions - positions.mean(axis=0)) * scale
    return spread
