"""Saliency maps and masks find their photos, and never serve two."""

import pytest

from getam.data import open_source

from .scenes import write_photo


@pytest.fixture
def photos(tmp_path):
    for name in ("cat/1.png", "cat/2.png", "dog/3.png"):
        write_photo(tmp_path / "photos" / name)
    return tmp_path / "photos"


def saliency_of(photos):
    folder = photos.parent / "maps"
    source = open_source(photos, saliency=folder)
    return {r.id: r.saliency.relative_to(folder).as_posix() for r in source.records}


def write_maps(photos, *names):
    for name in names:
        write_photo(photos.parent / "maps" / name)


def test_by_stem(photos):
    write_maps(photos, "1.jpg", "2.png", "3.png")
    assert saliency_of(photos) == {"cat/1": "1.jpg", "cat/2": "2.png", "dog/3": "3.png"}


def test_the_path_comes_before_the_stem(photos):
    write_maps(photos, "cat/1.png", "1.png", "photos/cat/2.png", "cat/2.png", "dog/3.jpg")
    assert saliency_of(photos) == {
        "cat/1": "cat/1.png", "cat/2": "photos/cat/2.png", "dog/3": "dog/3.jpg"
    }  # fmt: skip


def test_two_photos_of_one_stem(photos):
    write_photo(photos / "dog" / "1.png")
    write_maps(photos, "cat/1.png", "dog/1.png", "2.png", "3.png")
    assert saliency_of(photos) == {
        "cat/1": "cat/1.png", "cat/2": "2.png", "dog/1": "dog/1.png", "dog/3": "3.png"
    }  # fmt: skip


def test_one_map_for_two_photos_is_refused(photos):
    write_photo(photos / "dog" / "1.png")
    write_maps(photos, "1.png", "2.png", "3.png")
    with pytest.raises(ValueError, match=r"1\.png would serve two photos, .*cat.*dog") as caught:
        saliency_of(photos)
    assert "\n" not in str(caught.value)


def test_one_mask_for_two_photos_is_refused(voc):
    for name in "xy":
        write_photo(voc / "JPEGImages" / name / "q.png")
    write_photo(voc / "SegmentationClass" / "q.png")
    with pytest.raises(ValueError, match=r"mask .*q\.png would serve two photos"):
        open_source(voc)


def test_two_maps_for_one_photo_are_refused(photos):
    write_maps(photos, "1.png", "1.jpg", "2.png", "3.png")
    with pytest.raises(ValueError, match="are both the saliency map 1; remove one"):
        saliency_of(photos)


def test_a_photo_without_a_map(photos):
    write_maps(photos, "1.png", "cat/3.png")
    with pytest.raises(
        FileNotFoundError, match="2 photos have no saliency map in .*: cat/2, dog/3"
    ):
        saliency_of(photos)
