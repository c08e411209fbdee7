"""
``twistd chatpeer``: the service that its options describe.
"""

import os
import sys
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from functools import partial
from typing import Any

from twisted.application.service import IService
from twisted.internet.error import ReactorNotRunning
from twisted.logger import ILogObserver, LogEvent, LogLevel, formatEvent
from zope.interface import provider

from twisted_messenger.incoming.connectiontable import MAX_CONNECTIONS
from twisted_messenger.incoming.limits import SenderLimits
from twisted_messenger.incoming.receipt import ReceiptFactory
from twisted_messenger.incoming.receiver import PeerReceiverFactory
from twisted_messenger.peer.addressbook import AddressBook, Friend
from twisted_messenger.peer.commands import Commands
from twisted_messenger.peer.console import Console
from twisted_messenger.peer.friends import Friends
from twisted_messenger.peer.inbox import Inbox
from twisted_messenger.peer.membership import RoomMembership
from twisted_messenger.peer.outboxes import Outboxes
from twisted_messenger.peer.registration import mayMove
from twisted_messenger.peer.session import Session
from twisted_messenger.programs.ownkey import NoKey, ownKey, readKey
from twisted_messenger.programs.peeroptions import Options
from twisted_messenger.programs.peerport import listenerAt
from twisted_messenger.programs.peerservice import PeerService
from twisted_messenger.programs.process import endWith, useSteadyTime
from twisted_messenger.programs.tapservice import TapService, warningsTo
from twisted_messenger.push.creator import PushCreator
from twisted_messenger.room.lookup import Lookup
from twisted_messenger.service.machine import descriptorBudget
from twisted_messenger.terminal.choice import chooseConsole, ourEnds
from twisted_messenger.terminal.history import historyFile
from twisted_messenger.terminal.keptlog import LoggedConsole
from twisted_messenger.terminal.stdio import STDERR

# What twistd asks a program for.
__all__ = ["Options", "makeService"]


def problemsTo(notice: Callable[[str], object]) -> ILogObserver:
    """
    A log observer for a person who talks: only our own bugs are told, each in one line.

    The rest of the log is about attempts of others at our port, and a person can do nothing there.
    """

    def observe(event: LogEvent) -> None:
        if event.get("log_level", LogLevel.info) >= LogLevel.error:
            failure = event.get("log_failure")
            what = failure.getErrorMessage() if failure else formatEvent(event)
            notice(f"an error in this program: {what}; twistd -n --logfile=FILE writes the details")

    observer: ILogObserver = provider(ILogObserver)(observe)
    return observer


def makeService(config: Options, reactor: Any = None) -> IService:
    """
    Assemble a peer.

    :param config: parsed options.
    :param reactor: the running program's where ``None``.
    """
    if reactor is None:
        from twisted.internet import reactor
    useSteadyTime(reactor)
    talks = bool(config["server"] or config["friends"])
    console, notices = chooseConsole(reactor, config.wishes, ourEnds(), os.environ, talks=talks)
    if config["log"] is not None:
        console = LoggedConsole(console, config["log"], datetime.now)
    log = problemsTo(console.notice) if os.isatty(STDERR) else warningsTo(sys.stderr)
    service = TapService(config, log)
    book = AddressBook()
    leave = partial(_leave, reactor)
    session = Session(reactor, console, PushCreator(reactor), config["linger"], leave)
    friends = Friends(book, partial(Lookup(reactor).addresses, asker="chatpeer"))
    commands = Commands(session, console, book, friends.add)
    _begin(reactor, config, session, friends, console, leave)
    receiver = PeerReceiverFactory(Inbox(console, session, book).received)
    limits = SenderLimits(maxConnections=min(MAX_CONNECTIONS, descriptorBudget()))
    factory = ReceiptFactory(receiver, reactor, limits=limits)
    needed = config["portNeeded"] or not talks
    listener = listenerAt(reactor, config["interface"], config["port"], needed=needed)
    called = config["callback"][1] if config["callback"] else 0
    peer = PeerService(listener, factory, session, commands, console, called)
    peer.setServiceParent(service)
    for notice in notices:
        console.notice(notice)
    return service


def _leave(reactor: Any, status: int) -> None:
    if status:
        endWith(status)
    # It may be stopping already.
    with suppress(ReactorNotRunning):
        reactor.stop()


def _begin(
    reactor: Any,
    config: Options,
    session: Session,
    friends: Friends,
    console: Console,
    leave: Callable[[int], object],
) -> None:
    """
    Let the session begin with the friends, or the room, of a command line.
    """
    for friend in config["friends"]:
        friends.add(friend)
    if config["friends"]:
        session.talkTo(config["friends"][0])
    elif config["server"]:
        session.talkIn(_room(reactor, config, session.outboxes, console, leave))


def _room(
    reactor: Any,
    config: Options,
    outboxes: Outboxes,
    console: Console,
    leave: Callable[[int], object],
) -> RoomMembership:
    def refused(why: str) -> None:
        console.notice(why)
        leave(1)

    server, name, host = Friend(*config["server"]), config["name"], config["host"]
    key = _key(host, console.notice)
    return RoomMembership(
        reactor, outboxes, server, name, host, console.notice, refused, key, datetime.now
    )


def _key(host: str, notice: Callable[[str], object]) -> str | None:
    path = historyFile(os.environ).with_name("chatpeer-key")
    try:
        return ownKey(path) if mayMove(host) else readKey(path)
    except NoKey as problem:
        notice(f"another address of yours will need another name: {problem}")
        return None
