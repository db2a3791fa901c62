"""This package looks for faults in a data set before a long run, and says what to do about each."""

from getam.check.check import check_source
from getam.check.checked import Checked
from getam.check.tags import tag_findings
from getam.data.finding import Finding

__all__ = ["Checked", "Finding", "check_source", "tag_findings"]
