"""Every format writes the files that it announces, from which inputs are kept safe."""

from pathlib import Path

import pytest

from export.examples import CLASSES, write_masks
from getam.export import FORMATS, export_masks


@pytest.mark.parametrize("name", FORMATS)
def test_the_files_are_those_announced(name: str, tmp_path: Path) -> None:
    out = tmp_path / "out"
    made = write_masks(tmp_path, f"out/{FORMATS[name].masks}")
    before = {*out.rglob("*.*")}
    written = export_masks(made, out, format=name, classes=CLASSES)
    assert [path.relative_to(out).as_posix() for path in written] == [*FORMATS[name].files]
    assert {*out.rglob("*.*")} - before == {*written}


def test_an_unknown_format_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="format must be one of voc, cvat"):
        export_masks([], tmp_path, format="yolo", classes=CLASSES)
