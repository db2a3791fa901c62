"""This package draws pictures of masks and maps, and writes the HTML report of a run."""

from getam.report.comparison_chart import comparison_svg
from getam.report.html_report import write_html
from getam.report.line_chart import line_chart
from getam.report.mask_colours import colour_mask, palette, save_mask
from getam.report.overlay import blend, overlay
from getam.report.picture import as_picture
from getam.report.sample_sheet import Sample, contact_sheet, labelled_grid, sample_sheet

__all__ = [
    "Sample",
    "as_picture",
    "blend",
    "colour_mask",
    "comparison_svg",
    "contact_sheet",
    "labelled_grid",
    "line_chart",
    "overlay",
    "palette",
    "sample_sheet",
    "save_mask",
    "write_html",
]
