"""The one line about a class that every photo shows."""

import pytest

from getam.data import open_source, train_loader

from .scenes import write_photo


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ("1,defect\n2,defect\n", True),
        ("1,defect\n2,\n", False),
        ("1,defect\n2,scratch\n", False),
    ],
)
def test_a_classifier_needs_something_to_tell_a_class_from(tmp_path, caplog, rows, said):
    for name in "12":
        write_photo(tmp_path / f"{name}.png")
    (tmp_path / "tags.csv").write_text(f"image,labels\n{rows}")
    source = open_source(tmp_path / "tags.csv")
    train_loader(source, crop=8, batch_size=1, seed=0, workers=0)
    assert ["known to be without the only class 'defect'" in m for m in caplog.messages] == (
        [True] if said else []
    )


def test_unknown_is_not_without(tmp_path, caplog):
    (tmp_path / "tags.csv").write_text("image,defect,scratch\n1,1,0\n2,,1\n")
    for name in "12":
        write_photo(tmp_path / f"{name}.png")
    source = open_source(tmp_path / "tags.csv", classes=["defect"])
    train_loader(source, crop=8, batch_size=1, seed=0, workers=0)
    assert "nothing to tell it from" in caplog.text
