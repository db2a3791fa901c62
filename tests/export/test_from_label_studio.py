"""What goes to Label Studio comes back byte by byte."""

import json
from pathlib import Path

import numpy as np
import pytest

from export.examples import CLASSES, masks, write_masks
from getam.data.mask import MaskFiles
from getam.export import masks_from_label_studio
from getam.export.brush import unpack_region
from getam.export.label_studio import write_label_studio


@pytest.fixture
def export(tmp_path: Path) -> Path:
    """An export in which every prediction was accepted as it is."""
    write_label_studio(write_masks(tmp_path, "masks"), CLASSES, tmp_path)
    tasks = json.loads((tmp_path / "tasks.json").read_text())
    for task in tasks:
        rejected = {"result": [{"type": "none"}], "was_cancelled": True}
        task["annotations"] = [*task.pop("predictions"), rejected]
    (tmp_path / "export.json").write_text(json.dumps(tasks))
    return tmp_path / "export.json"


def test_every_mask_comes_back(export: Path, tmp_path: Path) -> None:
    written = masks_from_label_studio(export, tmp_path / "back", classes=CLASSES)
    expected = {name: mask for name, mask in masks().items() if mask.any()}
    assert written == [tmp_path / "back" / f"{name}.png" for name in expected]
    read = MaskFiles(frozenset(CLASSES.values())).read
    for path, mask in zip(written, expected.values(), strict=True):
        assert np.array_equal(read(path), mask)


def test_mistakes(export: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="unknown label 'cat' in the export"):
        masks_from_label_studio(export, tmp_path / "back", classes={"cats": 1})
    export.write_text(export.read_text().replace('"id": "full"', '"id": "../full"'))
    with pytest.raises(ValueError, match="cannot name a file below"):
        masks_from_label_studio(export, tmp_path / "back", classes=CLASSES)
    for text in ("{", '{"a": 1}', '[{"data": {}}]'):
        export.write_text(text)
        with pytest.raises(ValueError, match="is no JSON export of the brush tasks"):
            masks_from_label_studio(export, tmp_path / "back", classes=CLASSES)
    assert not (tmp_path / "back").exists()


def test_a_run_may_hold_values_that_differ() -> None:
    head = f"{8:032b}{7:05b}" + "".join(f"{bits - 1:04b}" for bits in (3, 4, 8, 16))
    bits = f"{head}000{7:03b}" + "".join(f"{value:08b}" for value in (0, 0, 0, 255, 9, 9, 9, 0))
    packed = list(
        int(bits.ljust(-(-len(bits) // 8) * 8, "0"), 2).to_bytes(-(-len(bits) // 8), "big")
    )
    assert unpack_region(packed, (1, 2)).tolist() == [[True, False]]
    with pytest.raises(ValueError, match="end too early"):
        unpack_region(packed[:-1], (1, 2))
    with pytest.raises(ValueError, match="has 2 pixels"):
        unpack_region(packed, (2, 2))
