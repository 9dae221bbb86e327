"""What does a chain look like? One node a state, one arrow a token, on every machine."""

from markovgpt.drawing.picture import Drawing, draw

__all__ = ["Drawing", "draw"]
