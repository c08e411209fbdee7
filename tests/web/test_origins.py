"""
Where requests come from, and which page made a browser send them.
"""

from twisted.trial.unittest import SynchronousTestCase

from twisted_messenger.address import UNKNOWN, Source
from twisted_messenger.web.origins import Entrance, Headers, Origins

HERE = Source()
LAN = Source("10.0.0.7", False)
PLAIN = Entrance("10.0.0.1", 8881)
SECURE = Entrance("10.0.0.1", 443, isSecure=True)
UNIX = Entrance()


class SourceTests(SynchronousTestCase):
    """
    A proxy on this machine makes nobody local.
    """

    def sourceOf(self, peer: Source, **headers: str) -> tuple[Source, bool]:
        """
        Of a request, where 127.0.0.1 and 10.0.0.2 are proxies that are believed.
        """
        origins = Origins(frozenset({"127.0.0.1", "10.0.0.2"}))
        return origins.sourceOf(
            peer, {one.replace("_", "-"): text for one, text in headers.items()}
        )

    def test_direct(self) -> None:
        """
        Without a proxy, it is the connection's; all of this machine's loopback is here.
        """
        self.assertEqual(Origins().sourceOf(HERE, {}), (HERE, False))
        self.assertEqual(self.sourceOf(LAN), (LAN, True))
        other = Source("127.0.0.7", False)
        self.assertEqual(self.sourceOf(other), (other, False))

    def test_ownAddress(self) -> None:
        """
        Who connects to this machine's own address in the network is not at localhost.
        """
        mine = Source("10.0.0.1", True)
        self.assertEqual(self.sourceOf(mine), (mine, True))

    def test_forwarded(self) -> None:
        """
        Each of the headers that proxies set makes it come from elsewhere: without the exemptions,
        and the names, of this machine.
        """
        for header in ("forwarded", "via", "x_real_ip", "x_forwarded_for", "x_forwarded_host"):
            for peer in (Source("127.0.0.9", False), Source("10.0.0.1", True)):
                source, isBeyond = Origins().sourceOf(peer, {header.replace("_", "-"): "x"})
                self.assertEqual((source, isBeyond), (Source(UNKNOWN, False), True), header)
                self.assertIsNotNone(source.subscriber)
        self.assertEqual(Origins().sourceOf(LAN, {"via": "1.1 x"}), (LAN, True))

    def test_silentProxy(self) -> None:
        """
        A proxy that tells nothing of who asks makes nobody local either: one that is known, and
        nginx as it comes, which speaks HTTP/1.0.
        """
        nobody = Source(UNKNOWN, False), True
        self.assertEqual(self.sourceOf(HERE), nobody)
        self.assertEqual(Origins().sourceOf(HERE, {}, isOld=True), nobody)
        self.assertEqual(Origins().sourceOf(LAN, {}, isOld=True), (LAN, True))

    def test_believed(self) -> None:
        """
        A proxy that is known says who it is: the last address, which it has added itself.
        """
        for told, host in (
            ("203.0.113.5", "203.0.113.5"),
            ("127.0.0.1, 203.0.113.5", "203.0.113.5"),
            ("::ffff:203.0.113.5", "203.0.113.5"),
            ("2001:db8::7", "2001:db8::7"),
            ("127.0.0.1", UNKNOWN),
            ("::1", UNKNOWN),
            ("nonsense", UNKNOWN),
            ("203.0.113.5, ", UNKNOWN),
        ):
            found = self.sourceOf(HERE, x_forwarded_for=told)
            self.assertEqual((told, found), (told, (Source(host, False), True)))

    def test_notBelieved(self) -> None:
        """
        Who is no known proxy cannot say that it is somebody else.
        """
        self.assertEqual(self.sourceOf(LAN, x_forwarded_for="203.0.113.5"), (LAN, True))


