"""
What sockets and the system say: this machine's addresses, how many descriptors.
"""

import resource
import socket
from collections.abc import Callable
from typing import TypeVar
from unittest import SkipTest

from twisted.trial.unittest import SynchronousTestCase

from tests.ipv6 import hasIPv6
from twisted_messenger.incoming.ownaddresses import isSameAddress, isThisMachine
from twisted_messenger.service.machine import (
    RESERVED_DESCRIPTORS,
    descriptorBudget,
    descriptorLimit,
    raiseDescriptorLimit,
)
from twisted_messenger.sockets import oneAddressOf

T = TypeVar("T")


class OneAddressTests(SynchronousTestCase):
    """
    Where connections come in, without asking each.
    """

    def listen(self, host: str, family: socket.AddressFamily = socket.AF_INET) -> socket.socket:
        """
        Listen at an address.
        """
        listening = socket.create_server((host, 0), family=family)
        self.addCleanup(listening.close)
        return listening

    def test_one(self) -> None:
        """
        What listens at one address takes no connection to another.
        """
        listening = self.listen("127.0.0.1")
        self.assertEqual(oneAddressOf(listening), listening.getsockname())

    def test_every(self) -> None:
        """
        Where every address will do, each connection is asked: who it is to the roster hangs on it.
        """
        self.assertIsNone(oneAddressOf(self.listen("0.0.0.0")))

    def test_ipv6(self) -> None:
        """
        So it is over IPv6, where addresses have zones.
        """
        if not hasIPv6():
            raise SkipTest("this machine has no IPv6")
        self.assertIsNone(oneAddressOf(self.listen("::1", socket.AF_INET6)))

    def test_transparent(self) -> None:
        """
        And where a proxy may hand over connections to any address.
        """
        listening = self.listen("127.0.0.1")
        try:
            listening.setsockopt(socket.IPPROTO_IP, 19, 1)
        except PermissionError:
            raise SkipTest("it takes a right that only an administrator has") from None
        self.assertIsNone(oneAddressOf(listening))


class ThisMachineTests(SynchronousTestCase):
    """
    Which addresses are this machine's own.
    """

    def test_addresses(self) -> None:
        """
        Loopback is; addresses that documents use are nobody's.
        """
        for host, mine in (
            ("127.0.0.1", True),
            ("127.3.2.1", True),
            ("192.0.2.1", False),
            ("2001:db8::1", False),
        ):
            self.assertEqual((host, isThisMachine(host)), (host, mine))

    def test_zones(self) -> None:
        """
        A zone is the same by its name and by its number; other addresses, and what is none, are
        not the same.
        """
        number = socket.if_nametoindex("lo")
        for one, other, same in (
            ("fe80::1%lo", f"fe80::1%{number}", True),
            ("fe80::1%lo", f"fe80::1%{number + 1000}", False),
            ("fe80::1%lo", "fe80::2%lo", False),
            ("2001:db8::1", "2001:DB8:0::1", True),
            ("10.0.0.1", "10.0.0.1", True),
            ("10.0.0.1", "10.0.0.2", False),
            ("localhost", "localhost", False),
        ):
            self.assertEqual((one, other, isSameAddress(one, other)), (one, other, same))


class DescriptorTests(SynchronousTestCase):
    """
    How many connections the system allows.
    """

    def under(self, limit: int, ask: Callable[[], T]) -> T:
        """
        Ask while the soft limit is that.
        """
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (limit, hard))
        try:
            return ask()
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))

    def test_budget(self) -> None:
        """
        What is not kept for ourselves is shared by both directions, and there is always one.
        """
        self.assertEqual(RESERVED_DESCRIPTORS, 64)
        for limit, budget in (
            (1024, 480),
            (1023, 479),
            (264, 100),
            (68, 2),
            (67, 1),
            (66, 1),
            (64, 1),
            (10, 1),
        ):
            self.assertEqual((limit, self.under(limit, descriptorBudget)), (limit, budget))

    def test_bothFit(self) -> None:
        """
        Twice the budget and what is kept for ourselves is never more than the limit.
        """
        for limit in range(66, 300):
            self.assertLessEqual(
                2 * self.under(limit, descriptorBudget) + RESERVED_DESCRIPTORS, limit
            )

    def test_limit(self) -> None:
        """
        The limit that holds is the soft one.
        """
        self.assertEqual(self.under(300, descriptorLimit), 300)

    def test_raised(self) -> None:
        """
        It is raised as far as the system lets us, and never lowered.
        """

        def raised() -> int:
            raiseDescriptorLimit()
            return descriptorLimit()

        _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        most = 65_536 if hard == resource.RLIM_INFINITY else min(hard, 65_536)
        self.assertEqual(self.under(300, raised), most)
        self.assertEqual(self.under(hard, raised), self.under(hard, descriptorLimit))
