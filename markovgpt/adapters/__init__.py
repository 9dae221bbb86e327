"""How does what I have become a model? A function, a torch module, a table; a part of a model."""

from markovgpt.adapters.function import from_callable
from markovgpt.adapters.matrix import from_matrix
from markovgpt.adapters.module import from_module
from markovgpt.adapters.prompt import with_prompt
from markovgpt.adapters.restrict import find_tokens, likeliest_tokens, restrict_tokens

__all__ = [
    "find_tokens",
    "from_callable",
    "from_matrix",
    "from_module",
    "likeliest_tokens",
    "restrict_tokens",
    "with_prompt",
]
