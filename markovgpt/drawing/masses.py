"""How heavy is each state? Its stationary probability, where there is one and it is known."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from markovgpt.chain import Chain
from markovgpt.errors import ArgumentError, MarkovGPTError

__all__ = ["stationary_masses"]

_SMALL = 2048
_SUM_TOLERANCE = 1e-6


def stationary_masses(chain: Chain, stationary: Any = None) -> tuple[NDArray[np.float64] | None, bool]:
    """Stationary probabilities ``(n,)``, or None where they are unknown; and whether somebody vouches for them.

    Parameters
    ----------
    chain : Chain
        n states.
    stationary : (n,) array, or an object with ``probabilities`` (n,), optional
        Without it, it is computed for a chain of up to 2,048 states with one recurrent class.

    Returns
    -------
    masses : (n,) float64, or None
        None as well for several recurrent classes: any blend of their laws would be stationary.
    vouched : bool
        False for a result that says of itself that it is not ``certified``.

    Raises
    ------
    ArgumentError
        ``stationary`` is not a distribution over the n states: shape, sign, or ``|sum - 1| <= 1e-6`` does not hold.
    """
    if stationary is None:
        stationary = _computed(chain)
    if stationary is None:
        return None, True
    try:
        masses = np.asarray(getattr(stationary, "probabilities", stationary), dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ArgumentError(f"A stationary distribution is an array of {chain.n_states} numbers: {error}.") from error
    if masses.shape != (chain.n_states,):
        raise ArgumentError(
            f"A stationary distribution has one probability for each of the {chain.n_states:,} states: "
            f"got shape {masses.shape}."
        )
    if not (abs(masses.sum() - 1) <= _SUM_TOLERANCE and masses.min() >= 0):  # NaN fails
        raise ArgumentError(
            f"A stationary distribution is non-negative and sums to 1: got sum {masses.sum():.6g} and smallest entry "
            f"{masses.min():.6g}, allowed error of the sum {_SUM_TOLERANCE:g}."
        )
    return masses, bool(getattr(stationary, "certified", True))


def _computed(chain: Chain) -> Any:
    if chain.n_states > _SMALL:
        return None
    from markovgpt.analysis import stationary_distributions

    try:
        found = stationary_distributions(chain)
    except MarkovGPTError:  # too large, or no proof: the picture does without
        return None
    return found[0] if len(found) == 1 else None
