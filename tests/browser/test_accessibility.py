"""
What axe-core finds on the pages: nothing that is serious.
"""

from pathlib import Path
from typing import Any

import pytest

from tests.browser.rig import TOKEN, Browser, Door
from tests.loopback.rig import eventually, say
from tests.ports import freePort


def _findings(browser: Browser) -> list[str]:
    package = pytest.importorskip(
        "axe_core_python", reason="axe-core-python is not installed: the extra browser has it"
    )
    # The door's own rules let no script into a page but its own; a test may, past them.
    script = next(Path(package.__path__[0]).rglob("axe.min.js")).read_text()
    browser.run(script)
    found: dict[str, Any] = browser.driver.execute_async_script(
        "const done = arguments[arguments.length - 1]; axe.run().then(done)"
    )
    return [
        f"{one['id']}: {node['html']}"
        for one in found["violations"]
        if one["impact"] in ("serious", "critical")
        for node in one["nodes"]
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_room(door: Door, browser: Browser, scheme: str) -> None:
    """
    The room, with messages, members, and lines that were refused.
    """
    browser.prefers(scheme)
    assert say(door.port, f"connect_request|bob|localhost|{freePort()}".encode()) == b""
    door.say("build 7 is green")
    browser.open(door.address)
    assert _findings(browser) == []
    browser.joins("ann")
    browser.shows([("ci", "build 7 is green")])
    browser.element("who").click()
    browser.becomes("members", "bob")
    assert _findings(browser) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_status(door: Door, browser: Browser, scheme: str) -> None:
    """
    The status page, before and after the token, with somebody in trouble.
    """
    browser.prefers(scheme)
    assert say(door.port, f"connect_request|bob|localhost|{freePort()}".encode()) == b""
    door.say("build 7 is green")
    browser.open(f"{door.address}status")
    browser.becomes("rows", "bob")
    assert _findings(browser) == []
    browser.element("token").send_keys(TOKEN, "\n")
    eventually(lambda: browser.element("charts").is_displayed(), "it shows rates")
    assert _findings(browser) == []
