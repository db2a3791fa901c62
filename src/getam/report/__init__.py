"""This package draws pictures of masks and maps, and writes the HTML report of a run."""

from getam.report.comparison_chart import comparison_svg
from getam.report.data_uri import map_uri, mask_uri, photo_uri
from getam.report.line_chart import line_chart
from getam.report.mask_colours import colour_mask, palette, save_mask
from getam.report.overlay import blend, overlay
from getam.report.picture import as_picture
from getam.report.run_page import (
    Card,
    Chart,
    RunPage,
    Stage,
    Suspect,
    Table,
    colours_of,
    write_run_page,
)
from getam.report.sample_sheet import Sample, contact_sheet, labelled_grid, sample_sheet

__all__ = [
    "Card",
    "Chart",
    "RunPage",
    "Sample",
    "Stage",
    "Suspect",
    "Table",
    "as_picture",
    "blend",
    "colour_mask",
    "colours_of",
    "comparison_svg",
    "contact_sheet",
    "labelled_grid",
    "line_chart",
    "map_uri",
    "mask_uri",
    "overlay",
    "palette",
    "photo_uri",
    "sample_sheet",
    "save_mask",
    "write_run_page",
]
