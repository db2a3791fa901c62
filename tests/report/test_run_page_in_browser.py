"""The page in a real browser: gallery, viewer, keyboard, narrow screen, dark mode, no complaint."""

from dataclasses import replace

import numpy as np
import pytest
from browser import browser, complaints, resize, set_scheme

from getam.report import Stage, map_uri, write_run_page

from .test_run_page import EVIL, FULL, card

NAMES = ["a", "b", f"folder/{EVIL}", "d"]
TAGS = [(EVIL,), ("cat",), ("cat", EVIL), ()]


def cards():
    map_ = Stage("Refined hint: cat", "map", map_uri(np.eye(8)))
    for number, (name, tags) in enumerate(zip(NAMES, TAGS, strict=True)):
        made = card(name, tags=tags, quality=0.9 - number / 10)
        overlap = None if number == 3 else number / 10
        doubt = "wrong tag" if number == 1 else ""
        yield replace(made, stages=(*made.stages, map_), overlap=overlap, doubt=doubt)


@pytest.fixture(scope="module")
def driver(tmp_path_factory):
    file = tmp_path_factory.mktemp("page") / "report.html"
    write_run_page(file, replace(FULL, cards=list(cards())))
    with browser() as made:
        made.url = file.as_uri()
        yield made


@pytest.fixture
def page(driver):
    """The page, opened anew on a wide light screen."""
    driver.get("about:blank")
    set_scheme(driver, "light")
    resize(driver, 1200)
    driver.get(driver.url)
    yield driver
    assert complaints(driver) == []


def find(page, selector):
    return page.find_element("css selector", selector)


def shown(page):
    """Names of the cards that can be seen, from top to bottom."""
    visible = [c for c in page.find_elements("css selector", ".card") if c.is_displayed()]
    return [card.find_element("css selector", "h3").text for card in visible]


def choose(page, element, text):
    from selenium.webdriver.support.ui import Select

    Select(find(page, f"#{element}")).select_by_visible_text(text)


def press(page, *keys):
    from selenium.webdriver import ActionChains

    ActionChains(page).send_keys(*keys).perform()


def viewed(page):
    return find(page, "#viewer-title").text


def test_cards_are_ordered_and_filtered(page):
    assert shown(page) == [NAMES[3], NAMES[2], NAMES[1], NAMES[0]]
    choose(page, "order", "best quality first")
    assert shown(page) == NAMES
    choose(page, "order", "least true overlap first")
    assert shown(page) == NAMES
    choose(page, "by-class", "cat")
    assert shown(page) == NAMES[1:3]
    assert find(page, "#count").text == "2 of 4 photos"
    choose(page, "by-class", " ".join(EVIL.split()))
    assert shown(page) == [NAMES[0], NAMES[2]]
    choose(page, "by-class", "all classes")
    choose(page, "by-doubt", "wrong tag")
    assert shown(page) == [NAMES[1]]
    choose(page, "by-doubt", "nothing found")
    assert shown(page) == [NAMES[0], NAMES[2], NAMES[3]]
    find(page, "#by-name").send_keys("FOLDER")
    assert shown(page) == [NAMES[2]]
    assert find(page, "#count").text == "1 of 4 photos"


def test_names_full_of_html_are_text(page):
    assert page.find_elements("css selector", "img[src=x]") == []
    assert EVIL in find(page, "h1").text
    find(page, "#photo-2 .stages button").click()
    assert viewed(page) == f"{NAMES[2]}: Photo"


def test_a_click_enlarges_and_the_slider_fades(page):
    find(page, "#photo-1 button[data-kind=mask]").click()
    assert viewed(page) == "b: Prediction"
    layer = find(page, "#viewer .stack img")
    assert layer.is_displayed()
    assert find(page, "#viewer .stack").size["height"] > 300
    assert float(layer.value_of_css_property("opacity")) == pytest.approx(0.6)
    slider = find(page, "#opacity")
    slider.send_keys("\ue011")  # the key Home
    assert float(layer.value_of_css_property("opacity")) == 0
    slider.send_keys("\ue010")  # the key End
    assert float(layer.value_of_css_property("opacity")) == 1
    find(page, "#next").click()
    assert viewed(page) == "b: Refined hint: cat"
    find(page, "#close").click()
    assert not find(page, "#viewer").is_displayed()


def test_everything_is_done_by_keyboard(page):
    from selenium.webdriver import Keys

    button = find(page, "#photo-1 button")
    page.execute_script("arguments[0].focus()", button)
    press(page, Keys.ENTER)
    assert viewed(page) == "b: Photo"
    assert not find(page, "#viewer .stack img").is_displayed()
    press(page, Keys.ARROW_RIGHT)
    assert viewed(page) == "b: Prediction"
    press(page, Keys.ARROW_DOWN)  # the cards are in the order of their quality, the worst first
    assert viewed(page) == "a: Prediction"
    press(page, Keys.ARROW_DOWN)
    assert viewed(page) == "d: Prediction"
    press(page, Keys.ARROW_UP, Keys.ARROW_LEFT)
    assert viewed(page) == "a: Photo"
    press(page, Keys.ESCAPE)
    assert not find(page, "#viewer").is_displayed()
    focused = page.switch_to.active_element
    assert focused.get_attribute("aria-label") == "Enlarge: Photo of a"
    press(page, Keys.TAB)
    assert page.switch_to.active_element.get_attribute("data-title") == "Prediction"


def test_a_link_of_the_list_reaches_a_photo_that_is_filtered_out(page):
    find(page, "#by-name").send_keys("nothing has this name")
    assert shown(page) == []
    find(page, "a[href='#photo-0']").click()
    assert len(shown(page)) == 4
    top = find(page, "#photo-0").rect["y"] - page.execute_script("return scrollY")
    assert 0 <= top < 800


@pytest.mark.parametrize("width", [1200, 600, 320])
def test_no_screen_is_too_narrow(page, width):
    resize(page, width)
    assert page.execute_script("return document.documentElement.scrollWidth") <= width
    width = page.execute_script("return document.documentElement.clientWidth")  # no scroll bar
    find(page, "#photo-2 button[data-kind=mask]").click()
    assert find(page, "#viewer").rect["width"] <= width
    close = find(page, "#close").rect
    assert close["x"] + close["width"] <= width
    assert find(page, "#viewer .stack").rect["width"] <= width
    find(page, "#close").click()


def test_dark_and_light_have_enough_contrast(page):
    for scheme, background_is_dark in (("light", False), ("dark", True)):
        set_scheme(page, scheme)
        paper = luminance(page, "section", "background-color")
        assert (paper < 0.1) == background_is_dark
        for text in (".note", "td", "h3", ".tile span"):
            assert contrast(luminance(page, text, "color"), paper) >= 4.5  # WCAG 2.2, level AA
        badge = [luminance(page, "span.doubt", name) for name in ("color", "background-color")]
        assert contrast(*badge) >= 4.5


def luminance(page, selector, name):
    """Relative luminance of a colour, as WCAG 2.2 defines it."""
    text = find(page, selector).value_of_css_property(name)
    values = [float(v) / 255 for v in text[text.index("(") + 1 : -1].split(",")[:3]]
    linear = [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in values]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    light, dark = max(one, other), min(one, other)
    return (light + 0.05) / (dark + 0.05)
