"""
Registering again, leaving, and doing so for others.
"""

from tests.conformance.case import Section
from tests.conformance.room import Room

AGAIN = Section("Registering again, and leaving")


@AGAIN.case("same registration twice")
def twice(room: Room) -> str:
    """
    each message once
    """
    bob = room.member("bob@")
    room.registers("bob@", bob)
    room.says("hello")
    return room.hears(bob, "ann: hello")


@AGAIN.case("another port")
def moved(room: Room) -> str:
    """
    the member moves: the old one is told so, once, and nothing else
    """
    old = room.member("bob@")
    new = room.member("bob@")
    room.says("hello")
    room.hears(new, "ann: hello")
    # Somebody else at the old address: what came there before would be seen.
    room.registers("eve@", old)
    return room.hears(old, "server: bob is registered elsewhere now")


@AGAIN.case("another name")
def renamed(room: Room) -> str:
    """
    the member is renamed: one push each, none of its own
    """
    bob = room.member("rob@")
    room.registers("bob@", bob)
    room.says("hello")
    room.says("from me", "bob@")
    room.says("from another", "rob@")
    return room.hears(bob, "ann: hello", "rob: from another")


@AGAIN.case("another member's address")
def merged(room: Room) -> str:
    """
    the two become one: one push each; the old address is told so, and nothing else
    """
    bob, old = room.member("bob@"), room.member("rob@")
    room.registers("rob@", bob)
    room.says("hello")
    room.hears(bob, "ann: hello")
    room.registers("eve@", old)
    return room.hears(old, "server: rob is registered elsewhere now")


@AGAIN.case("leave_request")
def left(room: Room) -> str:
    """
    no push from then on
    """
    bob = room.member("bob@")
    room.accepts(f"leave_request|bob@|{room.address(bob)}")
    room.says("unheard")
    room.registers("bob@", bob)
    room.says("hello")
    return room.hears(bob, "ann: hello")


@AGAIN.case("leave_request of nobody")
def nobodyLeaves(room: Room) -> str:
    """
    accepted
    """
    return room.accepts(f"leave_request|nobody@|{room.openAddress()}")


OWNERS = Section("From another address")


@OWNERS.case("registering another's name")
def nameTaken(room: Room) -> str:
    """
    refused: name_taken
    """
    source = room.elsewhere()
    room.accepts(f"connect_request|ann@|{room.openAddress()}")
    thief = room.openAddress(source, source)
    return room.refuses(f"connect_request|ann@|{thief}", "name_taken", source)


@OWNERS.case("speaking under another's name")
def notOwner(room: Room) -> str:
    """
    refused: not_owner
    """
    source = room.elsewhere()
    room.accepts(f"connect_request|ann@|{room.openAddress()}")
    return room.refuses("from:ann@|hello", "not_owner", source)


@OWNERS.case("another's address")
def anothersAddress(room: Room) -> str:
    """
    refused: foreign_callback
    """
    source = room.elsewhere()
    return room.refuses(f"connect_request|eve@|{room.openAddress()}", "foreign_callback", source)


@OWNERS.case("localhost from elsewhere")
def localhostElsewhere(room: Room) -> str:
    """
    refused: foreign_callback
    """
    source = room.elsewhere()
    address = room.openAddress("localhost")
    return room.refuses(f"connect_request|eve@|{address}", "foreign_callback", source)


@OWNERS.case("leave_request for another")
def leaveForAnother(room: Room) -> str:
    """
    the member stays
    """
    source = room.elsewhere()
    bob = room.member("bob@")
    room.send(f"leave_request|bob@|{room.address(bob)}", source)
    room.says("hello")
    return room.hears(bob, "ann: hello")
