"""The page in a real browser, from a dropped photo to a downloaded mask."""

import re
import time
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from browser import browser, complaints, resize, set_scheme
from data.scenes import write_photo
from PIL import Image

from getam.web import RunExplorer, served

gradio = pytest.importorskip("gradio")

EVIL = "<img src=x onerror=alert(1)>"
# Gradio's own notes: that an answer is complete, and that an upload was over before it asked for
# its progress.
HARMLESS = re.compile(r"Method not implemented\.|/upload_progress\?|/assets/index\S+ \S+ Response$")
SIZE = (40, 60)
PATIENCE = 120  # seconds; the machine of a test may be slow


@pytest.fixture(scope="module")
def driver(model, tmp_path_factory):
    """The page in a browser that keeps its downloads in ``driver.downloads``."""
    from getam.web.page import explore_page

    explorer = RunExplorer(replace(model, classes={EVIL: 1, "cow": 2, "dog": 3}))
    with served(partial(explore_page, explorer, title=EVIL)) as address, browser() as made:
        made.downloads = tmp_path_factory.mktemp("downloads")
        folder = {"behavior": "allow", "downloadPath": str(made.downloads)}
        made.execute_cdp_cmd("Browser.setDownloadBehavior", folder)
        made.get(address)
        wait(lambda: find(made, "#photo input[type=file]"))
        yield made
        assert [text for text in complaints(made) if not HARMLESS.search(text)] == []
        asked = "return performance.getEntriesByType('resource').map(entry => entry.name)"
        foreign = [name for name in made.execute_script(asked) if not name.startswith(address)]
        assert foreign == []


def find(driver, selector):
    found = driver.find_elements("css selector", selector)
    return found[0] if found else None


def wait(ready):
    """Return what ``ready`` returns, as soon as that is true."""
    from selenium.common.exceptions import StaleElementReferenceException

    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        try:
            if result := ready():
                return result
        except StaleElementReferenceException:  # gradio has just drawn it anew
            pass
        time.sleep(0.05)
    raise TimeoutError("the page did not show what it should")


def drop(driver, path):
    find(driver, "#photo input[type=file]").send_keys(str(path))


def said(driver):
    element = find(driver, "#said")
    return element.text if element else ""


def source_of(driver, picture):
    image = find(driver, f"#{picture} img")
    return image.get_attribute("src") if image else ""


@contextmanager
def changed(driver, *pictures):
    """Wait until the pictures are others than before the block."""
    before = {name: source_of(driver, name) for name in pictures}
    yield
    wait(lambda: all(source_of(driver, name) not in ("", before[name]) for name in pictures))


def download(driver, selector, name):
    find(driver, selector).click()
    return wait(lambda: (driver.downloads / name).is_file() and driver.downloads / name)


def test_from_a_photo_to_its_masks(driver, tmp_path: Path) -> None:
    from selenium.webdriver import Keys

    assert EVIL in find(driver, "h1").text
    with changed(driver, "map", "pseudo-label", "mask"):
        drop(driver, write_photo(tmp_path / "scene.png", SIZE))
    wait(lambda: "scene: the network chose" in said(driver))

    classes = find(driver, "#classes input")
    with changed(driver, "map"):
        classes.send_keys("dog", Keys.ENTER)
    wait(lambda: said(driver) == "scene: you chose dog.")
    assert "Map: dog" in find(driver, "#map").text
    assert "dog" in find(driver, "#legend").text

    with changed(driver, "pseudo-label"):
        find(driver, "#low input[type=range]").send_keys(Keys.END)
    path = download(driver, "#pseudo-label-file", "scene.pseudo_label.png")
    with Image.open(path) as label:
        assert set(np.unique(np.asarray(label))) == {0}  # no map is stronger than 1
    path = download(driver, "#mask-file", "scene.mask.png")
    with Image.open(path) as mask:
        assert (mask.mode, mask.size) == ("P", SIZE[::-1])
        assert set(np.unique(np.asarray(mask))) <= {0, 3}

    with changed(driver, "map"):
        find(driver, "#opacity input[type=range]").send_keys(Keys.HOME)
    path = download(driver, "#map a[download]", "scene.dog.map.png")
    with Image.open(path) as shown, Image.open(tmp_path / "scene.png") as photo:
        assert shown.size == photo.size
        assert np.array_equal(np.asarray(shown)[..., 0], np.asarray(photo.convert("L")))


def test_a_file_that_is_no_photo_is_answered_in_one_line(driver, tmp_path: Path) -> None:
    notes = tmp_path / "notes.jpg"
    notes.write_text("not a photo")
    drop(driver, notes)
    wait(lambda: said(driver) == "cannot read the photo notes.jpg: not an image")
    assert find(driver, "#map") is None or not find(driver, "#map").is_displayed()
    drop(driver, write_photo(tmp_path / "other.png", SIZE))
    wait(lambda: said(driver) == "other: you chose dog.")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_screen_is_too_narrow(driver, scheme: str) -> None:
    set_scheme(driver, scheme)
    resize(driver, 320)
    assert driver.execute_script("return document.documentElement.scrollWidth") <= 320
