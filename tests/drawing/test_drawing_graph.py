"""The drawn graph is the chain: its states, its arrows, its masses, or an honest part of them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from strategies import chains

from markovgpt.analysis import stationary_distribution
from markovgpt.chain import MarkovChain, chain_from_table
from markovgpt.drawing.graph import state_graph
from markovgpt.drawing.style import arrow_label
from markovgpt.enumeration import reachable_chain
from markovgpt.errors import ArgumentError
from markovgpt.model import from_callable if False else None
