"""
The page of the room, as a person uses it.
"""

from tests.browser.rig import ENTER, NULL, SHIFT, Browser, Door
from tests.loopback.rig import Receiver, eventually, say


def test_saysAndHears(door: Door, browser: Browser) -> None:
    """
    Who joins reads what was said before, hears netcat, and is heard by a member of the wire.
    """
    door.say("before")
    with Receiver() as receiver:
        assert say(door.port, f"connect_request|pat|localhost|{receiver.port}".encode()) == b""
        browser.open(door.address)
        browser.joins("ann")
        browser.shows([("ci", "before")])
        browser.says("good morning")
        receiver.gets(["ann: good morning"])
        door.say("build 7 is green")
        browser.shows([("ci", "before"), ("ann", "good morning"), ("ci", "build 7 is green")])
    # One's own line went from where it waited to the log.
    eventually(lambda: browser.texts("#outbox li") == [], "nothing is on its way")


def test_restart(door: Door, browser: Browser) -> None:
    """
    While the server is killed and restarted, two tabs miss nothing and show nothing twice; what is
    said meanwhile is sent when it is back.
    """
    tabs = [browser.open(door.address) for _ in range(2)]
    browser.joins("ann")
    expected = [("ci", f"before {n}") for n in range(3)]
    for _, text in expected:
        door.say(text)
    for tab in tabs:
        browser.show(tab)
        browser.shows(expected)
    door.kill()
    browser.becomes("connection", "not connected")
    browser.says("said while it was away")
    door.start()
    # The one that waits in a tab, and others, in whichever order they come.
    door.say("after")
    for tab in tabs:
        browser.show(tab)
        eventually(lambda: len(browser.said()) == 5, lambda: str(browser.said()))
        assert browser.said()[:3] == expected
        assert sorted(browser.said()[3:]) == [("ann", "said while it was away"), ("ci", "after")]


def test_tenTabs(door: Door, browser: Browser) -> None:
    """
    Ten tabs are live and each can say something: a browser opens six connections to a server.
    """
    tabs = [browser.open(door.address) for _ in range(10)]
    browser.joins("ann")
    for number, tab in enumerate(tabs):
        browser.show(tab)
        browser.becomes("connection", "live")
        # The name that was given in one is that of all.
        browser.says(f"tab {number}")
        browser.shows([("ann", f"tab {n}") for n in range(number + 1)])
    for tab in tabs:
        browser.show(tab)
        browser.shows([("ann", f"tab {n}") for n in range(10)])


def test_hostile(door: Door, browser: Browser) -> None:
    """
    Whatever is said is text: no markup, no script, nothing that leaves its line.
    """
    hostile = [
        "<script>document.title = 'taken'</script>",
        "<img src=x onerror=\"document.title = 'taken'\">",
        "</ol><h1>System</h1>",
        "\u202etxet",
        "&lt;b&gt; &amp;",
        "javascript:alert(1)",
    ]
    browser.open(door.address)
    browser.joins("ann")
    for text in hostile:
        door.say(text)
    browser.shows([("ci", text) for text in hostile])
    assert browser.texts("#log img, #log h1, #log script") == []
    assert browser.run("return document.title").startswith("Room at")


def test_keyboard(door: Door, browser: Browser) -> None:
    """
    Everything can be done without a mouse, in the order in which it is seen.
    """
    browser.open(door.address)
    browser.becomes("connection", "live")
    seen = []
    for _ in range(6):
        browser.types("\t")
        seen.append(browser.focus)
    assert seen == ["notify", "who", "Status", "scroll", "name", "Join"]
    browser.element("name").send_keys("ann", "\n")
    assert browser.focus == "text"
    browser.types("one line", SHIFT + ENTER + NULL, "another", ENTER)
    browser.shows([("ann", "one line\nanother")])
    browser.run("document.getElementById('who').focus()")
    browser.types("\n")
    browser.becomes("members", "Nobody has registered")


def test_refused(door: Door, browser: Browser) -> None:
    """
    A line that is refused says why, and can be mended; those that follow are not held up.
    """
    browser.open(door.address)
    browser.joins("ann")
    browser.run("document.getElementById('text').value = 'x'.repeat(40000)")
    browser.says("")
    browser.says("a short one")
    browser.shows([("ann", "a short one")])
    browser.becomes("outbox", "not said")
    browser.driver.find_element("css selector", "#outbox button").click()
    assert len(browser.element("text").get_property("value")) == 40_000


def test_unread(door: Door, browser: Browser) -> None:
    """
    The title counts what was said while the page was out of sight.
    """
    tab = browser.open(door.address)
    browser.joins("ann")
    browser.open("about:blank")
    door.say("one")
    door.say("two")
    eventually(
        lambda: any(one.startswith("(2) Room") for one in browser.titles()),
        lambda: f"2 unread in {browser.titles()}",
    )
    browser.show(tab)
    eventually(lambda: browser.run("return document.title").startswith("Room"), "they were read")
