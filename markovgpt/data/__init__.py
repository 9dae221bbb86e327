"""What are the data, and how do they become tokens? Texts and files of any size, read piece by piece."""

from markovgpt.data.reading import read_stream
from markovgpt.data.scan import scan_vocabulary

__all__ = ["read_stream", "scan_vocabulary"]
