"""This package writes the report of a run: one page for a browser, photos and figures included."""

from getam.run_report.run_report import report_run

__all__ = ["report_run"]
