"""How are seconds, rates and shares put into words, with three digits and a unit?"""

from __future__ import annotations

__all__ = ["digits", "rate_phrase", "seconds_phrase", "share_phrase"]

_TIMES = (
    (1e-6, 1e-9, "ns"),
    (1e-3, 1e-6, "µs"),
    (1, 1e-3, "ms"),
    (120, 1, "s"),
    (7200, 60, "min"),
    (172_800, 3600, "h"),
)
_DAY, _YEAR = 86_400.0, 365.25 * 86_400
_RATES = ((1e3, 1, ""), (1e6, 1e3, "thousand "), (1e9, 1e6, "million "), (1e12, 1e9, "billion "))


def digits(x: float) -> str:
    """Three digits, or all before the point, never an exponent unless the number is below a thousandth.

    >>> digits(1.2345), digits(99.97), digits(12345.6), digits(0.012345), digits(0)
    ('1.23', '100', '12,346', '0.0123', '0')
    """
    return f"{x:,.0f}" if abs(x) >= 99.95 else f"{x:.3g}"


def seconds_phrase(seconds: float) -> str:
    """A time with the unit that suits it.

    >>> seconds_phrase(0.0421), seconds_phrase(41), seconds_phrase(600), seconds_phrase(1e5), seconds_phrase(3e9)
    ('42.1 ms', '41 s', '10 min', '27.8 h', '95.1 years')
    """
    for below, unit, name in _TIMES:
        if seconds < below:
            return f"{digits(seconds / unit)} {name}"
    if seconds < _YEAR:
        return f"{digits(seconds / _DAY)} days"
    return f"{digits(seconds / _YEAR)} years"


def rate_phrase(per_second: float) -> str:
    """A number of things in a second.

    >>> rate_phrase(850), rate_phrase(12_300), rate_phrase(4.2e6)
    ('850', '12.3 thousand', '4.2 million')
    """
    for below, unit, name in _RATES:
        if per_second < below:
            return f"{digits(per_second / unit)} {name}".rstrip()
    return f"{digits(per_second / 1e12)} trillion"


def share_phrase(share: float | None) -> str:
    """A share in percent; what is not known is a dash.

    >>> share_phrase(0.4567), share_phrase(0.0123), share_phrase(1.5e-7), share_phrase(None)
    ('46%', '1.2%', '<0.01%', '-')
    """
    if share is None:
        return "-"
    if 0 < share < 1e-4:
        return "<0.01%"
    return f"{share:.0%}" if share >= 0.1 else f"{share * 100:.2g}%"
