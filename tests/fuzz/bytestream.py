"""
Mutates bytes that are close to messages.
"""

from collections.abc import Callable
from random import Random

from tests.fuzz.pieces import repeated, span, spliced, without

# What messages are made of, and what comes close to it.
_VERBS = [b"from:", b"connect_request|", b"leave_request|", b"from", b"|", b":", b": "]
_NAMES = [b"ann", b"bob", b"bystander", b"server", b"x" * 64, b"Zo\xc3\xab", b"ann: ", b"a\xcc\x88"]
_HOSTS = [b"", b"10.0.0.2", b"10.0.0.9", b"127.0.0.1", b"localhost", b"0.0.0.0", b"::1", b"[::]"]
_HOSTS += [b"::ffff:10.0.0.2", b"fe80::1%eth0", b"desk", b"nowhere", b"127.1", b"010.0.0.2"]
_PORTS = [b"9001", b"9002", b"9003", b"9004", b"9010", b"8880", b"1023", b"65536", b"0", b"+9"]
_BLANKS = [b" ", b"\n", b"\r\n", b"\r", b"\t", b"\x0b", b"\x1c", b"\xc2\x85", b"\xc2\xa0"]
_UNSEEN = list(map(str.encode, "\x1b\0\x7f\x9b\xad\u061c\u200b\u200e\u2028\u202e\u2066\ufeff"))
_UNSEEN += map(str.encode, "\u034f\u3164\ufe0f\U000e0041\u0378\ue000\uffff")
_LOOKALIKES = list(map(str.encode, "\uff1a\uff5c\uff46\u017f\u00a8\ufdfa\u212a\u1100\uff3f\u3000"))
_BROKEN = [b"\xff", b"\xc0\xaf", b"\xe2\x80", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xf0\x9f"]
_TOKENS = _VERBS + _NAMES + _HOSTS + _PORTS + _BLANKS + _UNSEEN + _LOOKALIKES + _BROKEN

# How often one is put, so that what is cut somewhere is cut in the middle of them.
_TIMES = (*(1,) * 12, 2, 70, 300)

_STACKED = (1, 1, 1, 2, 2, 3, 5, 8)

_Mutation = Callable[[bytes, bytes, Random], bytes]


def _tokenPut(data: bytes, other: bytes, random: Random) -> bytes:
    start, end = span(data, random)
    tokens = random.choice(_TOKENS) * random.choice(_TIMES)
    return data[:start] + tokens + data[random.choice((start, end)) :]


def _characterPut(data: bytes, other: bytes, random: Random) -> bytes:
    # Most planes are empty.
    ceiling = random.choice((0x100, 0x3000, 0x10000, 0x20000, 0x110000))
    character = chr(random.randrange(ceiling)).encode("utf-8", "surrogatepass")
    start, end = span(data, random)
    return data[:start] + character + data[random.choice((start, end)) :]


def _byteChanged(data: bytes, other: bytes, random: Random) -> bytes:
    at = random.randrange(len(data) + 1)
    return data[:at] + bytes([random.randrange(256)]) + data[at + 1 :]


_MUTATIONS: tuple[_Mutation, ...] = (
    *(without, repeated, spliced, spliced),
    *(_tokenPut, _tokenPut, _characterPut, _byteChanged),
)


def mutatedBytes(data: bytes, other: bytes, random: Random, longest: int) -> bytes:
    """
    Change some bytes, once or several times over.

    :param other: lends pieces.
    :param longest: what is longer is cut.
    """
    for _ in range(random.choice(_STACKED)):
        data = random.choice(_MUTATIONS)(data, other, random)[:longest]
    return data
