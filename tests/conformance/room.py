"""
What a case does: speak, register, refuse to hear anything but what was promised.
"""

import itertools
import secrets
from typing import Any

from tests.conformance.receiver import Receiver
from tests.conformance.server import Answer, Server
from tests.conformance.verdicts import Skipped, Violation

# Seconds in which a server that keeps no order may still bring what was said before.
_GRACE = 0.5

# On Linux every 127.x is this machine, and nobody else can be there.
_HOME = "127.0.0.1"
_ELSEWHERE = "127.0.0.2"

_REGISTER = b"connect_request|"
_LEAVE = b"leave_request|"


def _encoded(message: str) -> bytes:
    # A surrogate stands for a byte that is not UTF-8.
    return message.encode("utf-8", "surrogateescape")


class Room:
    """
    The server, as one case sees it; what the case registered leaves with the ``with`` block.

    In a message ``@`` stands for the case's token. The pushes are shown without it.

    :param server: whom to speak to.
    """

    def __init__(self, server: Server) -> None:
        self.server = server
        self.token = f"-{secrets.token_hex(4)}"
        self._ends = itertools.count(1)
        self._registered: list[tuple[bytes, str | None]] = []
        self.receivers: list[Receiver] = []

    def __enter__(self) -> "Room":
        """
        :returns: itself.
        """
        return self

    def __exit__(self, *details: object) -> None:
        for receiver in self.receivers:
            receiver.release()
        for data, source in self._registered:
            self.server.send(_LEAVE + data.removeprefix(_REGISTER), source)

    def send(self, message: str, source: str | None = None) -> Answer:
        """
        Send one message.

        :param source: the address to come from.
        """
        if self.server.deaf:
            raise Violation(f"not tried: {self.server.deaf}")
        data = _encoded(message.replace("@", self.token))
        answer = self.server.send(data, source)
        if answer.obeyed and data.startswith(_REGISTER):
            # Who leaves says no options.
            self._registered.append((b"|".join(data.split(b"|")[:4]), source))
        return answer

    def hurl(self, message: str) -> None:
        """
        Send one message as the tutorial does, without a look at the answer.
        """
        self.server.hurl(_encoded(message.replace("@", self.token)))

    def accepts(self, message: str, source: str | None = None) -> str:
        """
        The server must take it.

        :returns: what was seen.
        """
        return self.send(message, source).mustAccept()

    def refuses(self, message: str, code: str, source: str | None = None) -> str:
        """
        The server must refuse it, with a line.

        :param code: a regular expression.
        :returns: what was seen.
        """
        return self.send(message, source).mustRefuse(code)

    def says(self, text: str, name: str = "ann@") -> str:
        """
        The server must take a text.
        """
        return self.accepts(f"from:{name}|{text}")

    def receiver(self, host: str | None = None, **manner: Any) -> Receiver:
        """
        A place for pushes, not yet open.

        :param manner: see :class:`Receiver`.
        """
        receiver = Receiver(host or self.server.listenHost, self.token, **manner)
        self.receivers.append(receiver)
        return receiver

    def address(self, receiver: Receiver, host: str | None = None) -> str:
        """
        ``HOST|PORT`` of a receiver.

        :param host: in place of the usual one.
        """
        return f"{self.server.callbackHost if host is None else host}|{receiver.port}"

    def openAddress(self, host: str | None = None, listenHost: str | None = None) -> str:
        """
        ``HOST|PORT`` where somebody listens who is not registered.

        :param host: in place of the usual one.
        :param listenHost: where to listen, in place of the usual address.
        """
        receiver = self.receiver(listenHost)
        receiver.open()
        return self.address(receiver, host)

    def register(
        self,
        name: str,
        receiver: Receiver,
        host: str | None = None,
        source: str | None = None,
        options: str | None = None,
    ) -> Answer:
        """
        Ask for pushes; where the server is known to push nothing, give up.

        :param host: in place of the usual one.
        :param source: the address to come from.
        :param options: a fifth field.
        """
        if self.server.mute:
            raise Violation(f"not tried: {self.server.mute}")
        fifth = "" if options is None else f"|{options}"
        message = f"connect_request|{name}|{self.address(receiver, host)}{fifth}"
        return self.send(message, source)

    def registers(self, name: str, receiver: Receiver, options: str | None = None) -> None:
        """
        The server must take a registration.
        """
        self.register(name, receiver, options=options).mustAccept()

    def member(self, name: str, options: str | None = None, **manner: Any) -> Receiver:
        """
        An open receiver that is registered.

        :param options: a fifth field.
        :param manner: see :class:`Receiver`.
        """
        receiver = self.receiver(**manner)
        receiver.open()
        self.registers(name, receiver, options)
        return receiver

    def heard(self, texts: list[str]) -> list[str]:
        """
        Texts without the token, and without the ends that :meth:`hears` says.
        """
        plain = [text.replace(self.token, "") for text in texts]
        return [text for text in plain if not text.startswith("end: ")]

    def needsLoopback(self) -> None:
        """
        :raises Skipped: the server may be another machine.
        """
        if not self.server.onLoopback:
            raise Skipped("only where HOST is this machine's loopback")

    def needsHome(self) -> None:
        """
        :raises Skipped: the server is elsewhere than at 127.0.0.1.
        """
        if self.server.host != _HOME:
            raise Skipped(f"only where HOST is {_HOME}")

    def elsewhere(self) -> str:
        """
        :returns: another address to come from, as good as another host to the server.
        :raises Skipped: there is none.
        """
        if self.server.setup.second is None and self.server.host != _HOME:
            raise Skipped(f"only where HOST is {_HOME}, or with --second")
        return self.server.setup.second or _ELSEWHERE

    def gets(self, receiver: Receiver, count: int) -> list[str]:
        """
        A receiver must get so many pushes, in whatever form.

        :returns: them all, without the token.
        """
        texts = receiver.wait(lambda texts: len(texts) >= count, self.server.patience)
        plain = [text.replace(self.token, "") for text in texts]
        if len(plain) != count:
            raise Violation(f"in {self.server.patience:g} s {self._shown(plain)}")
        return plain

    def hears(self, receiver: Receiver, *expected: str) -> str:
        """
        A receiver must get this and nothing else, since it was looked at last.

        :returns: what was seen.
        """
        end = f"end{self.token}: {next(self._ends)}"
        self.says(end.partition(": ")[2], "end@")
        texts = receiver.wait(lambda texts: end in texts, self.server.patience)
        if end not in texts:
            missed = f"in {self.server.patience:g} s only {self._shown(self.heard(texts))}"
            raise Violation(missed)
        if not self.server.ordered:
            texts = receiver.wait(lambda texts: len(self.heard(texts)) > len(expected), _GRACE)
        receiver.forget()
        said = self.heard(texts)
        same = said == [*expected] if self.server.ordered else sorted(said) == sorted(expected)
        if not same:
            raise Violation(self._shown(said))
        return self._shown(said)

    def _shown(self, texts: list[str]) -> str:
        return " ".join(map(repr, texts)) or "no push"
