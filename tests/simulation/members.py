"""
A member: a name, and the program that listens for it.
"""

from tests.simulation.listeners import Listener, Mode
from tests.simulation.process import Process
from tests.simulation.record import Record
from twisted_messenger.options import RegistrationOptions
from twisted_messenger.testing import MemoryNetwork


class Member:
    """
    Somebody who registers a name.

    :param name: which it registers.
    :param host: where it is at first.
    :param port: where its program listens at first.
    :param wish: the options and the key with which it registers.
    """

    def __init__(
        self,
        network: MemoryNetwork,
        record: Record,
        name: str,
        host: str,
        port: int,
        wish: RegistrationOptions,
    ) -> None:
        self.name = name
        self.wish = wish
        #: The address that the server has acknowledged last; empty where it is not sure.
        self.registered = ""
        self.sending = Process(network, host)
        self.listener = Listener(network, record, host, port, wish.member)
        self._network = network
        self._record = record

    @property
    def isRegistered(self) -> bool:
        """
        Whether it has heard that it is registered where it listens.
        """
        return self.registered == self.listener.address

    def restart(self) -> None:
        """
        End the program, and begin it anew at the same address.
        """
        self.listener.die()
        self.listener.comeBack()

    def move(self, host: str, port: int) -> None:
        """
        Listen, and speak, elsewhere from now on.
        """
        if host != self.sending.host:
            self.sending = Process(self._network, host)
        self.listener = Listener(self._network, self._record, host, port, self.wish.member)

    def leaveBehind(self, host: str, port: int) -> None:
        """
        Move, and let the old program run on where nobody sees what it gets.
        """
        self.listener.mode = Mode.LEFT
        self.move(host, port)

    def swap(self, other: "Member") -> None:
        """
        Listen where somebody else does, who listens here.
        """
        self.listener, other.listener = other.listener, self.listener
        self.registered = other.registered = ""
