"""Folders of photos to folders of masks, pseudo labels and maps."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image

from getam.inference import (
    Predictor,
    label_folder,
    label_photos,
    maps_folder,
    new_folder,
    predict_folder,
    predicted_classes,
)
from getam.inference.folders import file_values


def values_of(path):
    with Image.open(path) as image:
        assert image.mode == "P"
        return np.asarray(image)


def test_masks_carry_the_values_of_the_training_data(folder, source, tmp_path):
    predictor = Predictor.load(folder, device="cpu")
    predictor.classes = {"cat": 8, "cow": 10, "dog": 12}
    predict_folder(predictor, source, tmp_path, workers=0)
    assert {path.name for path in tmp_path.iterdir()} == {f"{r.id}.png" for r in source.records}
    table = np.array([0, 8, 10, 12])
    for record in source.records:
        expected = table[predictor(record.image).mask.numpy()]
        np.testing.assert_array_equal(values_of(tmp_path / f"{record.id}.png"), expected)


def test_pseudo_labels_are_written_and_scored(model, source, tmp_path):
    scores = label_folder(model, source, tmp_path, workers=0)
    for photo in label_photos(model, source, workers=0):
        written = values_of(tmp_path / f"{photo.id}.png")
        np.testing.assert_array_equal(written, photo.label_at_photo_size().numpy())
    assert scores.images == 5
    bare = replace(source, records=tuple(replace(r, mask=None) for r in source.records))
    assert label_folder(model, bare, tmp_path, workers=0) is None


def test_maps_of_present_classes(model, source, tmp_path):
    maps_folder(model, source, tmp_path, workers=0)
    for photo, record in zip(label_photos(model, source, workers=0), source.records, strict=True):
        stored = np.load(tmp_path / f"{photo.id}.npz")
        assert set(stored["classes"].tolist()) == set(record.labels)
        np.testing.assert_allclose(stored["refined_maps"], photo.refined_maps, atol=1e-3)
        np.testing.assert_allclose(stored["activation_maps"], photo.activation_maps, atol=1e-3)
        for name in record.labels:
            assert (tmp_path / f"{photo.id}_{name}.jpg").is_file()


def test_classes_that_the_network_sees(folder, source):
    predictor = Predictor.load(folder, device="cpu")
    for names, record in zip(predicted_classes(predictor, source), source.records, strict=True):
        likely = predictor(record.image).class_probabilities
        expected = {name for name, p in zip(predictor.classes, likely, strict=True) if p > 0.5}
        assert set(names) == (expected or {list(predictor.classes)[int(likely.argmax())]})


def test_values_of_files():
    table = file_values({"cat": 8, "dog": 12})
    assert table[[0, 1, 2, 3, 255]].tolist() == [0, 8, 12, 255, 255]
    assert table.dtype == torch.uint8


def test_a_folder_in_use_is_refused(tmp_path):
    (tmp_path / "thesis.txt").write_text("precious")
    with pytest.raises(FileExistsError, match="is not empty: choose another"):
        new_folder(tmp_path)
    with pytest.raises(FileExistsError):
        new_folder(tmp_path / "thesis.txt", overwrite=True)
    assert new_folder(tmp_path, overwrite=True) == tmp_path
    assert new_folder(tmp_path / "a" / "b").is_dir()
