"""Three photos are corrected in a real browser, saved, read back, and trained on."""

import json
import re
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from browser import browser, complaints, resize

from getam.cli.main import main
from getam.correction import Review, qualities_for
from getam.correction.review import open_review
from getam.data import open_source
from getam.evaluation import read_mask
from getam.inference import output_folder
from getam.web import served
from web.test_page import HARMLESS, find, said, wait

gradio = pytest.importorskip("gradio")

EVIL = "<img src=x onerror=alert(1)>"
TRAIN = [
    *("--backbone", "getam_vit_nano", "--no-pretrained", "--decoder-width", "8", "--crop", "32"),
    *(
        "--epochs",
        "1",
        "--batch-size",
        "2",
        "--workers",
        "0",
        "--device",
        "cpu",
        "--long-side",
        "32",
    ),
]


@pytest.fixture(scope="module")
def opened(model, voc, tmp_path_factory):
    """Return a function that opens the review of all photos, as a start of the program does."""
    source = replace(open_source(voc), masks=None)
    qualities = qualities_for(source, voc, model, workers=0)
    folder = tmp_path_factory.mktemp("review") / "out"

    def opened():
        out = output_folder(folder, source, {"verb": "review"})
        return open_review(model, source, out, qualities)

    opened.folder, opened.qualities = folder, qualities
    return opened


@pytest.fixture(scope="module")
def driver(opened):
    from getam.web.review_page import review_page

    review = opened()
    build = partial(review_page, review, title=EVIL, qualities=opened.qualities)
    with served(build) as address, browser() as made:
        made.review = review
        made.get(address)
        wait(lambda: find(made, ".screen img") and "Photo 1 of 5" in said(made))
        yield made
        assert [text for text in complaints(made) if HARMLESS not in text] == []


def press(driver, keys):
    from selenium.webdriver import ActionChains

    ActionChains(driver).send_keys(keys).perform()


def touch(driver, *points):
    """Press the left button at the first point, in shares of the picture, and lead it on."""
    from selenium.webdriver import ActionChains

    image = find(driver, ".screen img")
    width, height = image.size["width"], image.size["height"]
    offsets = [(round((x - 0.5) * width), round((y - 0.5) * height)) for x, y in points]
    chain = ActionChains(driver).move_to_element_with_offset(image, *offsets[0]).click_and_hold()
    for offset in offsets[1:]:
        chain.move_to_element_with_offset(image, *offset)
    chain.release().perform()


def changed(driver, act):
    """Return the label of the photo on the screen once something has changed it."""
    before, shown = driver.review.label, find(driver, ".screen img").get_attribute("src")
    act()
    wait(lambda: (driver.review.label != before).any())
    wait(lambda: find(driver, ".screen img").get_attribute("src") != shown)
    return driver.review.label


def saved(opened, record):
    return read_mask(opened.folder / f"{record.id}.png").numpy()


def test_the_legend_shows_names_as_they_are(source, tmp_path):
    from getam.web.review_page import label_legend

    photos = replace(source, classes={EVIL: 1, "cow": 2, "dog": 3})
    out = output_folder(tmp_path, photos, {"verb": "review"})
    label = np.array([[0, 1], [3, 255]], np.uint8)
    legend = label_legend(Review(photos, out, first=lambda _: label, spread=None))
    names = re.findall("</i>(.*?)</li>", legend)
    assert names == ["&lt;img src=x onerror=alert(1)&gt;", "dog", "undecided"]


def test_three_photos_are_corrected_and_trained_on(driver, opened, voc, tmp_path):
    review, labels = driver.review, {}
    worst = min(opened.qualities, key=opened.qualities.get)
    assert review.record.id == worst
    assert EVIL in find(driver, "h1").text

    first, untouched = review.record, review.label
    value = int(untouched[4, 6]) % 3 + 1  # a class that the pixel does not have
    press(driver, str(value))
    columns, rows = untouched.shape[::-1]
    label = changed(driver, lambda: touch(driver, (6.5 / columns, 4.5 / rows)))
    assert label[4, 6] == value
    assert (saved(opened, first) == label).all()
    wait(lambda: "corrected" in said(driver))
    assert (changed(driver, lambda: press(driver, "u")) == untouched).all()
    assert not (opened.folder / f"{first.id}.png").exists()
    labels[first.id] = changed(driver, lambda: touch(driver, (6.5 / columns, 4.5 / rows)))
    find(driver, "#accept").click()
    wait(lambda: "Photo 2 of 5" in said(driver))

    for number, key in ((2, "3"), (3, "0")):
        press(driver, "b")
        press(driver, key)
        rows = len(review.label)
        stroke = [(share, (rows // 2 + 0.5) / rows) for share in (0.2, 0.5, 0.8)]
        label = changed(driver, lambda stroke=stroke: touch(driver, *stroke))
        row = label[rows // 2]
        assert (row[len(row) // 4 : 3 * len(row) // 4] == int(key)).all()
        labels[review.record.id] = label
        press(driver, "a")
        wait(lambda number=number: f"Photo {number + 1} of 5" in said(driver))

    press(driver, "r")
    wait(lambda: "Photo 5 of 5" in said(driver))
    press(driver, "p")
    wait(lambda: "rejected" in said(driver))

    files = {path.stem: read_mask(path).numpy() for path in opened.folder.glob("*.png")}
    assert files.keys() == labels.keys()
    assert all((files[name] == labels[name]).all() for name in labels)
    again = opened()
    assert (again.place, again.decision) == (3, "rejected")

    run = tmp_path / "run"
    main(
        ["train", "--data", str(voc), "--corrected", str(opened.folder), *TRAIN, "--out", str(run)]
    )
    assert json.loads((run / "corrected.json").read_text()).keys() == labels.keys()


def test_what_cannot_be_done_is_said_in_one_line(driver):
    driver.review._history.clear()
    press(driver, "u")
    wait(lambda: said(driver) == "there is nothing to undo")
    press(driver, "c")
    driver.execute_script("[...document.querySelectorAll('#class input')].at(-1).click()")
    touch(driver, (0.5, 0.5))
    wait(lambda: "a click needs a class" in said(driver))


def test_no_screen_is_too_narrow(driver):
    resize(driver, 320)
    assert driver.execute_script("return document.documentElement.scrollWidth") <= 320
