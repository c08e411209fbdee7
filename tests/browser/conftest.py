"""
One browser for all tests; each has windows of its own.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser.rig import Browser, Door


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """
    A browser without a screen.
    """
    browser = Browser.start()
    try:
        yield browser
    finally:
        browser.quit()


@pytest.fixture
def browser(chromium: Browser) -> Iterator[Browser]:
    """
    The browser, as new: nothing is kept from other tests.
    """
    chromium.forget()
    yield chromium
    chromium.forget()


@pytest.fixture
def door(tmp_path: Path) -> Iterator[Door]:
    """
    A room with a door, and a token.
    """
    with Door(tmp_path) as door:
        yield door
