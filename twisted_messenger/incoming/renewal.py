"""
New certificates for listeners that go on listening.
"""

from collections.abc import Callable
from typing import Any

from twisted.internet.interfaces import IListeningPort, IProtocolFactory, IStreamServerEndpoint
from twisted.logger import Logger
from twisted.python.failure import Failure

from twisted_messenger.errors import StartError
from twisted_messenger.incoming.guard import GuardedFactory
from twisted_messenger.incoming.guardingreactor import GuardingReactor

# Endpoints that read certificates when they are made.
_WITH_CERTIFICATES = ("ssl", "tls")


class WrappingReactor(GuardingReactor):
    """
    A reactor on which an endpoint wraps its factory, and listens to nothing.
    """

    wrapped: IProtocolFactory

    def listenTCP(self, port: int, factory: IProtocolFactory, *rest: Any, **more: Any) -> None:
        """
        Keep what would have listened.
        """
        self.wrapped = factory


class Renewal:
    """
    Reads the certificates of one listener again.

    :param name: of its option, for the log.
    :param kind: of its endpoint, ``ssl`` and so on.
    :param reactor: guards it.
    :param read: makes the endpoint from its description, on a reactor.
    """

    log = Logger()

    def __init__(
        self,
        name: str,
        kind: str,
        reactor: GuardingReactor,
        read: Callable[[GuardingReactor], IStreamServerEndpoint],
    ) -> None:
        self._name = name
        self._reads = kind in _WITH_CERTIFICATES
        self._reactor = reactor
        self._read = read

    def renew(self, port: IListeningPort, factory: IProtocolFactory) -> bool:
        """
        Let connections that come from now on see the certificates as they are now.

        :param port: listens.
        :param factory: for this one.
        :returns: whether there are any; where they cannot be read, the log says so, and the old
            ones stay.
        """
        if not self._reads or not hasattr(port, "factory"):
            return False
        try:
            wrapped = self._wrapped(factory)
        except (StartError, ValueError) as error:
            self.log.error("{name}: the old certificates stay: {why}", name=self._name, why=error)
            return True
        if isinstance(port.factory, GuardedFactory):
            port.factory.wrappedFactory = wrapped
        else:
            wrapped.doStart()
            port.factory, before = wrapped, port.factory
            before.doStop()
        self.log.info("{name}: certificates were read again", name=self._name)
        return True

    def _wrapped(self, factory: IProtocolFactory) -> IProtocolFactory:
        reactor = WrappingReactor(*self._reactor.settings)
        problems: list[Failure] = []
        self._read(reactor).listen(factory).addErrback(problems.append)
        if problems:
            raise StartError(problems[0].getErrorMessage())
        return reactor.wrapped
