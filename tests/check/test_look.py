"""A look at a photo keeps its size, its bytes, its appearance and how bright its map is where."""

from pathlib import Path

import numpy as np
from data.scenes import write_photo
from PIL import Image

from getam.check.look import Look, look_at
from getam.data import Record


def looks(*records: Record) -> list[Look]:
    return look_at(records, advance=lambda: None)


def test_equal_bytes_near_photos_and_others(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    smooth = Image.fromarray(rng.integers(0, 256, (6, 8, 3), dtype=np.uint8)).resize((320, 240))
    smooth.save(tmp_path / "a.png")
    (tmp_path / "b.png").write_bytes((tmp_path / "a.png").read_bytes())
    smooth.resize((200, 150)).save(tmp_path / "c.jpg", quality=60)
    write_photo(tmp_path / "d.png", (24, 32))
    paths = sorted(tmp_path.iterdir())
    a, b, c, d = looks(*(Record(path.stem, path) for path in paths))
    assert (a.size, c.size, d.size) == ((240, 320), (150, 200), (24, 32))
    assert a.digest == b.digest != c.digest
    assert (a.fingerprint ^ c.fingerprint).bit_count() <= 3
    assert (a.fingerprint ^ d.fingerprint).bit_count() > 12


def test_unreadable_photos_and_maps(tmp_path: Path) -> None:
    good, bad = write_photo(tmp_path / "good.png"), tmp_path / "bad.png"
    bad.write_bytes(good.read_bytes()[:60])
    first, second, third = looks(
        Record("1", bad), Record("2", good, saliency=bad), Record("3", tmp_path / "gone.png")
    )
    assert "cannot read the photo" in first.fault
    assert (second.fault, "cannot read" in second.map_fault) == ("", True)
    assert "there is no photo" in third.fault


def test_border_and_centre_of_a_map(tmp_path: Path) -> None:
    photo = write_photo(tmp_path / "photo.png")
    values = np.full((40, 60), 100, dtype=np.uint8)
    values[4:-4, 6:-6] = 10  # all but a tenth on each side
    values[10:-10, 15:-15] = 200  # all but a quarter on each side
    Image.fromarray(values).save(tmp_path / "map.png")
    Image.fromarray(values[:1, :1]).save(tmp_path / "dot.png")
    maps = [Record("1", photo, saliency=tmp_path / f"{name}.png") for name in ("map", "dot")]
    look, dot, bare = looks(*maps, Record("3", photo))
    assert (look.border, look.centre) == (100, 200)
    assert dot.centre == 100
    assert np.isnan([dot.border, bare.border, bare.centre]).all()
