"""
``twistd chatserver``: the service that its options describe.
"""

from typing import Any

from twisted.application.service import Service
from twisted.internet.selectreactor import SelectReactor
from twisted.python.failure import Failure

from twisted_messenger.errors import NoSuchRoom, StartError
from twisted_messenger.incoming.descriptions import listenersFrom
from twisted_messenger.programs.manager import tellManager
from twisted_messenger.programs.process import endWith, tuneCollector, useSteadyTime
from twisted_messenger.programs.serveroptions import Options
from twisted_messenger.programs.strangerlines import boundStrangersLines
from twisted_messenger.programs.tapservice import TapService
from twisted_messenger.push.creator import PushCreator
from twisted_messenger.room.policy import AdmissionPolicy
from twisted_messenger.service.assembly import chatService
from twisted_messenger.service.chatservice import ChatService
from twisted_messenger.web.listening import mustBeGuarded, webListeners

# What twistd asks a program for.
__all__ = ["Options", "makeService"]


def makeService(config: Options, reactor: Any = None) -> TapService:
    """
    Assemble a room.

    :param config: parsed options.
    :param reactor: the running program's where ``None``.
    """
    if reactor is None:
        from twisted.internet import reactor
    if isinstance(reactor, SelectReactor):
        # It reads connections that are ready together in no order: a sender's messages would
        # change places.
        raise SystemExit("chatserver: --reactor select does not keep the order; use epoll or poll")
    useSteadyTime(reactor)
    boundStrangersLines()
    policy: AdmissionPolicy = config["policy"]
    try:
        listeners = listenersFrom(
            reactor,
            config["listeners"],
            policy.maxMessageBytes,
            config["client-ca"],
            "--client-ca",
        )
    except StartError as error:
        raise SystemExit(f"chatserver: {error}") from None
    try:
        doors = webListeners(reactor, config["web"], "--web")
        mustBeGuarded(doors, config["access"].token, "--web-token FILE")
    except ValueError as error:
        raise SystemExit(f"chatserver: {error}") from None
    try:
        chat = chatService(
            reactor,
            config["store"],
            listeners,
            policy=policy,
            pusher=PushCreator(
                reactor, pushTimeout=config["push-timeout"], holdTimeout=config["hold-timeout"]
            ),
            limits=config["limits"],
            rates=config["rates"],
            byteRates=config["byteRates"],
            senders=config["senderLimits"],
            delivery=config["delivery"],
            room=config["room"],
            web=doors,
            control=config["control"],
            access=config["access"],
        )
    except NoSuchRoom as error:
        raise SystemExit(f"chatserver: --room {config['room']!r}: {error}") from None
    except ValueError as error:
        raise SystemExit(f"chatserver: --store: {error}") from None
    service = TapService(config)
    chat.setServiceParent(service)
    _Program(reactor, chat).setServiceParent(service)
    return service


class _Program(Service):
    """
    What the room needs of a process that is all its own; it starts after the room.
    """

    def __init__(self, reactor: Any, chat: ChatService) -> None:
        self._reactor = reactor
        self._chat = chat

    def startService(self) -> None:
        super().startService()
        tuneCollector()
        # Where it is known at once, the program has ended by now.
        self._chat.started.addCallbacks(self._ready, self._ended)

    def stopService(self) -> None:
        tellManager("STOPPING=1")
        super().stopService()

    def _ready(self, result: object) -> None:
        tellManager("READY=1")

    def _ended(self, reason: Failure) -> None:
        # The log says why.
        reason.trap(StartError)
        endWith(1)
        self._reactor.stop()
