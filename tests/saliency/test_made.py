"""Maps are made once per photo and origin, beside the run and never among the user's files."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from PIL import Image

from getam.data import Source, read_saliency
from getam.saliency import (
    About,
    Provider,
    is_made,
    origin_of,
    record_origin,
    with_kept_saliency,
    with_made_saliency,
)
from getam.saliency.made import maps_folder

ABOUT = About("left half", "1", "MIT", trained_with_masks=True)


class Counting:
    """A provider that counts its calls; its object is the left half of every photo."""

    def __init__(self, about: About = ABOUT) -> None:
        self.calls = 0
        self.provider = Provider(about, self.find)

    def find(self, photo: torch.Tensor) -> torch.Tensor:
        self.calls += 1
        assert photo.dtype == torch.uint8
        return torch.tensor([[1.0, 1.0, 0.0, 0.0]]).expand(4, 4)


def test_maps_are_made_once_in_the_shape_of_their_photos(source: Source, tmp_path: Path) -> None:
    left = Counting()
    made = with_made_saliency(source, left.provider, tmp_path)
    assert left.calls == len(source)
    for record in made.records:
        assert record.saliency is not None
        with Image.open(record.saliency) as file, Image.open(record.image) as photo:
            assert file.size == photo.size
            assert file.mode == "L"
        saliency = read_saliency(record.saliency, (4, 4))[0]
        assert (saliency[:, 0] > 200).all()
        assert (saliency[:, 3] < 50).all()
    assert with_made_saliency(source, left.provider, tmp_path) == made
    assert left.calls == len(source)
    (folder,) = (tmp_path / "saliency").iterdir()
    assert json.loads((folder / "about.json").read_text())["trained_with_masks"] is True


def test_another_origin_and_a_changed_photo_get_other_maps(source: Source, tmp_path: Path) -> None:
    record = replace(source.records[0], image=tmp_path / "photo.png")
    alone = replace(source, records=(record,))
    Image.new("RGB", (20, 10)).save(record.image)
    with_made_saliency(alone, Counting().provider, tmp_path / "run")
    newer = Counting(replace(ABOUT, version="2"))
    with_made_saliency(alone, newer.provider, tmp_path / "run")
    assert newer.calls == 1
    Image.new("RGB", (20, 10), "red").save(record.image)
    with_made_saliency(alone, newer.provider, tmp_path / "run")
    assert newer.calls == 2


def test_names_stay_below_the_run(source: Source, tmp_path: Path) -> None:
    hostile = About("../../out<b>", "1", "MIT", trained_with_masks=False)
    folder = maps_folder(tmp_path / "run", hostile)
    assert folder.parent == tmp_path / "run" / "saliency"
    made = with_made_saliency(source, Counting(hostile).provider, tmp_path / "run")
    assert all(r.saliency and r.saliency.parent == folder for r in made.records)


def test_a_folder_of_the_user_is_left_alone(source: Source, tmp_path: Path) -> None:
    (tmp_path / "saliency").mkdir()
    own = tmp_path / "saliency" / "a.png"
    own.write_bytes(b"mine")
    assert not is_made(own.parent)
    with pytest.raises(FileExistsError, match="holds files that getam did not make"):
        with_made_saliency(source, Counting().provider, tmp_path)
    assert [*own.parent.iterdir()] == [own]


def test_a_run_remembers_its_maps(source: Source, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="5 photos have no saliency map in"):
        with_kept_saliency(source, tmp_path)
    assert origin_of(tmp_path) == {}
    made = with_made_saliency(source, Counting().provider, tmp_path)
    record_origin(tmp_path, ABOUT)
    assert origin_of(tmp_path)["provider"] == "left half"
    assert with_kept_saliency(source, tmp_path) == made
    assert is_made(tmp_path / "saliency")
    tmp_path.joinpath("saliency").rename(tmp_path / "moved")
    assert not is_made(tmp_path / "saliency")


@pytest.mark.parametrize(
    "wrong", [torch.ones(2, 2) * 2, torch.ones(1, 2, 2), torch.ones(2, 2).int()]
)
def test_other_values_are_refused(source: Source, tmp_path: Path, wrong: torch.Tensor) -> None:
    provider = Provider(ABOUT, lambda _photo: wrong)
    with pytest.raises(ValueError, match=r"must be floats \[h, w\] in 0..1"):
        with_made_saliency(source, provider, tmp_path)
