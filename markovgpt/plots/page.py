"""How does a model compare with its data, on one page?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from markovgpt.errors import ArgumentError
from markovgpt.plots.contexts import ContextExcess, draw_contexts
from markovgpt.plots.curves import Panel, check_panels, draw_curves
from markovgpt.plots.orders import BitsByOrder, draw_orders
from markovgpt.plots.plot import Plot
from markovgpt.plots.transitions import Transitions, draw_transitions

if TYPE_CHECKING:
    from matplotlib.figure import FigureBase

__all__ = ["page"]

_WIDTH, _UPPER, _ROW = 13.0, 7.6, 2.9  # inches; of the upper part, and of a row of learning curves


def page(
    transitions: Transitions,
    by_order: BitsByOrder,
    *,
    contexts: ContextExcess,
    steps: ArrayLike = (),
    panels: Sequence[Panel] = (),
    title: str = "",
) -> Plot:
    """Every transition, the bits by order, the worst contexts, and learning curves where there are any.

    Parameters
    ----------
    transitions, by_order, contexts : Transitions, BitsByOrder, ContextExcess
        The model now.
    steps, panels : (T,) numbers, sequence of Panel
        The model as it learnt; both or neither.
    title : str
        Stands above.

    Raises
    ------
    ArgumentError
        There are steps without panels or panels without steps, or they do not go together.
    """
    if bool(len(panels)) != bool(np.size(steps)):
        raise ArgumentError(f"Give steps and panels, or neither: got {np.size(steps)} steps and {len(panels)} panels.")
    columns = 2 if len(panels) in (1, 2, 4) else 3
    rows = -(-len(panels) // columns)
    over = check_panels(steps, panels) if rows else None  # (T,)

    def draw(figure: FigureBase) -> None:
        upper = figure
        if over is not None:
            upper, lower = figure.subfigures(2, 1, height_ratios=(_UPPER, _ROW * rows), squeeze=False)[:, 0]
            draw_curves(lower, over, panels, columns=columns)
        left, right = upper.subfigures(1, 2, width_ratios=(7, 6), squeeze=False)[0]
        above, below = right.subfigures(2, 1, height_ratios=_heights(len(by_order.told)), squeeze=False)[:, 0]
        draw_transitions(left, transitions)
        draw_orders(above, by_order)
        draw_contexts(below, contexts)

    return Plot(draw=draw, size=(_WIDTH, _UPPER + _ROW * rows), title=title)


def _heights(n_orders: int) -> tuple[float, float]:
    """Of the bits by order, and of the worst contexts."""
    orders = min(1.3 + 0.4 * n_orders, 0.6 * _UPPER)
    return orders, _UPPER - orders
