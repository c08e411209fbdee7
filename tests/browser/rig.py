"""
A browser that tests drive, and a room with a door for it to look at.
"""

import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.loopback.rig import Twistd, chatserver, eventually, say
from tests.ports import freePort

TOKEN = "correct-horse-battery"

# Keys, as WebDriver writes them (https://www.w3.org/TR/webdriver2/#keyboard-actions); NULL lets go
# of what is held.
NULL, SHIFT, ENTER = "\ue000", "\ue008", "\ue007"

#: What a window of a person with a screen shows.
_SIZE = "--window-size=1200,800"


class Door:
    """
    A chatserver with pages, which may be killed and started again.

    :param folder: where it runs.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.port = freePort()
        self.webPort = freePort()
        (folder / "token").write_text(TOKEN)
        self._server: Twistd | None = None

    @property
    def address(self) -> str:
        """
        Of the room's page.
        """
        return f"http://localhost:{self.webPort}/"

    def start(self) -> None:
        """
        Start it.
        """
        web = ("--web", str(self.webPort), "--web-token", "token", "--control", "none")
        limits = ("--rate", "0", "--max-message", "32768")
        self._server = chatserver(self._folder, self.port, *web, *limits)

    def kill(self) -> None:
        """
        End it as ``kill -9`` does.
        """
        assert self._server is not None
        self._server.kill()

    def say(self, text: str, name: str = "ci") -> None:
        """
        Say something, as netcat does.
        """
        assert say(self.port, f"from:{name}|{text}".encode()) == b""

    def __enter__(self) -> "Door":
        """
        :returns: the running room.
        """
        self.start()
        return self

    def __exit__(self, *details: object) -> None:
        assert self._server is not None
        self._server.__exit__(*details)


class Browser:
    """
    Chromium, with what tests want of a page.

    :param driver: of selenium.
    """

    def __init__(self, driver: Any) -> None:
        self.driver = driver
        self._scheme = "light"

    @classmethod
    def start(cls) -> "Browser":
        """
        Start it, or skip the tests where there is none.
        """
        webdriver = pytest.importorskip(
            "selenium.webdriver", reason="selenium is not installed: the extra browser has it"
        )
        service = pytest.importorskip("selenium.webdriver.chrome.service")
        programs = [shutil.which("chromium"), shutil.which("chromedriver")]
        if None in programs:
            pytest.skip("there is no browser here: apt-get install chromium chromium-driver")
        options = webdriver.ChromeOptions()
        options.binary_location = programs[0]
        for one in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", _SIZE):
            options.add_argument(one)
        driver = webdriver.Chrome(options=options, service=service.Service(programs[1]))
        driver.set_page_load_timeout(60)
        driver.set_script_timeout(60)
        return cls(driver)

    def quit(self) -> None:
        """
        End it.
        """
        self.driver.quit()

    def forget(self) -> None:
        """
        Close all windows but an empty one; nothing of their sites is kept.
        """
        windows = self.driver.window_handles
        self.driver.switch_to.new_window("window")
        kept = self.driver.current_window_handle
        for window in windows:
            self.driver.switch_to.window(window)
            self.driver.close()
        self.driver.switch_to.window(kept)

    def open(self, address: str) -> str:
        """
        Open a page in a tab of its own.

        :returns: the tab.
        """
        self.driver.switch_to.new_window("tab")
        scheme = {"name": "prefers-color-scheme", "value": self._scheme}
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [scheme]})
        self.driver.get(address)
        return str(self.driver.current_window_handle)

    def show(self, tab: str) -> None:
        """
        Look at another tab.
        """
        self.driver.switch_to.window(tab)

    def prefers(self, scheme: str) -> None:
        """
        Let the next tab be light or dark.
        """
        self._scheme = scheme

    def run(self, script: str, *arguments: object) -> Any:
        """
        Run a script in the page.
        """
        return self.driver.execute_script(script, *arguments)

    def titles(self) -> list[str]:
        """
        Of all tabs, seen from outside: nothing comes into sight by it.
        """
        targets = self.driver.execute_cdp_cmd("Target.getTargets", {})["targetInfos"]
        return [str(one["title"]) for one in targets]

    def element(self, identifier: str) -> Any:
        """
        An element by its id.
        """
        return self.driver.find_element("id", identifier)

    def types(self, *keys: str) -> None:
        """
        Press keys, wherever the focus is.
        """
        self.driver.switch_to.active_element.send_keys(*keys)

    @property
    def focus(self) -> str:
        """
        The id of what has the focus, or what it is called.
        """
        return str(
            self.run(
                "const e = document.activeElement;"
                "return e.id || e.ariaLabel || e.textContent.trim();"
            )
        )

    def texts(self, selector: str) -> list[str]:
        """
        What is written in all such elements.
        """
        script = "return [...document.querySelectorAll(arguments[0])].map(e => e.textContent)"
        return [str(text) for text in self.run(script, selector)]

    def said(self) -> list[tuple[str, str]]:
        """
        Name and text of each message in the log.
        """
        found = self.run(
            "return [...document.querySelectorAll('#log .message')].map("
            "e => [e.querySelector('.name').textContent, e.querySelector('.text').textContent])"
        )
        return [(str(name), str(text)) for name, text in found]

    def shows(self, messages: list[tuple[str, str]]) -> None:
        """
        Wait until the log has exactly these messages.
        """
        eventually(lambda: len(self.said()) >= len(messages), lambda: f"{messages}: {self.said()}")
        assert self.said() == messages

    def becomes(self, identifier: str, text: str) -> None:
        """
        Wait until an element says something.
        """
        eventually(
            lambda: text in self.element(identifier).text,
            lambda: f"{text!r} in {self.element(identifier).text!r}",
        )

    def joins(self, name: str) -> None:
        """
        Say who one is.
        """
        self.becomes("connection", "live")
        self.element("name").send_keys(name, "\n")

    def says(self, text: str) -> None:
        """
        Say something in the room.
        """
        self.element("text").send_keys(text, "\n")
