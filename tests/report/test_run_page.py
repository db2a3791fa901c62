"""The page: well-formed, self-contained, and saying what it was given."""

import re
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest

from getam.report import (
    Card,
    Chart,
    RunPage,
    Stage,
    Suspect,
    Table,
    colours_of,
    mask_uri,
    photo_uri,
    run_page,
    write_run_page,
)

VOID = {"meta", "img", "input", "br"}
EVIL = "<img src=x onerror=alert(1)> & \"'</script>"
MASK = np.eye(8, dtype=np.uint8)
PHOTO = np.zeros((8, 8, 3), dtype=np.uint8)


class Page(HTMLParser):
    """Collects text and links, and checks that every element is closed in order."""

    def __init__(self):
        super().__init__()
        self.open, self.links, self.text, self.attributes = [], [], [], []

    def handle_starttag(self, tag, attributes):
        self.links += [value for name, value in attributes if name in ("src", "href", "data")]
        self.attributes += [value for name, value in attributes if name.startswith("data-")]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, _tag, _attributes):
        """Elements that close themselves, as the lines of a chart do, open nothing."""

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if not {"style", "script"} & set(self.open) and data.strip():
            self.text.append(data.strip())


def parsed(path):
    page = Page()
    page.feed(path.read_text(encoding="utf-8"))
    page.close()
    assert page.open == []
    return page


def card(name="a", **changes):
    stages = (Stage("Photo"), Stage("Prediction", "mask", mask_uri(MASK)))
    made = Card(
        name,
        photo_uri(PHOTO),
        (8, 8),
        stages,
        tags=("cat",),
        colours=colours_of({1: "cat"}),
        part="trained on",
        quality=0.25,
    )
    return replace(made, **changes)


FULL = RunPage(
    title=f"Report {EVIL}",
    lead="A lead.",
    tiles={"a figure": "73 %"},
    doubts={"wrong tag": "It is wrong."},
    suspects=[Suspect("a", "wrong tag", EVIL, 0.25), Suspect("elsewhere", "wrong tag", "", 0.5)],
    tables=[
        Table("Classes", "What it says.", ["class", "found", "none"], [[EVIL, 0.734, None]]),
        Table("An empty table", "", ["nothing"], []),
    ],
    charts=[
        Chart("Losses", "Lower is better.", "step", {"tags": [(0, 0.7), (10, 0.4)], "no": []}),
        Chart("An empty chart", "", "step", {"no": []}),
    ],
    cards=[card(overlap=0.5, reason=EVIL, doubt="wrong tag", tags=(EVIL,)), card(EVIL)],
    facts={"Settings": {"classes": EVIL}, "An empty list": {}},
    command=f"getam train --classes '{EVIL}'",
)


def test_full_page_is_well_formed_and_shows_html_as_text(tmp_path):
    assert write_run_page(tmp_path / "report.html", FULL) == 2
    page = parsed(tmp_path / "report.html")
    for text in (f"Report {EVIL}", "A lead.", "73 %", "What it says.", "Losses", EVIL, "elsewhere"):
        assert text in page.text
    assert not {"An empty table", "An empty chart", "An empty list"} & set(page.text)
    assert FULL.command in page.text
    assert page.text.count(EVIL) == 7  # reasons, table, filter, card, tag, settings
    assert EVIL in page.attributes
    assert "#photo-0" in page.links


def test_page_needs_nothing_else(tmp_path):
    write_run_page(tmp_path / "report.html", FULL)
    links = [link for link in parsed(tmp_path / "report.html").links if link[0] != "#"]
    assert len(links) == 2
    assert all(link.startswith("data:image/") for link in links)
    source = (tmp_path / "report.html").read_text()
    assert not re.search(r"https?:|@import|url\((?!data:)|<link|<script src", source)
    assert "default-src 'none'" in source


def test_empty_page_has_a_title_alone(tmp_path):
    write_run_page(tmp_path / "none.html", RunPage("none"))
    assert parsed(tmp_path / "none.html").text == ["none", "none"]


def test_bars_are_as_long_as_the_share(tmp_path):
    table = Table("t", "", ["a", "b"], [["x", 0.75], ["y", 2 / 3], ["z", 0.0], ["-", float("nan")]])
    write_run_page(tmp_path / "report.html", RunPage("t", tables=[table]))
    text = (tmp_path / "report.html").read_text()
    assert re.findall(r"--share:([\d.]+)%", text) == ["75.0", "66.7", "0.0"]
    assert [t for t in parsed(tmp_path / "report.html").text if "%" in t] == ["75 %", "67 %", "0 %"]


def test_cards_beyond_the_limit_are_left_out_and_counted(tmp_path, monkeypatch):
    monkeypatch.setattr(run_page, "MOST_BYTES", 2 * card().weight)
    cards = [card(str(number)) for number in range(5)]
    assert write_run_page(tmp_path / "report.html", RunPage("t", cards=cards)) == 2
    assert "3 more photos would make this page larger" in (tmp_path / "report.html").read_text()


def test_failure_leaves_the_old_page(tmp_path):
    write_run_page(tmp_path / "report.html", RunPage("old"))
    broken = Table("t", "", ["a"], [[object()]])
    with pytest.raises(TypeError):
        write_run_page(tmp_path / "report.html", RunPage("new", tables=[broken]))
    assert "old" in parsed(tmp_path / "report.html").text
    assert [path.name for path in tmp_path.iterdir()] == ["report.html"]
