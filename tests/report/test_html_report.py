"""The report: well-formed, self-contained, and saying what it was given."""

import base64
import io
import re
from html.parser import HTMLParser

import numpy as np
import pytest
import torch
from PIL import Image

from getam.evaluation import Scores, SeedScores, StageScores
from getam.report import colour_mask, line_chart, write_html
from getam.report.line_chart import MAX_POINTS, round_ticks, thin_out
from getam.report.mask_colours import palette_picture

VOID = {"meta", "img"}
SCORES = Scores.from_counts(
    torch.tensor([[6, 2, 0], [0, 4, 0], [0, 0, 0]]), ["background", "<dog> & co", "cat"], images=2
)


class Page(HTMLParser):
    """Collects text and links, and checks that every element is closed in order."""

    def __init__(self):
        super().__init__()
        self.open, self.links, self.text = [], [], []

    def handle_starttag(self, tag, attributes):
        self.links += [value for name, value in attributes if name in ("src", "href", "data")]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, _tag, _attributes):
        """Elements that close themselves, as the lines of a chart do, open nothing."""

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if "style" not in self.open and data.strip():
            self.text.append(data.strip())


def parsed(path):
    page = Page()
    page.feed(path.read_text(encoding="utf-8"))
    page.close()
    assert page.open == []
    return page


@pytest.fixture
def stages():
    result = StageScores()
    result.add("raw map", SeedScores(SCORES, threshold=0.4, curve={0.2: 0.5, 0.4: 0.7}))
    result.add("prediction", SCORES)
    return result


def test_full_report_is_well_formed_and_needs_nothing_else(tmp_path, stages):
    mask = np.eye(8, dtype=np.uint8)
    colour_mask(mask).save(tmp_path / "picture.png")
    write_html(
        tmp_path / "report.html",
        title="Dogs & <cats>",
        scores=stages,
        pictures={'a "quoted" caption': palette_picture(mask), "file": tmp_path / "picture.png"},
        facts={"Command": {"command": "getam train --classes 'a<b'"}, "Versions": {"torch": 2}},
        curves={"Losses": {"classification": [(0, 0.7), (10, 0.4)], "empty": []}, "none": {}},
    )
    page = parsed(tmp_path / "report.html")
    for text in ("Dogs & <cats>", "<dog> & co", "0.708", "0.667", "0.40", "file", "Losses"):
        assert text in page.text
    assert "none" not in page.text
    assert "getam train --classes 'a<b'" in page.text
    assert len(page.links) == 2
    assert all(link.startswith("data:image/") for link in page.links)
    source = (tmp_path / "report.html").read_text()
    assert not re.search(r"https?:|@import|url\(|<script|<link", source)


def test_picture_in_the_page_is_the_picture(tmp_path):
    mask = np.arange(64, dtype=np.uint8).reshape(8, 8)
    write_html(tmp_path / "report.html", title="t", pictures={"mask": palette_picture(mask)})
    link = parsed(tmp_path / "report.html").links[0]
    with Image.open(io.BytesIO(base64.b64decode(link.split(",")[1]))) as picture:
        assert np.array(picture).tolist() == mask.tolist()


def test_single_score_and_empty_report(tmp_path):
    write_html(tmp_path / "one.html", title="one", scores=SCORES)
    assert "IoU per class" in parsed(tmp_path / "one.html").text
    write_html(tmp_path / "none.html", title="none")
    assert parsed(tmp_path / "none.html").text == ["none", "none"]


def test_bars_are_as_long_as_the_iou(tmp_path):
    write_html(tmp_path / "report.html", title="t", scores=SCORES)
    widths = re.findall(r"width:([\d.]+)%\"", (tmp_path / "report.html").read_text())
    assert [float(width) for width in widths] == [75.0, 66.7, 0.0, 70.8]


@pytest.mark.parametrize(
    ("seconds", "text"), [(2.31, "2.3 s"), (125, "2 min 05 s"), (7380, "2 h 03 min")]
)
def test_durations(tmp_path, seconds, text):
    scores = Scores.from_counts(torch.eye(1), ["background"], seconds=seconds)
    write_html(tmp_path / "report.html", title="t", scores=scores)
    assert text in parsed(tmp_path / "report.html").text


def test_failure_leaves_the_old_report(tmp_path):
    write_html(tmp_path / "report.html", title="old")
    (tmp_path / "broken.png").write_bytes(b"no picture")
    with pytest.raises(OSError, match="broken.png"):
        write_html(tmp_path / "report.html", title="new", pictures={"p": tmp_path / "broken.png"})
    assert "old" in parsed(tmp_path / "report.html").text
    assert sorted(path.name for path in tmp_path.iterdir()) == ["broken.png", "report.html"]


def test_chart_puts_points_where_they_belong():
    chart = line_chart({"a": [(0, 0.0), (5, float("nan")), (10, 1.0)], "b": [(5, 0.5)]})
    points = re.search(r'points="([^"]+)"', chart).group(1)
    (x0, y0), (x1, y1) = (map(float, point.split(",")) for point in points.split())
    assert x0 < x1
    assert y0 > y1
    dot = re.search(r'cx="([^"]+)" cy="([^"]+)"', chart).groups()
    assert [float(value) for value in dot] == pytest.approx([(x0 + x1) / 2, (y0 + y1) / 2])
    assert line_chart({"a": [], "b": [(0, float("inf"))]}) == ""


@pytest.mark.parametrize("values", [[0.013, 0.87], [5, 5], [0, 0], [-3, 1e-7], [1e-9, 3e-9]])
def test_ticks_are_few_even_and_around_the_values(values):
    ticks = round_ticks(values)
    assert 2 <= len(ticks) <= 9
    assert ticks[0] <= min(values)
    assert ticks[-1] >= max(values)
    steps = np.diff(ticks)
    assert steps == pytest.approx(np.full(len(steps), steps[0]), rel=1e-3)


def test_long_series_keep_their_mean():
    points = [(float(step), float(step % 7)) for step in range(MAX_POINTS * 4)]
    thin = thin_out(points)
    assert len(thin) == MAX_POINTS
    assert np.mean([y for _, y in thin]) == pytest.approx(np.mean([y for _, y in points]))
    assert thin_out(points[:5]) == points[:5]
