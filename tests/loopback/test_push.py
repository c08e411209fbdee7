"""
What only a real kernel does to a push.
"""

from collections.abc import Callable, Coroutine
from importlib import import_module
from typing import Any

from twisted.internet import reactor as running
from twisted.internet.defer import Deferred
from twisted.internet.protocol import ClientCreator
from twisted.internet.task import deferLater

from tests.loopback.rig import HOST, freePort
from twisted_messenger.push import Outcome, PushProtocol, PushResult

Test = Callable[[], Coroutine[Any, Any, None]]

# It comes without types.
ensureDeferred: Callable[[Test], Test] = import_module("pytest_twisted").ensureDeferred

reactor: Any = running


async def _pushToItself() -> PushResult:
    port = freePort()
    creator = ClientCreator(reactor, PushProtocol, reactor, 5.0)
    protocol = await creator.connectTCP(HOST, port, bindAddress=(HOST, port))
    result: PushResult = await protocol.send(b"ci: hello", 5.0)
    # Until its transport is gone.
    await deferLater(reactor, 0.05)
    return result


@ensureDeferred
async def test_connectedToItself() -> None:
    """
    A connection from a port to itself, which TCP allows, does not pass for a member.
    """
    result = await Deferred.fromCoroutine(_pushToItself()).addTimeout(10, reactor)
    assert result.outcome is Outcome.FAILED
