"""Decoding rules that are none."""

from __future__ import annotations

from typing import Any

import pytest

from markovgpt import ArgumentError, Decoding

_NAN = float("nan")


@pytest.mark.parametrize("value", [0, 0.0, -1, _NAN, float("inf")], ids=str)
def test_decoding_refuses_a_temperature_that_is_none(value: float) -> None:
    """Above 0 and finite; whoever wants 0 is told of greedy decoding, in Python and on the command line."""
    with pytest.raises(
        ArgumentError, match=r"temperature must be a number above 0: .* greedy=True \(--greedy\)"
    ) as caught:
        Decoding(temperature=value)
    assert str(caught.value.facts["temperature"]) == str(value)


@pytest.mark.parametrize("value", [0, -3, 2.0, True, "2"], ids=repr)
def test_decoding_refuses_a_top_k_that_is_none(value: Any) -> None:
    """A whole number of at least 1."""
    with pytest.raises(ArgumentError, match=rf"top_k must be a whole number of at least 1: got {value}\.") as caught:
        Decoding(top_k=value)
    assert caught.value.facts == {"top_k": value}


@pytest.mark.parametrize("value", [0, -0.1, 1.1, _NAN], ids=str)
def test_decoding_refuses_a_top_p_that_is_none(value: float) -> None:
    """Above 0 and at most 1."""
    with pytest.raises(ArgumentError, match=rf"top_p must be above 0 and at most 1: got {value}\.") as caught:
        Decoding(top_p=value)
    assert list(caught.value.facts) == ["top_p"]


@pytest.mark.parametrize("value", [-0.1, 1.1, _NAN], ids=str)
def test_decoding_refuses_a_min_p_that_is_none(value: float) -> None:
    """From 0 to 1."""
    with pytest.raises(ArgumentError, match=rf"min_p must be from 0 to 1: got {value}\.") as caught:
        Decoding(min_p=value)
    assert list(caught.value.facts) == ["min_p"]
