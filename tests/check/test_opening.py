"""A data set is opened as far as it can be, and nothing that is told is cut."""

from pathlib import Path

import pytest
from data.scenes import write_photo, write_voc

from getam.check.opening import open_as_far_as_possible
from getam.data import Source, open_source
from getam.data.finding import Finding


def opened(path: Path, **given: object) -> tuple[Source, dict[str, Finding]]:
    findings: list[Finding] = []
    source = open_as_far_as_possible(path, findings.append, **given)
    return source, {finding.topic: finding for finding in findings}


def test_a_sound_data_set_is_opened_as_training_opens_it(voc: Path, tmp_path: Path) -> None:
    given = {"saliency": voc / "saliency", "classes": ["dog", "cat"], "split": "train"}
    assert opened(voc, **given) == (open_source(voc, **given), {})
    (tmp_path / "data.yaml").write_text(f"path: {voc}\nsaliency: {voc}/saliency\n")
    assert opened(tmp_path / "data.yaml")[0] == open_source(tmp_path / "data.yaml")


def test_every_missing_photo_and_every_repeated_one_is_listed(tmp_path: Path) -> None:
    for name in "abc":
        write_photo(tmp_path / f"{name}.png")
    gone = [f"gone{number}.png" for number in range(9)]
    twice = "a,cat\na.png,cat\nb,dog\n./b,dog\nc,dog\n"
    rows = "".join(f"{name},cat\n" for name in gone)
    (tmp_path / "tags.csv").write_text(f"image,labels\n{twice}{rows}")
    source, found = opened(tmp_path / "tags.csv")
    assert found["missing photos"].names == tuple(gone)
    assert found["named twice"].names == (("a", "a.png"), ("b", "./b"))
    assert {record.image.name for record in source.records} == {"a.png", "b.png", "c.png"}
    with pytest.raises(ValueError, match="names 2 photos more than once"):
        open_source(tmp_path / "tags.csv")


def test_one_refused_option_hides_no_other(tmp_path: Path) -> None:
    voc = write_voc(tmp_path / "voc")
    for name in "ab":
        (voc / "saliency" / f"{name}.jpg").unlink()
    findings: list[Finding] = []
    given = {"classes": ["cat", "dgo"], "truth": voc / "gone", "saliency": voc / "saliency"}
    source = open_as_far_as_possible(voc, findings.append, **given)
    assert [finding.kind for finding in findings] == ["refused"] * 3
    assert "unknown class 'dgo'" in findings[0].message
    assert f"there is no folder {voc / 'gone'}" in findings[1].message
    assert [Path(str(name)).stem for name in findings[2].names] == ["a", "b"]
    assert len(source) == 5


def test_photos_without_usable_labels_are_still_there(tmp_path: Path) -> None:
    write_photo(tmp_path / "photos" / "background" / "1.png")
    write_photo(tmp_path / "photos" / "cat" / "2.png")
    source, found = opened(tmp_path / "photos")
    assert "give --none background" in found["refused"].message
    assert (len(source), source.classes) == (2, {})
    source, found = opened(tmp_path / "gone")
    assert "there is no data set" in found["refused"].message
    assert len(source) == 0
