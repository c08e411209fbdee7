"""
``HOST:PORT``, as a person writes it. Pure.
"""

import re

# What stands in no host, so that it need not be looked up to know.
_NO_HOST = re.compile(r"[\s/@|]")


class BadAddress(ValueError):
    """
    The text is no address; the message says what is needed.
    """


def addressText(host: str, port: int) -> str:
    """
    ``HOST:PORT``, as a person writes it.
    """
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def readAddress(text: str) -> tuple[str, int]:
    """
    Read ``HOST:PORT``.

    :raises BadAddress: it is none.
    """
    scheme, isURL, _ = text.strip().partition("://")
    if isURL:
        raise BadAddress(f"give HOST:PORT, without {scheme}://")
    host, _, port = text.strip().rpartition(":")
    host = host.strip().removeprefix("[").removesuffix("]")
    if (
        host
        and not _NO_HOST.search(host)
        and re.fullmatch("[0-9]{1,5}", port, re.ASCII)
        and 1 <= int(port) <= 65535
    ):
        return host, int(port)
    raise BadAddress("give HOST:PORT, as in localhost:8880")
