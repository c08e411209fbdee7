"""
Judges who comes in: under which name of ours, from which page, how often, and with which right.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from twisted_messenger.address import LOCALHOST, Source, literal
from twisted_messenger.rates import RateLimit
from twisted_messenger.web.access import DoorAccess
from twisted_messenger.web.origins import Entrance, Headers, Origins
from twisted_messenger.web.problems import Problem
from twisted_messenger.web.rights import Caller, DoorRules, Right
from twisted_messenger.web.tokens import isToken, shownIn

#: Requests a second from one address but localhost, in the long run and at once: a page that is
#: looked at needs few, and each costs a look into the store.
REQUEST_RATE = 50.0
REQUEST_BURST = 100

#: So many entries of the log come with a request; more of them count as more requests.
ENTRIES_PER_REQUEST = 100

#: Wrong tokens a second from one address, in the long run and at once.
GUESS_RATE = 10 / 60
GUESS_BURST = 10


def requestsFor(entries: int) -> int:
    """
    As how many requests a page of so many entries counts.
    """
    return 1 + max(0, entries - 1) // ENTRIES_PER_REQUEST


@dataclass(frozen=True)
class Knock:
    """
    Somebody at the door.

    :param method: of the request.
    :param headers: of the request.
    :param peer: where its connection comes from.
    :param entrance: where it came in.
    :param atControl: whether that is the control socket.
    :param isOld: whether it speaks HTTP/1.0.
    """

    method: str
    headers: Headers
    peer: Source
    entrance: Entrance = field(default_factory=Entrance)
    atControl: bool = False
    isOld: bool = False


class Doorkeeper:
    """
    Lets in, or says why not.

    :param access: what an operator has said.
    :param control: the path of the control socket; "" where there is none.
    :param steady: seconds that nobody sets.
    """

    def __init__(self, access: DoorAccess, control: str, steady: Callable[[], float]) -> None:
        self._access = access
        self._rules = DoorRules(bool(access.token), access.readOpen, control)
        proxies = {literal(one) or one for one in access.proxies}
        hosts = {one.lower() for one in access.hosts}
        self._origins = Origins(frozenset(proxies), frozenset(hosts))
        self._steady = steady
        self._requests = RateLimit(REQUEST_RATE, REQUEST_BURST)
        self._guesses = RateLimit(GUESS_RATE, GUESS_BURST)

    def subscriberOf(self, knock: Knock) -> str | None:
        """
        Whom limits are kept for; ``None`` where there are none.
        """
        return None if knock.atControl else self._sourceOf(knock)[0].subscriber

    def _sourceOf(self, knock: Knock) -> tuple[Source, bool]:
        return self._origins.sourceOf(knock.peer, knock.headers, knock.isOld)

    def identify(self, knock: Knock) -> Caller:
        """
        Find who asks.

        :raises Problem: it is nobody who may ask anything now.
        """
        if knock.atControl:
            return Caller(knock.peer, atControl=True, isBeyond=False)
        source, isBeyond = self._sourceOf(knock)
        if not self._take(source, 1):
            raise Problem("rate", f"more than {REQUEST_RATE:g} requests a second from your address")
        problem = self._origins.judgeHost(knock.headers.get("host", ""), knock.entrance)
        if problem is not None:
            raise problem
        hasToken = self._hasToken(knock.headers.get("authorization", ""), source)
        return Caller(source, isBeyond=isBeyond, hasToken=hasToken)

    def _take(self, source: Source, count: int) -> bool:
        subscriber = source.subscriber
        if subscriber is None:
            return True
        return self._requests.take(subscriber, self._steady(), count) > 0

    def mayRead(self, source: Source, entries: int) -> bool:
        """
        Count entries of the log against the rate: many of them are more than one request.

        :param entries: so many at most.
        :returns: whether they may be read now.
        """
        more = requestsFor(entries) - 1
        return more == 0 or self._take(source, more)

    def _hasToken(self, authorization: str, source: Source) -> bool:
        shown = shownIn(authorization)
        if shown is None or not self._access.token:
            return False
        # Localhost too: every program of every user of this machine can guess from there.
        guesser, now = source.subscriber or LOCALHOST, self._steady()
        if not self._guesses.left(guesser, now):
            # It is not even looked at: that would tell who guesses.
            raise Problem("rate", "too many wrong tokens from your address")
        if isToken(shown, self._access.token):
            return True
        self._guesses.take(guesser, now)
        raise Problem("unauthorized", "it is another token")

    def judge(self, knock: Knock, caller: Caller, right: Right) -> None:
        """
        Judge whether somebody may use a route.

        :param right: that the route asks for.
        :raises Problem: it may not.
        """
        problem = None
        if not knock.atControl:
            problem = self._origins.judgeSite(
                knock.method, knock.headers, knock.entrance, right is Right.NOTHING
            )
        problem = problem or self._rules.judge(right, caller)
        if problem is not None:
            raise problem
