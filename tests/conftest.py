"""
What no test may leave behind.
"""

import gc
import signal
from collections.abc import Iterator

import pytest
from twisted.internet import reactor
from twisted.internet.tcp import Connection, Port
from twisted.logger import ILogObserver, LogEvent, LogLevel, globalLogPublisher
from twisted.python.failure import Failure
from zope.interface import provider

from tests.postgresqlserver import PostgreSQLServer, running


def pytest_configure() -> None:
    """
    Let no program that a test starts ignore the signals that this one ignores.

    A shell lets what it starts with ``&`` ignore the first, ``nohup`` the second.
    """
    for number in (signal.SIGINT, signal.SIGHUP):
        if signal.getsignal(number) is signal.SIG_IGN:
            # A handler is not inherited, and this program goes on as before.
            signal.signal(number, lambda *_: None)


def pytest_collection_finish() -> None:
    """
    Let no later collection of garbage look at what stays: modules and tests.

    It would take a tenth of a second, after each test that uses the real reactor.
    """
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgreSQLServer]:
    """
    A running PostgreSQL server, which need not survive a power cut.
    """
    # Tables without statistics look large, and it would compile what it does for each.
    with running("fsync=off", "jit=off") as server:
        yield server


@pytest.fixture(autouse=True)
def nothingLeft(request: pytest.FixtureRequest) -> Iterator[None]:
    """
    Fail a test on the real reactor that leaves a timer, a socket or an unseen error.

    A ``SynchronousTestCase`` looks after its own errors and uses no reactor.
    """
    if request.cls is not None:
        yield
        # It was made before all was frozen, and is a circle: nothing would collect it, nor what the
        # test has made.
        vars(request.instance).clear()
        return
    failures: list[Failure] = []
    # What was left before is not its own: a sweep ends a second after the last push.
    before = set(reactor.getDelayedCalls())

    @provider(ILogObserver)
    def observe(event: LogEvent) -> None:
        if event["log_level"] >= LogLevel.error and "log_failure" in event:
            failures.append(event["log_failure"])

    globalLogPublisher.addObserver(observe)
    try:
        yield
        # A Deferred tells of its unseen error when it is collected.
        gc.collect()
    finally:
        globalLogPublisher.removeObserver(observe)
    assert not failures, failures
    assert not set(reactor.getDelayedCalls()) - before
    assert not [reader for reader in reactor.getReaders() if isinstance(reader, Connection | Port)]
