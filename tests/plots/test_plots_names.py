"""Names stand beside what they name, cover nothing, and keep its order."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from markovgpt.plots.dots import place_names
from markovgpt.plots.style import bits, spread

SIZE = (300.0, 300.0)


@given(
    places=st.lists(st.floats(-10, 10), max_size=12),
    gap=st.floats(0.01, 0.5),
)
def test_spread_keeps_the_order_and_the_gap(places: list[float], gap: float) -> None:
    """Within the limits, as far as all fit into them."""
    moved = spread(places, gap=gap, low=-10.0, high=10.0)
    order = np.argsort(places, kind="stable")
    assert (np.diff(moved[order]) >= gap - 1e-9).all()
    assert (moved >= -10 - 1e-9).all()
    assert (moved <= 10 + 1e-9).all()


@given(places=st.lists(st.integers(-9, 9).map(float), unique=True, min_size=1, max_size=9))
def test_spread_moves_nothing_that_has_room(places: list[float]) -> None:
    """Whole numbers are 1 apart already."""
    assert spread(places, gap=1.0, low=-10.0, high=10.0) == pytest.approx(places)


def test_names_of_a_column_keep_its_order() -> None:
    """Four dots, 3 points apart: their names stand one below the other, in the same order, on the same side."""
    places = np.column_stack((np.full(4, 20.0), [100.0, 103.0, 106.0, 109.0]))
    offsets = place_names(places, np.full(4, 30.0), size=SIZE)
    heights = (places + offsets)[:, 1]
    assert (np.diff(heights) > 8).all()
    assert len(set((offsets[:, 0] > 0).tolist())) == 1


def test_names_stay_within_the_borders() -> None:
    """A dot at the right border has its name to the left, one at the left to the right."""
    places = np.array([[295.0, 150.0], [5.0, 150.0]])
    assert np.sign(place_names(places, np.full(2, 40.0), size=SIZE)[:, 0]).tolist() == [-1, 1]


@given(seed=st.integers(0, 1000))
def test_names_cover_no_other_name_where_there_is_room(seed: int) -> None:
    """Eight dots at random on a wide field."""
    places = np.random.default_rng(seed).uniform(60, 540, size=(8, 2))
    widths = np.full(8, 30.0)
    offsets = place_names(places, widths, size=(600.0, 600.0))
    starts = places + offsets
    left = np.where(offsets[:, 0] > 0, starts[:, 0], starts[:, 0] - widths)
    for i in range(8):
        for j in range(i):
            assert abs(left[i] - left[j]) >= 30 - 1e-9 or abs(starts[i, 1] - starts[j, 1]) >= 10


@pytest.mark.parametrize(
    ("value", "said"),
    [(0.8125, "0.812"), (-0.25, "−0.250"), (0.00012, "0.00012"), (0.0, "0"), (np.inf, "infinite")],
    ids=str,
)
def test_bits_never_round_a_positive_number_to_nothing(value: float, said: str) -> None:
    """Two digits of a small one."""
    assert bits(value) == said


def test_plots_are_imported_without_matplotlib() -> None:
    """It is loaded with the first picture."""
    code = "import sys, markovgpt.plots; print([m for m in ('matplotlib', 'torch', 'scipy') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    assert done.stdout.strip() == "[]"
