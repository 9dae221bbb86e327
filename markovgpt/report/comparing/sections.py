"""What does the report of a comparison with data say, in the order of reading?"""

from __future__ import annotations

from markovgpt.model import LanguageModel, vocabulary_of
from markovgpt.report.comparing.contexts import contexts_sections
from markovgpt.report.comparing.long_run import edges_section, long_run_section
from markovgpt.report.comparing.record import DataReport
from markovgpt.report.comparing.totals import (
    data_section,
    heldout_section,
    ngrams_section,
    orders_section,
    prediction_section,
)
from markovgpt.report.comparing.unseen import unseen_sections
from markovgpt.report.sections import Section

__all__ = ["data_sections"]


def data_sections(report: DataReport, model: LanguageModel, *, top: int = 20, level: float = 0.95) -> list[Section]:
    """The sections of a report; ``top`` is the number of rows of tables that are cut, ``level`` that of intervals."""
    vocabulary = vocabulary_of(model)
    sections = [
        data_section(report),
        prediction_section(report),
        orders_section(report),
        ngrams_section(report),
        heldout_section(report),
        *contexts_sections(report, model, vocabulary, top=top, level=level),
        long_run_section(report),
        edges_section(report, vocabulary),
        *unseen_sections(report, vocabulary),
    ]
    return [section for section in sections if section is not None]
