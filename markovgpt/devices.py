"""On which device does a torch network compute, and how many rows fit there?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from markovgpt.errors import ArgumentError

if TYPE_CHECKING:
    import torch

__all__ = ["find_device", "free_bytes", "rows_that_fit"]

_SHARE = 4  # a quarter of what is free: the rest is for copies that are made in passing


def find_device(device: str | torch.device) -> torch.device:
    """A device by its name: ``"cpu"``, ``"cuda"``, ``"cuda:1"``, ``"mps"``.

    Raises
    ------
    ArgumentError
        There is no such device, or it cannot be used here.
    """
    import torch

    try:
        place = torch.device(device)
        torch.empty(0, device=place)
    except (RuntimeError, AssertionError, ImportError, NotImplementedError) as error:  # torch has no one way to say it
        reason = str(error).splitlines()[0].partition(". ")[0]
        if reason.startswith("Expected one of"):  # and then a list of twenty, hardly one of which is here
            reason = "torch knows no device of this name; try cpu, cuda or mps"
        raise ArgumentError(f"The device {str(device)!r} cannot be used here: {reason}", device=str(device)) from None
    if place.type == "meta":
        raise ArgumentError("The device 'meta' cannot be used here: it holds shapes, and no numbers.", device="meta")
    return place


def free_bytes(device: torch.device) -> int | None:
    """Memory of a GPU that this program may still take; None where the device shares that of the machine."""
    import torch

    if device.type != "cuda":
        return None
    free, _ = torch.cuda.mem_get_info(device)
    kept = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)  # by torch, for its next arrays
    return int(free + kept)


def rows_that_fit(device: torch.device, bytes_per_row: int, *, most: int) -> int | None:
    """How many rows may be computed at once, 1 to ``most``; None where the device has no memory of its own."""
    free = free_bytes(device)
    return None if free is None else max(1, min(most, free // (_SHARE * max(1, bytes_per_row))))
