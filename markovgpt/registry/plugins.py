"""Which installed packages bring models, and does each of them load?"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import entry_points
from typing import final

from markovgpt.raised import RAISED, told
from markovgpt.registry.sources import ENTRY_POINT_GROUP

__all__ = ["PluginReport", "list_plugins"]


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class PluginReport:
    """One model of one package; ``problem`` is empty if it could be imported."""

    package: str
    version: str
    model: str
    place: str
    problem: str

    @property
    def remedy(self) -> str:
        """What to do about a broken one."""
        return f"pip uninstall {self.package}" if self.problem else ""


def list_plugins() -> tuple[PluginReport, ...]:
    """Import every plugin, one by one, and report what happened; a broken one does not stop the others."""
    reports = []
    for point in entry_points(group=ENTRY_POINT_GROUP):
        problem = ""
        try:
            point.load()
        except RAISED as error:  # any failure of somebody else's code is a finding here
            problem = told(error)
        package, version = (point.dist.name, point.dist.version) if point.dist is not None else ("unknown", "unknown")
        reports.append(
            PluginReport(package=package, version=version, model=point.name, place=point.value, problem=problem)
        )
    return tuple(sorted(reports, key=lambda report: (report.package, report.model)))
