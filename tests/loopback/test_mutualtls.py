"""
A room whose TLS listener asks for certificates: whose names are whose, and who gets in.

Everybody here comes from one address.
"""

import ssl
from pathlib import Path

import pytest

from tests.loopback.certificates import (
    NEW,
    OLD,
    Authority,
    Identity,
    SecureRoom,
    authoritiesFile,
    secureRoom,
)
from tests.loopback.rig import HOST, Receiver, say
from tests.ports import freePort


def test_holders(tmp_path: Path) -> None:
    """
    Whoever registered with a certificate speaks, moves and leaves with it, or with its successor.
    """
    authority = Authority("authority")
    ann, renewed, bob = (authority.issue(name) for name in ("ann", "ann", "bob"))
    nobody = authority.issue()
    trusted = authoritiesFile(tmp_path, authority)
    with (
        secureRoom(tmp_path, f"--client-ca={trusted}") as room,
        Receiver() as annAt,
        Receiver() as bobAt,
        Receiver() as nobodyAt,
    ):
        room.joins("ann", annAt, ann)
        room.joins("bob", bobAt, bob)
        room.joins("nobody", nobodyAt, nobody)
        room.tell("from:ann|1", ann)
        room.tell("from:ann|2", ann, OLD)
        room.tell("from:bob|3", bob)
        room.tell("from:nobody|4", nobody)
        room.tell("from:ann|5", renewed)
        # Nobody has registered it: it is anybody's.
        room.tell("from:ci|6", bob)
        annAt.gets(["bob: 3", "nobody: 4", "ci: 6"])
        bobAt.gets(["ann: 1", "ann: 2", "nobody: 4", "ann: 5", "ci: 6"])
        nobodyAt.gets(["ann: 1", "ann: 2", "bob: 3", "ann: 5", "ci: 6"])
        moved = freePort()
        room.tell(f"connect_request|ann|{HOST}|{moved}", renewed)
        room.notes(4)
        room.tell(f"leave_request|ann|{HOST}|{moved}", ann)
        room.notes(5)
        room.tell(f"leave_request|nobody|{HOST}|{nobodyAt.port}", nobody)
        room.notes(6)
        assert room.noted() == [
            f"ann at {HOST}:{annAt.port} joined",
            f"bob at {HOST}:{bobAt.port} joined",
            f"nobody at {HOST}:{nobodyAt.port} joined",
            f"ann at {HOST}:{moved} moved",
            "ann left",
            "nobody left",
        ]
        assert not [count for count in room.counted() if count.startswith("refused")]


def test_others(tmp_path: Path) -> None:
    """
    Nobody else does, whatever certificate it shows; nor can one take a name that needs none.
    """
    authority, other = Authority("authority"), Authority("other authority")
    ann, bob = authority.issue("ann"), authority.issue("bob")
    foreign, nobody, stranger = other.issue("ann"), authority.issue(), authority.issue()
    elsewhere = "registered with another certificate"
    trusted = authoritiesFile(tmp_path, authority, other)
    with (
        secureRoom(tmp_path, f"--client-ca={trusted}") as room,
        Receiver() as annAt,
        Receiver() as nobodyAt,
        Receiver() as carlAt,
    ):
        room.joins("ann", annAt, ann)
        room.joins("nobody", nobodyAt, nobody)
        room.joins("carl", carlAt)
        move = f"connect_request|ann|{HOST}|{freePort()}"
        take = f"connect_request|bob|{HOST}|{annAt.port}"
        remove = f"leave_request|ann|{HOST}|{annAt.port}"
        attempts = [
            (bob, "from:ann|x", f"not_owner from {HOST}: ann is {elsewhere}"),
            (bob, move, f"name_taken from {HOST}: ann is {elsewhere}"),
            (bob, take, f"not_owner from {HOST}: {HOST}:{annAt.port} was {elsewhere}"),
            (bob, remove, f"not_owner from {HOST}: ann was {elsewhere}"),
            (foreign, "from:ann|x", f"not_owner from {HOST}: ann is {elsewhere}"),
            (foreign, move, f"name_taken from {HOST}: ann is {elsewhere}"),
            (foreign, remove, f"not_owner from {HOST}: ann was {elsewhere}"),
            (stranger, "from:nobody|x", f"not_owner from {HOST}: nobody is {elsewhere}"),
            (ann, "from:nobody|x", f"not_owner from {HOST}: nobody is {elsewhere}"),
            (ann, "from:carl|x", f"not_owner from {HOST}: carl is registered from another address"),
        ]
        for before, (shown, message, reason) in enumerate(attempts, len(room.noted())):
            room.tell(message, shown)
            room.notes(before + 1)
            assert room.noted()[before:] == [f"refused {reason}"]
        # From the same address, but at the listener that asks for no certificate.
        for message, reason in (
            ("from:ann|x", f"not_owner: ann is {elsewhere}"),
            (move, f"name_taken: ann is {elsewhere}"),
            (remove, f"not_owner: ann was {elsewhere}"),
        ):
            assert say(room.port, message.encode()) == f"! {reason}\n".encode()
        room.tell("from:ann|1", ann)
        nobodyAt.gets(["ann: 1"])
        carlAt.gets(["ann: 1"])
        counts = room.counted()
    assert annAt.texts == []
    assert counts["accepted"] == 1
    assert (counts["refused.not_owner"], counts["refused.name_taken"]) == (10, 3)


def test_strangers(tmp_path: Path) -> None:
    """
    Without a certificate of the authority nobody gets in, whatever name it shows.
    """
    authority = Authority("authority")
    # The last one's issuer calls itself as ours does, and has another key.
    strangers = (None, Authority("ann").identity, Authority("authority").issue("ann"))
    trusted = authoritiesFile(tmp_path, authority)
    with secureRoom(tmp_path, f"--client-ca={trusted}") as room:
        for shown in strangers:
            for version in (OLD, NEW):
                with pytest.raises(OSError, match=r"alert|EOF|reset|pipe"):
                    _sayLine(room, shown, version)
        room.notes(6)
        whys = ["peer did not return a certificate"] * 2 + ["certificate verify failed"] * 4
        for note, why in zip(room.noted(), whys, strict=True):
            assert note.startswith(f"refused truncated from {HOST}: 0 bytes, then: "), note
            assert why in note
        room.tell("from:ann|hello", authority.issue("ann"))
        assert room.counted() == {"accepted": 1, "refused.truncated": 6}


def _sayLine(room: SecureRoom, shown: Identity | None, version: ssl.TLSVersion) -> bytes:
    with room.connect(shown, version) as secure:
        secure.sendall(b"from:ann|forged\n")
        return secure.recv(100)
