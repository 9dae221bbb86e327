"""Which models are built in? minGPT, its recipe babygpt, and how they are trained, saved and loaded."""
