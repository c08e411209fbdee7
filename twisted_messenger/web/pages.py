"""
The pages, and the files that they need: all that lies in ``web/pages/``.

They hold no data: what they show, they ask for with the rights of who looks at them.
"""

from functools import cached_property
from pathlib import Path

from twisted_messenger.web.problems import Problem
from twisted_messenger.web.requests import Asked
from twisted_messenger.web.rights import Right
from twisted_messenger.web.routes import Answer, Route

_TYPES = {
    "html": "text/html; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
}


class PageRoutes:
    """
    Shows the pages.
    """

    def routes(self) -> list[Route]:
        """
        What it answers.
        """
        return [
            Route("GET", "/", Right.NOTHING, self.room),
            Route("GET", "/status", Right.NOTHING, self.status),
            Route("GET", "/pages/{file}", Right.NOTHING, self.file),
        ]

    async def room(self, asked: Asked) -> Answer:
        """
        The room itself.
        """
        return self._show("room.html")

    async def status(self, asked: Asked) -> Answer:
        """
        How the room is.
        """
        return self._show("status.html")

    async def file(self, asked: Asked) -> Answer:
        """
        Something that a page needs.
        """
        return self._show(asked.needed("file"))

    @cached_property
    def _files(self) -> dict[str, bytes]:
        # When somebody asks: most rooms have no browser.
        folder = Path(__file__).with_name("pages")
        return {
            one.name: one.read_bytes()
            for one in folder.iterdir()
            if one.name.rpartition(".")[2] in _TYPES
        }

    def _show(self, name: str) -> Answer:
        content = self._files.get(name)
        if content is None:
            raise Problem("not_found", f"there is no {name}")
        return Answer(content, contentType=_TYPES[name.rpartition(".")[2]])
