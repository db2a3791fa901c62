"""Folders of photos to folders of masks, pseudo labels and maps."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image

from getam.data import PhotoDataset
from getam.data.sample import collate
from getam.evaluation import ConfusionMatrix
from getam.inference import (
    Predictor,
    label_folder,
    label_photos,
    maps_folder,
    output_folder,
    predict_folder,
)
from getam.inference.folders import MaskWork, file_values


def values_of(path):
    with Image.open(path) as image:
        assert image.mode == "P"
        return np.asarray(image)


def opened(path, source):
    return output_folder(path, source, {"verb": "test"})


def test_masks_carry_the_values_of_the_training_data(folder, source, tmp_path):
    predictor = Predictor.load(folder, device="cpu")
    predictor.classes = {"cat": 8, "cow": 10, "dog": 12}
    predict_folder(predictor, source, opened(tmp_path, source), overlays=True, workers=0)
    assert {path.name for path in tmp_path.glob("*.*g")} == {
        f"{record.id}.{ending}" for record in source.records for ending in ("png", "overlay.jpg")
    }
    table = np.array([0, 8, 10, 12])
    for record in source.records:
        expected = table[predictor(record.image).mask.numpy()]
        np.testing.assert_array_equal(values_of(tmp_path / f"{record.id}.png"), expected)


def test_masks_that_show_nothing_are_counted(folder, source, tmp_path, caplog):
    predictor = Predictor.load(folder, device="cpu")
    with torch.no_grad():
        predictor.network.decoder.head[-1].bias[0] = 1e4
    predict_folder(predictor, source, opened(tmp_path, source), workers=0)
    count = len(source)
    assert caplog.messages == [f"{count} of {count} masks show nothing but background"]


def test_one_empty_mask_among_others_is_counted_and_no_list_of_classes_is_replaced(
    folder, source, tmp_path
):
    predictor = Predictor.load(folder, device="cpu")
    work, batch = MaskWork(predictor), collate([PhotoDataset(source)[0]])
    with torch.no_grad():
        for least, shown in ((-1e4, [True]), (1e4, [True, False])):
            predictor.network.decoder.head[-1].bias[0] = least
            work(source.records[0], batch)
            assert work.shown == shown
    mine = tmp_path / "classes.txt"
    mine.write_text("background\n")
    with pytest.raises(ValueError, match="would meet the input"):
        output_folder(tmp_path, source, {}, inputs=[mine], overwrite=True)


def test_pseudo_labels_are_written_and_scored(model, source, tmp_path):
    scores = label_folder(model, source, opened(tmp_path / "out", source), workers=0)
    matrix = ConfusionMatrix(4)
    for photo in label_photos(model, source, workers=0):
        written = values_of(tmp_path / "out" / f"{photo.id}.png")
        np.testing.assert_array_equal(written, photo.label_at_photo_size().numpy())
        record = next(record for record in source.records if record.id == photo.id)
        matrix.update(torch.from_numpy(source.read_truth(record)), photo.label_at_photo_size())
    assert scores == matrix.scores(["background", *source.classes])
    bare = replace(source, records=tuple(replace(r, mask=None) for r in source.records))
    out = opened(tmp_path / "bare", bare)
    assert label_folder(model, bare, out, overlays=True, workers=0) is None
    assert {path.name for path in out.path.glob("*.jpg")} == {
        f"{record.id}.overlay.jpg" for record in source.with_known_labels().records
    }


@pytest.mark.parametrize("write", [label_folder, maps_folder])
def test_photos_of_which_nothing_is_known_get_no_file(write, model, source, tmp_path, caplog):
    caplog.set_level("INFO")
    first, second, *_ = source.records
    half = replace(source, records=(replace(first, labels=None), second))
    out = opened(tmp_path / "out", half)
    write(model, half, out, workers=0)
    assert not list((tmp_path / "out").glob(f"{first.id}.*"))
    assert list((tmp_path / "out").glob(f"{second.id}.*"))
    assert "nothing is known about 1 photos" in caplog.text
    unknown = replace(half, records=half.records[:1])
    with pytest.raises(ValueError, match="nothing is known about any photo of .*--labels FILE"):
        write(model, unknown, out, workers=0)


def test_pseudo_labels_of_an_earlier_run_are_scored_with_the_others(model, source, tmp_path):
    values = {"cat": 8, "cow": 10, "dog": 12}  # of the files, not of training
    model = replace(model, classes=values)
    whole = label_folder(model, source, opened(tmp_path / "whole", source), workers=0)
    out = opened(tmp_path / "out", source)
    label_folder(model, replace(source, records=source.records[:2]), out, workers=0)
    again = opened(tmp_path / "out", source)
    assert again.done == {record.id for record in source.records[:2]}
    assert label_folder(model, source, again, workers=0) == whole


def test_maps_of_present_classes(model, source, tmp_path):
    maps_folder(model, source, opened(tmp_path, source), workers=0)
    for photo, record in zip(label_photos(model, source, workers=0), source.records, strict=True):
        stored = np.load(tmp_path / f"{photo.id}.npz")
        assert set(stored["classes"].tolist()) == set(record.labels)
        np.testing.assert_allclose(stored["refined_maps"], photo.refined_maps, atol=1e-3)
        np.testing.assert_allclose(stored["activation_maps"], photo.activation_maps, atol=1e-3)
        for name in record.labels:
            assert (tmp_path / f"{photo.id}.{name}.jpg").is_file()


def test_photos_that_are_done_are_passed_over(folder, source, tmp_path):
    predictor = Predictor.load(folder, device="cpu")
    predict_folder(predictor, source, opened(tmp_path, source), workers=0)
    first = tmp_path / f"{source.records[0].id}.png"
    second = tmp_path / f"{source.records[1].id}.png"
    whole = second.read_bytes()
    written = first.stat().st_mtime_ns
    second.unlink()
    predict_folder(predictor, source, opened(tmp_path, source), workers=0)
    assert first.stat().st_mtime_ns == written
    assert second.read_bytes() == whole


@pytest.mark.parametrize("wrong", ["../a", "/a", "a/../../b", "con"])
def test_ids_made_by_hand_stay_below_the_folder(wrong, source, tmp_path):
    record = replace(source.records[0], id=wrong)
    with pytest.raises(ValueError, match="the id .* cannot name a file below"):
        opened(tmp_path / "out", replace(source, records=(record,)))
    assert not (tmp_path / "out").exists()


def test_maps_of_the_classes_that_the_network_sees(folder, model, source, tmp_path):
    predictor = Predictor.load(folder, device="cpu")
    maps_folder(model, source, opened(tmp_path, source), predictor=predictor, workers=0)
    for record in source.records:
        likely = predictor(record.image).class_probabilities
        names = list(predictor.classes)
        seen = {name for name, p in zip(names, likely, strict=True) if p > 0.5}
        seen = seen or {names[int(likely.argmax())]}
        tagged = replace(source, records=(replace(record, labels=tuple(seen), saliency=None),))
        (expected,) = label_photos(model, tagged, workers=0)
        with np.load(tmp_path / f"{record.id}.npz") as stored:
            assert set(stored["classes"].tolist()) == seen
            np.testing.assert_allclose(stored["refined_maps"], expected.refined_maps, atol=1e-3)


def test_values_of_files():
    table = file_values({"cat": 8, "dog": 12})
    assert table[[0, 1, 2, 3, 255]].tolist() == [0, 8, 12, 255, 255]
    assert table.dtype == torch.uint8
