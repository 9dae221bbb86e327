"""How is a comparison presented: of a model with data, in the course of its training, or with another model?"""

from markovgpt.report.comparing.record import DataReport, data_report

__all__ = ["DataReport", "data_report"]
