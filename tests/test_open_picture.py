"""One bound for all pictures, with one line above it and no word below it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from getam.data import Record, Source, photo_size, read_photo, without_unreadable
from getam.data.mask import MaskFiles
from getam.evaluation import read_mask
from getam.open_picture import open_picture

READ = "from pathlib import Path; from getam.open_picture import open_picture as o\n"
READ += "with o(Path({!r})) as picture: print(picture.size)"


def test_a_large_photo_is_read_without_a_warning(tmp_path: Path) -> None:
    photo = tmp_path / "large.png"
    Image.new("1", (12000, 8000)).save(photo)
    done = subprocess.run(
        [sys.executable, "-c", READ.format(str(photo))], capture_output=True, text=True, check=True
    )
    assert (done.stdout, done.stderr) == ("(12000, 8000)\n", "")


@pytest.mark.filterwarnings("ignore:Image size")  # pytest forgets the filter of the module
def test_above_the_bound_one_line_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    photo = tmp_path / "a.png"
    Image.new("L", (50, 41)).save(photo)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1024)
    record = Record("a", photo, mask=photo)
    line = r"a\.png.* more than 2,048 pixels: make it smaller, or cut it into pieces"
    for read in (read_photo, photo_size, read_mask):
        with pytest.raises(ValueError, match=line):
            read(photo)
    with pytest.raises(ValueError, match=line):
        MaskFiles(frozenset({1}))(record)
    Image.new("L", (64, 32)).save(photo)
    assert read_photo(photo).size == (64, 32)


def test_a_pipe_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    pipe = tmp_path / "a.jpg"
    os.mkfifo(pipe)
    whole = tmp_path / "b.png"
    Image.new("L", (8, 8)).save(whole)
    with pytest.raises(ValueError, match="it is not a file"), open_picture(pipe):
        pytest.fail("nobody writes into the pipe")
    records = (Record("a", pipe), Record("b", whole))
    left = without_unreadable(Source(records, {"cat": 1}))
    assert [record.id for record in left.records] == ["b"]
