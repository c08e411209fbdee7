"""
Authorities, the certificates they issue, and a room that listens over TLS as well as without.

A client's socket raises where its connection ends without a close_notify; an empty ``recv`` is one.
"""

import ssl
from ast import literal_eval
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from ipaddress import ip_address
from pathlib import Path
from select import select
from socket import IPPROTO_TCP, TCP_NODELAY

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from tests.loopback.rig import HOST, LISTENING, PATIENCE, Receiver, Twistd, connect, eventually, say

OLD, NEW = ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3

_AN_HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class Identity:
    """
    A certificate and its key.
    """

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @property
    def pem(self) -> bytes:
        """
        The certificate.
        """
        return self.certificate.public_bytes(Encoding.PEM)

    @property
    def keyPem(self) -> bytes:
        """
        The key.
        """
        return self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


class Authority:
    """
    Issues certificates, valid now.

    :param name: its own; two authorities of one name have different keys.
    """

    def __init__(self, name: str) -> None:
        self._name = _named(name)
        self._key = ec.generate_private_key(ec.SECP256R1())
        #: What it shows of itself, signed by itself.
        self.identity = Identity(self._sign(self._name, self._key, isAuthority=True), self._key)

    def issue(self, *names: str) -> Identity:
        """
        A certificate for a key of its own, good for clients and for a server on this machine.

        :param names: of the subject: its common name, then of its units; none, for no subject.
        """
        key = ec.generate_private_key(ec.SECP256R1())
        return Identity(self._sign(_named(*names), key, isAuthority=False), key)

    def _sign(
        self, subject: x509.Name, key: ec.EllipticCurvePrivateKey, *, isAuthority: bool
    ) -> x509.Certificate:
        now = datetime.now(timezone.utc)
        here = x509.SubjectAlternativeName(
            [x509.IPAddress(ip_address(HOST)), x509.DNSName("localhost")]
        )
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - _AN_HOUR)
            .not_valid_after(now + _AN_HOUR)
            .add_extension(x509.BasicConstraints(isAuthority, None), critical=True)
            .add_extension(here, critical=not list(subject))
            .sign(self._key, hashes.SHA256())
        )


def _named(*names: str) -> x509.Name:
    kinds = [NameOID.COMMON_NAME] + [NameOID.ORGANIZATIONAL_UNIT_NAME] * len(names)
    return x509.Name([x509.NameAttribute(kind, name) for kind, name in zip(kinds, names)])


def endpoint(directory: Path, port: int, certified: Identity, key: Identity | None = None) -> str:
    """
    The description of a listener; its files are written.

    :param key: whose key it uses, where it is not the certificate's.
    """
    files = {"certKey": directory / "server.pem", "privateKey": directory / "server.key"}
    files["certKey"].write_bytes(certified.pem)
    files["privateKey"].write_bytes((key or certified).keyPem)
    options = "".join(f":{option}={path}" for option, path in files.items())
    return f"ssl:{port}{options}:interface={HOST}"


def authoritiesFile(directory: Path, *authorities: Authority) -> Path:
    """
    A file with the authorities' certificates.
    """
    path = directory / "authorities.pem"
    path.write_bytes(b"".join(authority.identity.pem for authority in authorities))
    return path


class SecureRoom:
    """
    A chatserver with a listener over TLS and one without, at ports that the system chooses.

    :param directory: where it runs.
    :param options: of the chatserver, besides its listeners.
    """

    def __init__(self, directory: Path, *options: str) -> None:
        self._directory = directory
        self._authority = Authority("the server's authority")
        plain = f"tcp:0:interface={HOST}"
        secure = endpoint(directory, 0, self._authority.issue("server"))
        arguments = ("--listen", plain, "--listen", secure, *options)
        self.server = Twistd(directory, "-n", "chatserver", *arguments)

    def ports(self) -> list[int]:
        """
        Where it listens by now: without TLS, with it, and where else its options say.
        """
        started = [line.partition(" starting on ")[2] for line in self.server.lines()]
        return [int(port) for port in started if port]

    @property
    def port(self) -> int:
        """
        Where it listens without TLS.
        """
        return self.ports()[0]

    @property
    def securePort(self) -> int:
        """
        Where it listens over TLS.
        """
        return self.ports()[1]

    def context(self, shown: Identity | None, version: ssl.TLSVersion = NEW) -> ssl.SSLContext:
        """
        What a client needs that believes this server only.

        :param shown: the client's own certificate.
        """
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.minimum_version = context.maximum_version = version
        context.load_verify_locations(cadata=self._authority.identity.pem.decode())
        if shown is not None:
            file = self._directory / "client.pem"
            file.write_bytes(shown.keyPem + shown.pem)
            context.load_cert_chain(file)
        return context

    def connect(
        self, shown: Identity | None = None, version: ssl.TLSVersion = NEW
    ) -> ssl.SSLSocket:
        """
        A connection over TLS, its handshake done on both sides.

        :param shown: the client's certificate.
        """
        plain = connect(self.securePort)
        # What was sent is on its way, and a reset that follows takes nothing back.
        plain.setsockopt(IPPROTO_TCP, TCP_NODELAY, 1)
        secure = self.context(shown, version).wrap_socket(
            plain, server_hostname=HOST, suppress_ragged_eofs=False
        )
        if version is NEW:
            # Its tickets, or its alert: a server that has them still to write when the client
            # resets is told of that before it has read what the client said.
            select([secure], [], [], PATIENCE)
        return secure

    def tell(self, data: str, shown: Identity | None = None, version: ssl.TLSVersion = NEW) -> None:
        """
        Send a message, end it with a close_notify, and wait until the server has closed.
        """
        secure = self.connect(shown, version)
        secure.sendall(data.encode())
        with secure.unwrap() as plain:
            assert plain.recv(1) == b""

    def joins(self, name: str, receiver: Receiver, shown: Identity | None = None) -> None:
        """
        Register a receiver, over TLS where a certificate is shown.
        """
        message = f"connect_request|{name}|{HOST}|{receiver.port}"
        if shown is None:
            assert say(self.port, message.encode()) == b""
        else:
            self.tell(message, shown)
        note = f"{name} at {HOST}:{receiver.port} joined"
        eventually(lambda: note in self.noted(), note)

    def noted(self) -> list[str]:
        """
        What the server has logged about its clients, without the time.
        """
        parts = [line.partition("EventLog#info] ") for line in self.server.lines()]
        return [note for _, mark, note in parts if mark]

    def notes(self, count: int) -> None:
        """
        Wait until the server has logged so much about its clients.
        """
        eventually(
            lambda: len(self.noted()) >= count,
            lambda: f"{count} lines in\n{self.server.output}",
        )

    def counted(self) -> dict[str, int]:
        """
        Stop the server.

        :returns: what it has counted.
        """
        self.server.stop()
        assert "Traceback" not in self.server.output, self.server.output
        assert "counted: " in self.server.output, self.server.output
        counts: dict[str, int] = literal_eval(
            self.server.output.partition("counted: ")[2].splitlines()[0]
        )
        return counts


@contextmanager
def secureRoom(directory: Path, *options: str) -> Iterator[SecureRoom]:
    """
    A :class:`SecureRoom` that is ready to accept, and ends with its block.
    """
    room = SecureRoom(directory, *options)
    count = 2 + options.count("--listen")
    with room.server as server:
        server.prints(LISTENING)
        assert len(room.ports()) == count, server.output
        yield room
