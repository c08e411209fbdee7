"""
How the process and its room are, for programs that look after them, and what may be asked here.
"""

from pathlib import Path

from twisted_messenger.web.readiness import Readiness
from twisted_messenger.web.requests import Asked
from twisted_messenger.web.rights import Right
from twisted_messenger.web.routes import TEXT, Answer, Route


class HealthRoutes:
    """
    One word each.

    :param readiness: of the room.
    """

    def __init__(self, readiness: Readiness) -> None:
        self._readiness = readiness

    def routes(self) -> list[Route]:
        """
        What it answers.
        """
        return [
            Route("GET", "/healthz", Right.NOTHING, self.health),
            Route("GET", "/readyz", Right.NOTHING, self.readiness),
            Route("GET", "/openapi.json", Right.READ, self.description),
        ]

    async def health(self, asked: Asked) -> Answer:
        """
        Whether the process answers: it does.
        """
        return Answer(b"ok\n", contentType=TEXT)

    async def readiness(self, asked: Asked) -> Answer:
        """
        Whether the room takes messages and delivers them.
        """
        isReady = await self._readiness.isReady()
        return Answer(b"ok\n", contentType=TEXT) if isReady else Answer(b"no\n", 503, TEXT)

    async def description(self, asked: Asked) -> Answer:
        """
        What may be asked here, in OpenAPI's words.
        """
        return Answer(Path(__file__).with_name("openapi.json").read_bytes())
