"""
The page for operators.
"""

from functools import partial

from tests.browser.rig import TOKEN, Browser, Door
from tests.loopback.rig import Receiver, eventually, say
from tests.ports import freePort


def _unlocked(door: Door, browser: Browser) -> None:
    browser.open(f"{door.address}status")
    eventually(lambda: browser.element("token").is_displayed(), "it asks for the token")
    browser.element("token").send_keys(TOKEN, "\n")
    eventually(lambda: browser.element("charts").is_displayed(), "it shows rates")


def test_trouble(door: Door, browser: Browser) -> None:
    """
    One of many cannot be reached: the page says who, how much waits, and why, before anything else.
    """
    with Receiver() as receiver:
        assert say(door.port, f"connect_request|ann|localhost|{receiver.port}".encode()) == b""
        door.say("one")
        receiver.gets(["ci: one"])
        assert say(door.port, f"connect_request|bob|localhost|{freePort()}".encode()) == b""
        door.say("two")
        _unlocked(door, browser)
        browser.becomes("summary", "1 of 2 members in trouble")
        browser.becomes("troubled", "bob cannot be reached")
        browser.becomes("troubled", "1 message waits")
        browser.becomes("troubled", "refused")
        assert browser.texts("#rows th") == ["bob", "ann"]


def test_locked(door: Door, browser: Browser) -> None:
    """
    Without the token it shows names and states, and no address.
    """
    assert say(door.port, f"connect_request|bob|localhost|{freePort()}".encode()) == b""
    browser.open(f"{door.address}status")
    browser.becomes("rows", "bob")
    eventually(lambda: browser.element("token").is_displayed(), "it asks for the token")
    assert browser.texts("thead th") == ["Name", "State"]
    browser.element("token").send_keys("not the right one", "\n")
    browser.becomes("unlockDetail", "token")


def _isLeft(browser: Browser, name: str) -> bool:
    return "".join(browser.texts("#rows th")) == name


def test_evict(door: Door, browser: Browser) -> None:
    """
    Evicting asks first, with the keyboard alone; who says no keeps the member.
    """
    assert say(door.port, f"connect_request|bob|localhost|{freePort()}".encode()) == b""
    _unlocked(door, browser)
    for answer, rest in (("\n", "bob"), ("\t\n", "")):
        browser.run("document.querySelector('[aria-label=\"evict bob\"]').focus()")
        browser.types("\n")
        browser.becomes("evictTitle", "Evict bob?")
        browser.types(*answer)
        eventually(partial(_isLeft, browser, rest), f"{rest!r} is left")
    browser.becomes("told", "no member any more")


def test_pause(door: Door, browser: Browser) -> None:
    """
    A member is paused and resumed, and the page says so.
    """
    assert say(door.port, f"connect_request|bob|localhost|{freePort()}".encode()) == b""
    _unlocked(door, browser)
    for action, state in (("pause", "paused"), ("resume", "new")):
        browser.run(f"document.querySelector('[aria-label=\"{action} bob\"]').click()")
        browser.becomes("rows", state)


def test_announce(door: Door, browser: Browser) -> None:
    """
    What is announced comes to everybody, as the server's.
    """
    with Receiver() as receiver:
        assert say(door.port, f"connect_request|ann|localhost|{receiver.port}".encode()) == b""
        _unlocked(door, browser)
        browser.element("announcement").send_keys("back at six", "\n")
        receiver.gets(["server: back at six"])
