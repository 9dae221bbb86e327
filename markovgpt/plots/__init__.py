"""How do a model's numbers look beside those of its data: transitions, bits by order, contexts, learning curves?"""

from markovgpt.plots.contexts import ContextExcess, plot_contexts
from markovgpt.plots.curves import Curve, Level, Panel, plot_curves
from markovgpt.plots.orders import BitsByOrder, plot_orders
from markovgpt.plots.page import page
from markovgpt.plots.panels import arrows_panel, bits_panel, long_run_panels, missing_panel
from markovgpt.plots.plot import Plot
from markovgpt.plots.transitions import Transitions, plot_transitions

__all__ = [
    "BitsByOrder",
    "ContextExcess",
    "Curve",
    "Level",
    "Panel",
    "Plot",
    "Transitions",
    "arrows_panel",
    "bits_panel",
    "long_run_panels",
    "missing_panel",
    "page",
    "plot_contexts",
    "plot_curves",
    "plot_orders",
    "plot_transitions",
]
