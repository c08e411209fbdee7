"""
What a network of welcome callback addresses means.
"""

from twisted.trial.unittest import SynchronousTestCase

from twisted_messenger.address import Source
from twisted_messenger.room.policy import AdmissionPolicy, Callbacks, readCallbacks

_LAN = Source("10.0.0.5", False)

#: Loopback, link-local, multicast, reserved and unspecified addresses.
_SPECIAL = ["127.0.0.1", "127.0.0.2", "169.254.169.254", "224.0.0.1", "239.255.255.250"]
_SPECIAL += ["240.0.0.1", "255.255.255.255", "0.0.0.0"]
_SPECIAL6 = ["::1", "fe80::1", "fe80::1%lo", "ff02::1", "::"]

_USUAL = ["8.8.8.8", "10.0.0.6", "192.168.0.1"]
_USUAL6 = ["2001:db8::9", "2600::1", "fd00::1"]


def _welcome(networks: str, host: str) -> bool:
    callbacks, read = readCallbacks(networks)
    policy = AdmissionPolicy(callbacks, read)
    return policy.judgeCallback(host, host, 5000, _LAN, ownListener=False) is None


class NetworkTests(SynchronousTestCase):
    """
    A wide network means other people's machines, and a narrow one what it says.
    """

    def test_everything(self) -> None:
        """
        The network of all addresses does not let in those that are nobody's, or this machine's.
        """
        for networks, hosts in (("cidr:0.0.0.0/0", _SPECIAL), ("cidr:::/0", _SPECIAL6)):
            self.assertEqual([host for host in hosts if _welcome(networks, host)], [])

    def test_everythingElse(self) -> None:
        """
        It does let in all others of its kind.
        """
        for networks, hosts in (("cidr:0.0.0.0/0", _USUAL), ("cidr:::/0", _USUAL6)):
            self.assertEqual([h for h in hosts if _welcome(networks, h)], hosts)

    def test_wide(self) -> None:
        """
        So it is for a network that merely has such a range within it.
        """
        for networks, host in (
            ("cidr:126.0.0.0/7", "127.0.0.1"),
            ("cidr:169.0.0.0/8", "169.254.169.254"),
            ("cidr:192.0.0.0/2", "224.0.0.1"),
            ("cidr:128.0.0.0/1", "255.255.255.255"),
            ("cidr:fc00::/6", "fe80::1"),
        ):
            self.assertEqual((host, _welcome(networks, host)), (host, False))

    def test_narrow(self) -> None:
        """
        A network that lies in such a range is meant.
        """
        for networks, host in (
            ("cidr:127.0.0.0/8", "127.0.0.2"),
            ("cidr:127.0.0.1/32", "127.0.0.1"),
            ("cidr:169.254.0.0/16", "169.254.7.7"),
            ("cidr:240.0.0.0/8", "240.0.0.1"),
            ("cidr:fe80::/10", "fe80::1"),
            ("cidr:::1/128", "::1"),
            ("cidr:0.0.0.0/0,127.0.0.0/8", "127.0.0.2"),
        ):
            self.assertEqual((host, _welcome(networks, host)), (host, True))

    def test_mapped(self) -> None:
        """
        IPv4 networks within IPv6 would never match: they are refused when they are read.
        """
        for network in ("::ffff:10.0.0.0/104", "::ffff:0:0/96", "::ffff:10.0.0.7"):
            self.assertRaises(ValueError, readCallbacks, f"cidr:{network}")
            self.assertRaises(ValueError, readCallbacks, f"cidr:10.0.0.0/8, {network}")
        callbacks, networks = readCallbacks("cidr:10.0.0.0/8,fd00::/8")
        self.assertEqual((callbacks, len(networks)), (Callbacks.OWN, 2))
