"""A real browser for tests: Debian's chromium, driven by selenium. ``make browser`` installs it."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

SWITCHES = (
    *("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    "--disable-dev-shm-usage",
)


@contextmanager
def browser() -> Iterator:
    """Yield a driver with an empty profile; without a browser the test is skipped, in CI failed."""
    pytest.importorskip("selenium")
    from selenium import webdriver

    program, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if program is None or driver is None:
        message = "no browser here: install it with `make browser`"
        pytest.fail(message) if os.environ.get("CI") else pytest.skip(message)
    options = webdriver.ChromeOptions()
    options.binary_location = program
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        for switch in (*SWITCHES, f"--user-data-dir={profile}", "--window-size=1200,900"):
            options.add_argument(switch)
        made = webdriver.Chrome(options, webdriver.ChromeService(driver))
        try:
            yield made
        finally:
            made.quit()


def resize(driver, width: int, height: int = 800) -> None:
    """Show the page as a screen of this size does; a window cannot be as narrow as a phone."""
    metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)


def set_scheme(driver, scheme: str) -> None:
    """Show the page as a system in "light" or "dark" asks."""
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})


def complaints(driver) -> list[str]:
    """Return what the browser wrote to its console since the last call."""
    return [entry["message"] for entry in driver.get_log("browser")]
