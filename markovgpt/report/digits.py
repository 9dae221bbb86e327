"""Which digits of a number are certain, of which an interval is known?

Those to which every number of the interval rounds: so the exact value, rounded as what is printed, is what is printed.
All arithmetic is exact.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction

__all__ = ["at_most", "MOST_DIGITS", "certain_digits", "from_the_proof", "of_decimal", "proven_interval", "written"]

MOST_DIGITS = 17
"""As many significant digits as tell a double from its neighbours."""

_Interval = tuple[Fraction, Fraction]


def proven_interval(p: float | Decimal, *, error: float, relative_error: float) -> _Interval:
    """Where a probability lies that was computed as ``p``.

    Parameters
    ----------
    p : float or Decimal
        0 to 1.
    error : float
        Proven: ``|p - exact| <= error``; 1 or more proves nothing.
    relative_error : float
        Proven: ``|p / exact - 1| <= relative_error``; 1 or more proves nothing.

    Examples
    --------
    >>> proven_interval(0.25, error=0.125, relative_error=math.inf)
    (Fraction(1, 8), Fraction(3, 8))
    """
    low, high, computed = Fraction(0), Fraction(1), Fraction(p)
    if error < 1:
        low, high = max(low, computed - Fraction(error)), min(high, computed + Fraction(error))
    if relative_error < 1:
        low = max(low, computed / (1 + Fraction(relative_error)))
        high = min(high, computed / (1 - Fraction(relative_error)))
    return low, high


def certain_digits(low: Fraction, high: Fraction, *, at_most: int = MOST_DIGITS) -> str | None:
    """The digits that every number from ``low`` to ``high`` rounds to (half to even); None if there is not one.

    Examples
    --------
    >>> certain_digits(Fraction("0.271191"), Fraction("0.271193"))
    '0.27119'
    >>> certain_digits(Fraction("3.2099e-134"), Fraction("3.2101e-134"))
    '3.210e-134'
    >>> certain_digits(Fraction(0), Fraction("0.3")) is None
    True
    """
    if not 0 < low <= high:
        return None
    top = _exponent(high)
    for place in range(top - at_most + 1, top + 2):
        unit = Fraction(10) ** place
        rounded = round(low / unit)
        if rounded and rounded == round(high / unit):
            return written(rounded, place)
    return None


def from_the_proof(interval: _Interval, guess: float, *, at_most: int = MOST_DIGITS) -> str:
    """A probability: its certain digits; where there is not one, its bounds; where there are none, a guess after ``~``.

    Examples
    --------
    >>> from_the_proof(proven_interval(0.25, error=1e-9, relative_error=math.inf), 0.25)
    '0.25000000'
    >>> from_the_proof(proven_interval(2e-9, error=1e-8, relative_error=math.inf), 2e-9)
    '<1.3e-08'
    >>> from_the_proof(proven_interval(0.25, error=0.125, relative_error=math.inf), 0.25)
    '0.12..0.38'
    >>> from_the_proof(proven_interval(0.25, error=math.inf, relative_error=math.inf), 0.25)
    '~0.25'
    """
    low, high = interval
    if high == 1 and (low == 0 or low == 1):
        return "1" if low == 1 else f"~{_two_digits(Fraction(guess), round)}"
    digits = certain_digits(low, high, at_most=at_most)
    if digits is not None:
        return digits
    most = _two_digits(high, math.ceil)
    return f"{_two_digits(low, math.floor)}..{most}" if low > 0 else f"<{most}"


def at_most(x: float | Fraction) -> str:
    """Two digits, rounded up: what is proven of ``x`` is proven of them.

    >>> at_most(3.41e-14), at_most(0.25), at_most(0.0)
    ('3.5e-14', '0.25', '0')
    """
    return _two_digits(Fraction(x), math.ceil)


def written(digits: int, place: int) -> str:
    """``digits * 10**place`` with all of these digits and no others: plain, or with an exponent where it is long.

    >>> written(271, -3), written(12, 0), written(12, 2), written(321, -136), written(123, -6)
    ('0.271', '12', '1.2e+03', '3.21e-134', '0.000123')
    """
    text = str(digits)
    exponent = len(text) - 1 + place
    if place > 0 or not -4 <= exponent < 6:
        return f"{text[0]}{'.' if text[1:] else ''}{text[1:]}e{exponent:+03d}"
    if place == 0:
        return text
    text = text.rjust(1 - place, "0")
    return f"{text[:place]}.{text[place:]}"


def of_decimal(text: str) -> str:
    """A decimal number with its own digits, in the form of :func:`written`.

    >>> of_decimal("3.21E-134"), of_decimal("0.7500"), of_decimal("0.000001795")
    ('3.21e-134', '0.7500', '1.795e-06')
    """
    number = Decimal(text).as_tuple()
    return written(int("".join(map(str, number.digits))), int(number.exponent))


def _two_digits(x: Fraction, rounding: Callable[[Fraction], int]) -> str:
    if x == 0:
        return "0"
    place = _exponent(x) - 1
    digits = rounding(x / Fraction(10) ** place)
    return written(digits, place) if digits < 100 else written(10, place + 1)


def _exponent(x: Fraction) -> int:
    """The power of ten of the first digit."""
    near = math.floor(math.log10(x.numerator) - math.log10(x.denominator))
    return next(e for e in (near + 1, near, near - 1) if x >= Fraction(10) ** e)
