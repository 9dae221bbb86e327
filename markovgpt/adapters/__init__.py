"""How does what I have become a model? A function, a torch module, a table."""

from markovgpt.adapters.function import from_callable
from markovgpt.adapters.matrix import from_matrix
from markovgpt.adapters.module import from_module

__all__ = ["from_callable", "from_matrix", "from_module"]
