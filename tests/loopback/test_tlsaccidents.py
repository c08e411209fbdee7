"""
TLS that goes wrong: alerts, certificates that nobody can read, senders that never say goodbye.
"""

import ssl
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from tests.loopback.certificates import (
    NEW,
    OLD,
    Authority,
    Identity,
    authoritiesFile,
    endpoint,
    secureRoom,
)
from tests.loopback.rig import HOST, LISTENING, Receiver, Twistd, connect, say

# A record of 32 bytes that no key deciphers.
_GARBAGE = b"\x17\x03\x03\x00\x20" + bytes(32)

# In DER: the version of a certificate, and how it was signed, by ECDSA with SHA-256.
_VERSION_3, _VERSION_7 = (b"\xa0\x03\x02\x01" + bytes([count]) for count in (2, 6))
_SIGNED_HOW = bytes.fromhex("300a06082a8648ce3d040302")


@dataclass(frozen=True)
class _Unreadable(Identity):
    """
    A certificate that was signed, though it is of a version that there is not.
    """

    signature: bytes

    @property
    def pem(self) -> bytes:
        """
        The certificate.
        """
        signature = bytes([3, len(self.signature) + 1, 0]) + self.signature
        body = _ofNoVersion(self.certificate.tbs_certificate_bytes) + _SIGNED_HOW + signature
        der = b"\x30\x82" + len(body).to_bytes(2, "big") + body
        return ssl.DER_cert_to_PEM_cert(der).encode()


def _ofNoVersion(signed: bytes) -> bytes:
    return signed.replace(_VERSION_3, _VERSION_7, 1)


def _unreadable(authority: Authority) -> Identity:
    made = authority.issue("ann")
    signed = _ofNoVersion(made.certificate.tbs_certificate_bytes)
    signature = authority.identity.key.sign(signed, ec.ECDSA(hashes.SHA256()))
    return _Unreadable(made.certificate, made.key, signature)


def test_alert(tmp_path: Path) -> None:
    """
    Half a message and a fatal alert, as of a sender that cannot decipher our records, is cut.
    """
    with secureRoom(tmp_path) as room, Receiver() as member:
        room.joins("member", member)
        for version in (OLD, NEW):
            incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
            context = room.context(None, version)
            client = context.wrap_bio(incoming, outgoing, server_hostname=HOST)
            with connect(room.securePort) as plain:
                while True:
                    with suppress(ssl.SSLWantReadError):
                        client.do_handshake()
                        break
                    plain.sendall(outgoing.read())
                    incoming.write(plain.recv(65536))
                client.write(b"from:ci|cut")
                incoming.write(_GARBAGE)
                with pytest.raises(ssl.SSLError, match=r"MAC|RECORD"):
                    _readToEnd(client)
                plain.sendall(outgoing.read())
                with suppress(ConnectionError):
                    while plain.recv(4096):
                        pass
        room.notes(3)
        start = f"refused truncated from {HOST}: 11 bytes of ci, then: "
        assert [note[: len(start)] for note in room.noted()[1:]] == [start] * 2
        assert say(room.port, b"from:ci|last") == b""
        member.gets(["ci: last"])
        assert room.counted()["accepted"] == 1


def _readToEnd(client: ssl.SSLObject) -> None:
    while True:
        with suppress(ssl.SSLWantReadError):
            client.read(4096)


def test_noGoodbye(tmp_path: Path) -> None:
    """
    A sender that has its answer and does not say goodbye does not hold up a stop.
    """
    with secureRoom(tmp_path, "--shutdown-timeout=600") as room:
        with room.connect(version=OLD) as old, room.connect() as new:
            for secure in (old, new):
                secure.sendall(b"from:ci|line\n")
            for secure in (old, new):
                assert secure.recv(100) == b""
            counts = room.counted()
        assert counts == {"accepted": 2}


def test_unreadable(tmp_path: Path) -> None:
    """
    A certificate that is signed, but cannot be read, tells nobody's name: its message is refused.
    """
    authority = Authority("authority")
    trusted = authoritiesFile(tmp_path, authority)
    with secureRoom(tmp_path, f"--client-ca={trusted}") as room:
        with room.connect(_unreadable(authority)) as secure:
            secure.sendall(b"from:ann|hello\n")
            with pytest.raises(OSError, match=r"alert|EOF|reset|pipe"):
                secure.recv(100)
        room.tell("from:ann|hello", authority.issue("ann"))
        assert room.counted() == {"accepted": 1, "refused.truncated": 1}


def test_elsewhere(tmp_path: Path) -> None:
    """
    The authorities' file is found from where the server was started, wherever it then runs.
    """
    authority = Authority("authority")
    file = authoritiesFile(tmp_path, authority)
    (tmp_path / "run").mkdir()
    where = endpoint(tmp_path, 0, authority.issue("server"))
    options = ("--listen", where, f"--client-ca={file.name}")
    with Twistd(tmp_path, "-n", "--rundir=run", "chatserver", *options) as server:
        server.prints(LISTENING)
