"""
What the room has counted since its start: ``/counters``.
"""

from twisted_messenger.eventlog import Counters
from twisted_messenger.web.requests import Asked
from twisted_messenger.web.rights import Right
from twisted_messenger.web.routes import Answer, Route
from twisted_messenger.web.shapes import asJSON


class CounterRoutes:
    """
    Shows the counts, without a library for metrics.

    :param counters: of this process.
    """

    def __init__(self, counters: Counters) -> None:
        self._counters = counters

    def routes(self) -> list[Route]:
        """
        What it answers.
        """
        return [Route("GET", "/counters", Right.OPERATE, self.show)]

    async def show(self, asked: Asked) -> Answer:
        """
        All of them; what never happened is not among them.
        """
        return Answer(asJSON({"counters": self._counters.snapshot()}))
