"""Data sets are recognised by what lies at their path."""

import pytest

from getam.data import open_source


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"split": "trian"}, "unknown split 'trian' .*there are train, val; did you mean 'train'"),
        ({"classes": ["cat", "cwo"]}, "unknown class 'cwo' .*cat, cow, dog; did you mean 'cow'"),
        ({"classes": ["cat", "cat"]}, "different names"),
        ({"classes": "cat"}, "list of different names, got 'cat'"),
        ({"classes": []}, "list of different names"),
    ],
)
def test_wrong_arguments(voc, arguments, message):
    with pytest.raises(ValueError, match=message):
        open_source(voc, **arguments)


def test_missing_and_empty_folders(tmp_path):
    with pytest.raises(FileNotFoundError, match="no data set"):
        open_source(tmp_path / "none")
    (tmp_path / "JPEGImages").mkdir()
    with pytest.raises(FileNotFoundError, match="no photo in"):
        open_source(tmp_path)
