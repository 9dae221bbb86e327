"""Which smoothings are there, and which law does the name of one mean?"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Literal, get_args

import numpy as np

from markovgpt.errors import ArgumentError
from markovgpt.ngrams.counts import NgramCounts
from markovgpt.ngrams.smoothing.add_alpha import add_alpha
from markovgpt.ngrams.smoothing.kneser_ney import kneser_ney
from markovgpt.ngrams.smoothing.law import Level, SmoothedLaw
from markovgpt.ngrams.smoothing.mle import mle
from markovgpt.ngrams.smoothing.witten_bell import witten_bell

__all__ = ["SMOOTHINGS", "Smoothing", "smoothed_law"]

Smoothing = Literal["mle", "add-alpha", "witten-bell", "kneser-ney"]

SMOOTHINGS: tuple[Smoothing, ...] = get_args(Smoothing)
"""Every smoothing by name."""


def smoothed_law(
    counts: NgramCounts,
    order: int,
    *,
    smoothing: Smoothing = "mle",
    alpha: float = 1.0,
    discount: float | Sequence[float] | None = None,
) -> SmoothedLaw:
    """The law of the next token after any context of 0 to ``order`` tokens.

    After a context of L tokens it is the law of order L: a longer order changes nothing for shorter contexts.

    Parameters
    ----------
    counts : NgramCounts
        V tokens, contexts of up to K.
    order : int
        k, 0 to K.
    smoothing : "mle", "add-alpha", "witten-bell" or "kneser-ney"
        Defined in the modules of :mod:`markovgpt.ngrams.smoothing`.
    alpha : float
        Of "add-alpha", above 0.
    discount : float, or k + 1 of them, optional
        Of "kneser-ney", 0 to 1; estimated by default.

    Raises
    ------
    ArgumentError
        There is no such smoothing or order; a setting out of range, or of another smoothing.

    Examples
    --------
    >>> import numpy as np
    >>> from markovgpt.ngrams import count_ngrams
    >>> law = smoothed_law(count_ngrams([0, 1, 0, 0, 1], vocab_size=2, context_length=1), 1, smoothing="witten-bell")
    >>> law.rows(np.array([[0], [1]])).round(4).tolist()
    [[0.4286, 0.5714], [0.7857, 0.2143]]
    """
    makers: dict[str, Callable[[NgramCounts, int], tuple[tuple[Level, ...], ...]]] = {
        "mle": mle,
        "add-alpha": partial(add_alpha, alpha=alpha),
        "witten-bell": witten_bell,
        "kneser-ney": partial(kneser_ney, discount=discount),
    }
    if smoothing not in makers:
        raise ArgumentError(f"Smoothings are {', '.join(makers)}: got {smoothing!r}.", smoothing=smoothing)
    if isinstance(order, bool) or not isinstance(order, int | np.integer) or not 0 <= order <= counts.context_length:
        raise ArgumentError(
            f"The order of an n-gram model is a number of context tokens, here 0 to {counts.context_length}, the "
            f"longest contexts that were counted: got {order!r}. Count with a longer context_length for more.",
            order=order,
        )
    if smoothing != "add-alpha" and alpha != 1.0:
        raise ArgumentError(f'alpha={alpha} is of smoothing "add-alpha": got it with {smoothing!r}.', alpha=alpha)
    if smoothing != "kneser-ney" and discount is not None:
        raise ArgumentError(
            f'discount={discount} is of smoothing "kneser-ney": got it with {smoothing!r}.', discount=discount
        )
    return SmoothedLaw(vocab_size=counts.vocab_size, levels=makers[smoothing](counts, int(order)))
