"""Which learning curves tell how a model comes to the data? Bits, what is missing, the long run, single arrows."""

from __future__ import annotations

from collections.abc import Sequence

from numpy.typing import ArrayLike

from markovgpt.plots.checks import one_name_each, real_numbers
from markovgpt.plots.curves import Curve, Level, Panel
from markovgpt.plots.style import order_name

__all__ = ["arrows_panel", "bits_panel", "long_run_panels", "missing_panel"]

_BITS = "bits per token"


def bits_panel(cross_entropy: ArrayLike, entropies: ArrayLike) -> Panel:
    """The model's cross-entropy ``(T,)`` on the data, over the conditional entropies ``(K + 1,)`` of the data."""
    levels = real_numbers("entropies", entropies, shape=(None,), low=0)
    return Panel(
        title="Surprise at the data",
        unit=_BITS,
        curves=(Curve(name="model", values=real_numbers("cross_entropy", cross_entropy, shape=(None,))),),
        levels=tuple(Level(name=f"data, {order_name(j)}", value=level) for j, level in enumerate(levels.tolist())),
    )


def missing_panel(missing: ArrayLike) -> Panel:
    """What is still to learn at every order, ``(T, K + 1)``: areas whose sum is the excess of the model."""
    orders = real_numbers("missing", missing, shape=(None, None), low=0)
    return Panel(
        title="Still to learn, by context",
        unit=_BITS,
        curves=tuple(Curve(name=order_name(j), values=values) for j, values in enumerate(orders.T)),
        stacked=True,
    )


def long_run_panels(entropy_rate: ArrayLike, unseen_mass: ArrayLike) -> tuple[Panel, Panel]:
    """Entropy rate ``(T,)`` of the chain in bits, and the share of its time ``(T,)`` in contexts never seen."""
    rate = Curve(name="chain", values=real_numbers("entropy_rate", entropy_rate, shape=(None,), low=0))
    mass = Curve(name="chain", values=real_numbers("unseen_mass", unseen_mass, shape=(None,), low=0, high=1))
    return (
        Panel(title="Entropy rate of the chain", unit=_BITS, curves=(rate,)),
        Panel(title="Time in contexts never seen", unit="", curves=(mass,), share=True),
    )


def arrows_panel(names: Sequence[str], probabilities: ArrayLike, shares: Sequence[float | None]) -> Panel:
    """Probabilities ``(T, A)`` of some arrows, and their A shares in the data, None where the data do not say."""
    arrows = real_numbers("probabilities", probabilities, shape=(None, None), low=0, high=1)
    one_name_each("names", tuple(names), arrows.shape[1])
    one_name_each("shares", tuple(map(str, shares)), arrows.shape[1])
    return Panel(
        title="Single arrows; dotted: the data",
        unit="",
        curves=tuple(
            Curve(name=name, values=values, target=share)
            for name, values, share in zip(names, arrows.T, shares, strict=True)
        ),
        share=True,
    )
