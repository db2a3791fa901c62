"""This package writes the report of a run as one page for a browser, and its model card."""

from getam.run_report.model_card import model_card
from getam.run_report.run_report import report_run

__all__ = ["model_card", "report_run"]
