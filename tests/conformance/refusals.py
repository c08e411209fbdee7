"""
What is no message, and callback addresses that nobody gets pushes at.
"""

from functools import partial

from tests.conformance.case import Section
from tests.conformance.room import Room


def _refused(message: str, code: str, room: Room) -> str:
    """
    :param message: ``{port}`` is one where somebody listens, ``{address}`` has its host too.
    """
    address = room.openAddress()
    host, _, port = address.partition("|")
    filled = message.format(
        address=address,
        host=host,
        port=port,
        hexadecimal=hex(int(port)),
        fullWidth="".join(chr(ord(digit) - ord("0") + ord("０")) for digit in port),
    )
    return room.refuses(filled, code)


def _add(section: Section, code: str, *rows: tuple[str, str]) -> None:
    for case, message in rows:
        section.add(case, f"refused: {code}", partial(_refused, message, code))


MALFORMED = Section("Malformed")

_add(
    MALFORMED,
    "malformed",
    ("no prefix", "hello @"),
    ("nothing but blanks", " \r\n"),
    ("prefix in the middle", "please from:ann@|hello"),
    ("registration in the middle", "please connect_request|eve@|{address}"),
    ("prefix in other letters", "FROM:ann@|hello"),
    ("from: without |", "from:ann@"),
    ("registration of three fields", "connect_request|eve@|{host}"),
    ("registration of five fields", "connect_request|eve@|{address}|more"),
    ("registration of six fields", "connect_request|eve@|{address}|more|more"),
)


@MALFORMED.case("pushes after all that")
def nothingRelayed(room: Room) -> str:
    """
    of what was refused, nothing
    """
    bob = room.member("bob@")
    for message in ("hello ann@", "please from:ann@|hello", "from:ann@"):
        room.send(message)
    room.says("well")
    return room.hears(bob, "ann: well")


FOREIGN = Section("Foreign callback addresses")


@FOREIGN.case("the server's own address")
def ownListener(room: Room) -> str:
    """
    refused: own_port
    """
    server = room.server
    # From elsewhere, the server's address is foreign to begin with.
    code = "own_port" if server.host == server.ownHost else "own_port|foreign_callback"
    return room.refuses(f"connect_request|eve@|{server.host}|{server.port}", code)


@FOREIGN.case("other spellings of it")
def ownListenerSpelled(room: Room) -> str:
    """
    refused: own_port, or unresolvable
    """
    room.needsHome()
    port = room.server.port
    for host in ("", "0.0.0.0", "127.1", "::ffff:127.0.0.1"):
        room.refuses(f"connect_request|eve@|{host}|{port}", "own_port|unresolvable")
    return room.refuses(f"connect_request|eve@|localhost|{port}", "own_port")


_add(FOREIGN, "foreign_callback", ("another machine", "connect_request|eve@|198.51.100.1|{port}"))
_add(FOREIGN, "unresolvable", ("no such host", "connect_request|eve@|no such host|{port}"))


@FOREIGN.case("name that nobody can have")
def invalidName(room: Room) -> str:
    """
    ! unresolvable, or ~ where that is not known now
    """
    answer = room.send(f"connect_request|eve@|conformance.invalid|{room.receiver().port}")
    return answer.mustBe("[!~] unresolvable: [^\n]+")


PORTS = Section("Ports")

_add(
    PORTS,
    "malformed",
    ("port with a sign", "connect_request|eve@|{host}|+{port}"),
    ("port with a leading zero", "connect_request|eve@|{host}|0{port}"),
    ("port with a blank", "connect_request|eve@|{host}| {port}"),
    ("port in full-width digits", "connect_request|eve@|{host}|{fullWidth}"),
    ("no port", "connect_request|eve@|{host}|"),
    ("port in hexadecimal", "connect_request|eve@|{host}|{hexadecimal}"),
    ("port 0", "connect_request|eve@|{host}|0"),
    ("port 70000", "connect_request|eve@|{host}|70000"),
)
_add(PORTS, "low_port", ("port below 1024", "connect_request|eve@|{host}|1023"))
