"""Which loops are compiled, because NumPy is too slow or too large for chains of millions of states?

Numba compiles them at their first call and keeps the result on disk. Each has a plain NumPy or SciPy path beside it,
which small chains take (importing numba takes half a second), which takes over where numba cannot be imported, and
which the tests hold against it.
"""
