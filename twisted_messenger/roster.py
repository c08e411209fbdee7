"""
The roster: who is registered where, and what a registration does to an older one. Pure.

A store keeps the roster; it asks :func:`decide` inside the transaction that carries the
decision out, so that two registrations can never both be right.
"""

import ipaddress
import re
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache

from twisted_messenger.refusal import Reason, Refusal

# The module ipaddress takes any text for a zone, newlines too.
_ZONE = re.compile("[A-Za-z0-9._-]{1,32}")

# Characters: an IPv6 address with an IPv4 tail, brackets, and a zone.
_MAX_LITERAL = 80

#: All members of a room: each costs a connection per message.
MAX_MEMBERS = 10_000

#: Members behind one callback host: one message makes at most so many connections to it.
MAX_MEMBERS_PER_HOST = 32


# What the key of an owner known by a certificate begins with.
_CERTIFICATE = "certificate "


def certificateKey(holder: str) -> str:
    """
    The owner of names that were registered with a certificate.

    :param holder: of the certificate, in one word.
    """
    return _CERTIFICATE + holder


def elsewhere(owner: str) -> str:
    """
    How somebody else's registration was made, for people.
    """
    return "with another certificate" if owner.startswith(_CERTIFICATE) else "from another address"


def machineKey(host: str) -> str:
    """
    One word for one machine: ``127.0.0.1`` and ``::1`` are the same.

    Any other 127.x is another host: programs bind there on purpose to look like one.

    :param host: an address literal as :func:`literal` returns it.
    """
    return "127.0.0.1" if host == "::1" else host


def literal(host: str) -> str | None:
    """
    The one spelling of an address literal, IPv4-mapped IPv6 unmapped.

    :returns: ``None`` where the host is no literal and must be looked up.
    """
    return _literal(host) if len(host) <= _MAX_LITERAL else None


# The same few addresses come with every message.
@lru_cache(maxsize=4096)
def _literal(host: str) -> str | None:
    bracketed = host.startswith("[") and host.endswith("]")
    try:
        if not bracketed and ":" not in host:
            return str(ipaddress.IPv4Address(host))
        address = ipaddress.IPv6Address(host[1:-1] if bracketed else host)
    except ValueError:
        return None
    if not address.is_link_local:
        # Elsewhere a zone says nothing, and would give one address many spellings.
        address = ipaddress.IPv6Address(int(address))
    elif address.scope_id and not _ZONE.fullmatch(address.scope_id):
        return None
    return str(address.ipv4_mapped or address)


@dataclass(frozen=True)
class Enrolment:
    """
    A registration that has passed the admission policy.

    :param name: clean.
    :param host: the judged address literal, the only thing ever connected to.
    :param port: 1 to 65535.
    :param owner: the machine key of the address it was sent from.
    """

    name: str
    host: str
    port: int
    owner: str

    @property
    def address(self) -> str:
        """
        The callback address as the roster compares it.
        """
        return f"{machineKey(self.host)} {self.port}"


@dataclass(frozen=True)
class Member(Enrolment):
    """
    A name and its callback address, as they stand in the roster.

    :param id: the store's key; never used again for anybody else.
    """

    id: int


@dataclass(frozen=True)
class RosterLimits:
    """
    Caps on the roster; 0 means no limit.

    :param members: in all.
    :param perHost: for one callback host; this machine's loopback is exempt.
    """

    members: int = MAX_MEMBERS
    perHost: int = MAX_MEMBERS_PER_HOST


class Change(Enum):
    """
    What a registration did.
    """

    JOINED = "joined"
    REFRESHED = "refreshed"
    MOVED = "moved"
    RENAMED = "renamed"
    MERGED = "merged"


@dataclass(frozen=True)
class RosterState:
    """
    What the decision depends on, read in its transaction.

    :param named: who bears the name now.
    :param there: who is registered at the callback address now.
    :param members: how many there are.
    :param atHost: how many have that callback host.
    """

    named: Member | None
    there: Member | None
    members: int
    atHost: int


def decide(asked: Enrolment, state: RosterState, limits: RosterLimits) -> Change | Refusal:
    """
    Judge a registration against the roster.

    :returns: the change that the store now makes, or why there is none.
    """
    named, there = state.named, state.there
    if named is not None and named.owner != asked.owner:
        return Refusal(Reason.NAME_TAKEN, f"{asked.name} is registered {elsewhere(named.owner)}")
    if there is not None and there.owner != asked.owner:
        return Refusal(
            Reason.NOT_OWNER,
            f"{asked.host}:{asked.port} was registered {elsewhere(there.owner)}",
        )
    if named is not None and there is not None:
        return Change.REFRESHED if named.id == there.id else Change.MERGED
    if there is not None:
        return Change.RENAMED
    if named is not None and machineKey(named.host) == machineKey(asked.host):
        return Change.MOVED
    return _underCaps(asked, state, limits) or (Change.MOVED if named else Change.JOINED)


def _underCaps(asked: Enrolment, state: RosterState, limits: RosterLimits) -> Refusal | None:
    if state.named is None and 0 < limits.members <= state.members:
        return Refusal(Reason.MEMBER_CAP, f"the room has its {limits.members} members")
    exempt = machineKey(asked.host) == "127.0.0.1"
    if not exempt and 0 < limits.perHost <= state.atHost:
        return Refusal(Reason.MEMBER_CAP, f"{asked.host} has its {limits.perHost} members")
    return None


def mayLeave(asked: Enrolment, named: Member | None) -> bool | Refusal:
    """
    Judge a departure.

    :param named: who bears the name now.
    :returns: whether there is a registration to remove; a refusal where it is somebody else's.
    """
    if named is None:
        return False
    # Before the address: a stranger must not learn where somebody is.
    if named.owner != asked.owner:
        return Refusal(Reason.NOT_OWNER, f"{asked.name} was registered {elsewhere(named.owner)}")
    return named.address == asked.address
