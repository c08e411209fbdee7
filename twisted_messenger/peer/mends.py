"""
What helps when a server refuses something, in a few words. Pure.
"""

_NAME = "another name helps: --name, or /nick"
_HOST = "give --host an address of yours that the server can reach, or 0.0.0.0"
_PORT = "choose another --port"

_REGISTRATION = {
    "foreign_callback": _HOST,
    "unresolvable": _HOST,
    "name_taken": _NAME,
    "bad_name": _NAME,
    "not_owner": _PORT,
    "low_port": _PORT,
    "own_port": _PORT,
    "member_cap": "come back when somebody has left",
}

_LINE = {
    "not_owner": "/join brings the name here where that is allowed, /nick NAME takes another one",
    "name_taken": "/join brings the name here where that is allowed, /nick NAME takes another one",
    "bad_name": "/nick NAME takes another one",
    "too_big": "say it in parts",
}

# So a server says that it has a key which we did not show, or another one than ours.
_KEYS = ("with a key", "with another key")


def mendOfRegistration(said: str) -> str:
    """
    What a server said to a registration, and what helps.

    :param said: ``CODE: DETAIL``, or other words.
    """
    if any(words in said for words in _KEYS):
        return (
            f"{said}; the key is on the machine that registered it, in the file chatpeer-key of "
            f"its state folder: copy that file here, or choose another --name"
        )
    return _with(said, _REGISTRATION)


def mendOfLine(said: str) -> str:
    """
    What a server said to a line, and what helps.
    """
    return _with(said, _LINE)


def mendOfLoss(said: str) -> str:
    """
    What a server said to a registration that stood before, and what helps.
    """
    if not said.startswith("name_taken"):
        return mendOfRegistration(said)
    return f"{said}; /join brings the name here, /nick NAME takes another one"


def asksForKey(said: str) -> bool:
    """
    Whether a server refused a registration because it showed no key.
    """
    return _KEYS[0] in said


def _with(said: str, mends: dict[str, str]) -> str:
    mend = mends.get(said.partition(":")[0])
    return f"{said}; {mend}" if mend else said
