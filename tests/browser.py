"""The system's Chromium without a screen, for pages; Debian: chromium and chromium-driver."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest


@contextmanager
def chromium(downloads: Path) -> Iterator[Any]:
    """Yields a driver; without Chromium the test fails.

    Args:
        downloads: folder of the files that pages export.
    """
    browser = shutil.which('chromium') or shutil.which('chromium-browser')
    driver = shutil.which('chromedriver')
    if not browser or not driver:
        missing = 'chromedriver' if browser else 'chromium'
        pytest.fail(
            f'no {missing} on this machine, which the tests of pages need; on Debian: '
            'apt-get install --no-install-recommends chromium chromium-driver',
            pytrace=False,
        )
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = browser
    alone = ['--no-sandbox'] if os.geteuid() == 0 else []  # root has no sandbox of Chromium
    for argument in ('--headless=new', '--disable-dev-shm-usage', '--disable-gpu', *alone):
        options.add_argument(argument)
    options.add_experimental_option('prefs', {'download.default_directory': str(downloads)})
    options.set_capability('goog:loggingPrefs', {'browser': 'ALL'})
    running = webdriver.Chrome(options=options, service=webdriver.ChromeService(driver))
    try:
        running.set_window_size(1400, 900)
        yield running
    finally:
        running.quit()


def downloaded(folder: Path, pattern: str, seconds: float = 30) -> str:
    """Returns the text of the one file that a page has exported, and removes it."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := list(folder.glob(pattern)):
            (path,) = found
            text = path.read_bytes().decode()  # line ends as they are
            path.unlink()
            return text
        time.sleep(0.05)
    raise AssertionError(f'no {pattern} in {folder} after {seconds} s')