class HostTests(SynchronousTestCase):
    """
    Under which names it answers.
    """

    def refused(self, host: str, entrance: Entrance = PLAIN) -> bool:
        """
        Whether a Host is none of ours, where two others were given.
        """
        origins = Origins(hosts=frozenset({"room.example", "other.example:8443"}))
        return origins.judgeHost(host, entrance) is not None

    def test_own(self) -> None:
        """
        The names of localhost, and the address that was connected to, with the port.
        """
        for host in ("localhost:8881", "LOCALHOST:8881", "127.0.0.1:8881", "[::1]:8881"):
            self.assertFalse(self.refused(host), host)
        self.assertFalse(self.refused("10.0.0.1:8881"))
        self.assertFalse(self.refused("[2001:db8::1]:8881", Entrance("2001:db8::1", 8881)))
        for host in ("localhost", "localhost:80", "10.0.0.2:8881", "localhost:8881x", "", ":8881"):
            self.assertTrue(self.refused(host), host)

    def test_usualPort(self) -> None:
        """
        A browser leaves out the port that everybody knows.
        """
        self.assertFalse(self.refused("10.0.0.1", SECURE))
        self.assertFalse(self.refused("localhost", Entrance("127.0.0.1", 80)))
        self.assertTrue(self.refused("localhost", Entrance("127.0.0.1", 8080)))

    def test_unix(self) -> None:
        """
        A Unix socket has no port.
        """
        self.assertFalse(self.refused("localhost", UNIX))
        self.assertTrue(self.refused("evil.example", UNIX))

    def test_given(self) -> None:
        """
        A name that was given is one at any port, or at that which was given with it.
        """
        for host in ("room.example", "Room.Example:8881", "other.example:8443"):
            self.assertFalse(self.refused(host), host)
        for host in ("other.example", "evil.example:8443", "room.example.evil.example"):
            self.assertTrue(self.refused(host), host)


class SiteTests(SynchronousTestCase):
    """
    No page of another site gets anything done.
    """

    def refused(
        self, method: str, isHarmless: bool = False, entrance: Entrance = PLAIN, **headers: str
    ) -> bool:
        """
        Whether a request is refused.
        """
        named: Headers = {
            "host": "localhost:8881",
            **{one.replace("_", "-"): text for one, text in headers.items()},
        }
        return Origins().judgeSite(method, named, entrance, isHarmless) is not None

    def test_scripts(self) -> None:
        """
        Who is no browser says nothing of pages, and may do anything.
        """
        for method in ("GET", "POST", "PUT", "DELETE"):
            self.assertFalse(self.refused(method), method)

    def test_origin(self) -> None:
        """
        Who changes something comes from a page of ours, under the same name and port.
        """
        for origin, isForeign in (
            ("http://localhost:8881", False),
            ("http://LOCALHOST:8881", False),
            ("https://localhost:8881", True),
            ("http://localhost:9000", True),
            ("http://127.0.0.1:8881", True),
            ("null", True),
            ("", True),
        ):
            for method in ("POST", "PUT", "DELETE", "PATCH"):
                refused = self.refused(method, origin=origin)
                self.assertEqual((method, origin, refused), (method, origin, isForeign))
            self.assertFalse(self.refused("GET", origin=origin))

    def test_secure(self) -> None:
        """
        Over TLS, and where a proxy may speak TLS for us, our pages are https.
        """
        origin = "https://localhost:8881"
        self.assertFalse(self.refused("POST", entrance=SECURE, origin=origin))
        self.assertTrue(self.refused("POST", entrance=SECURE, origin="http://localhost:8881"))
        self.assertFalse(self.refused("POST", origin=origin, x_forwarded_for="203.0.113.5"))

    def test_fetchSite(self) -> None:
        """
        What a browser says of the page counts by itself; reading is refused to other sites, but
        following a link to a page of ours is not.
        """
        for site, writes, reads in (
            ("same-origin", False, False),
            ("none", False, False),
            ("same-site", True, False),
            ("cross-site", True, True),
        ):
            self.assertEqual((site, self.refused("POST", sec_fetch_site=site)), (site, writes))
            self.assertEqual((site, self.refused("GET", sec_fetch_site=site)), (site, reads))
            self.assertFalse(self.refused("GET", isHarmless=True, sec_fetch_site=site))
