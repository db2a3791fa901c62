"""The picture of a comparison: well-formed, every method in every chart, values where they are."""

import xml.etree.ElementTree as ET

import pytest
import torch

from getam.evaluation import Comparison, Cost, MethodScores, SeedCurve
from getam.report import comparison_svg

SVG = "{http://www.w3.org/2000/svg}"


def scores(method, first_block, refined, strength, **curves):
    curve = SeedCurve(["background", "dog"], thresholds=(0.2, 0.6))
    curve.update(torch.tensor([[[0.1, strength]]]), [0], torch.tensor([[0, 1]]))
    seed, cost = curve.scores(), Cost(0.5, 7)
    return MethodScores(method, first_block, refined, seed, {"dog": 1.0}, cost, **curves)


@pytest.fixture
def comparison():
    curves = {"insertion": [0.0, 0.5, 1.0], "deletion": [1.0, 0.5, 0.0]}
    rows = [
        scores(method, first_block, refined, strength, **curves)
        for refined in (False, True)
        for method, strength in (("getam", 0.9), ("grad<cam", 0.5))
        for first_block in (0, 6)
    ]
    return Comparison(tuple(rows), photos=1)


def test_a_line_per_method_in_every_chart(comparison):
    root = ET.fromstring(comparison_svg(comparison))
    charts = root.findall(f".//{SVG}svg[@class='chart']")
    assert len(charts) == 6
    for chart in charts:
        titles = [line.findtext(f"{SVG}title") for line in chart.findall(f"{SVG}polyline")]
        assert titles == ["getam", "grad<cam"]
    assert [text.text for text in root.findall(f"{SVG}text")][-2:] == ["getam", "grad<cam"]


def test_charts_that_were_not_measured_are_left_out():
    rows = (scores("getam", 6, False, 0.9), scores("grad", 6, False, 0.5))
    root = ET.fromstring(comparison_svg(Comparison(rows, photos=1)))
    titles = [text.text for text in root.findall(f"{SVG}text[@class='title']")]
    assert titles == ["mIoU, unrefined", "mIoU at the best first block, unrefined"]
    assert len(root.findall(f".//{SVG}circle")) == 2  # one first block: points, not lines


def test_table_and_json(comparison):
    head, _, *rows = comparison.markdown().splitlines()
    assert head.split(" | ")[3:6] == ["mIoU", "threshold", "precision"]
    assert head.split(" | ")[-4:] == ["insertion", "deletion", "s/photo", "MiB |"]
    assert len(rows) == 8
    first = rows[0].strip("| ").split(" | ")
    assert first == [
        *("getam", "0", "no", "1.000", "0.2", "1.000", "1.000", "1.000"),
        *("0.500", "0.500", "0.500", "7"),
    ]
    content = comparison.to_dict()
    assert content["photos"] == 1
    assert content["rows"][0]["seed"]["miou"] == 1
    assert content["rows"][0]["areas"] == {"insertion": 0.5, "deletion": 0.5}
    assert comparison.table().splitlines()[1].split()[:2] == ["getam", "0"]
