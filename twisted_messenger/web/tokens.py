"""
The token that opens the door from everywhere.
"""

import hmac

#: Characters of the shortest that is taken.
MIN_TOKEN = 16

# More than any token has.
_MAX_BYTES = 4096


def readToken(path: str) -> str:
    """
    Read a token from a file: what stands there, without blanks and line ends around it.

    :raises ValueError: there is none; the text says why.
    """
    try:
        with open(path, encoding="ascii") as file:
            token = file.read(_MAX_BYTES).strip()
    except OSError as error:
        raise ValueError(f"{error.strerror}; give a file") from None
    except UnicodeDecodeError:
        token = ""
    if len(token) < MIN_TOKEN or not token.isprintable() or " " in token:
        raise ValueError(f"give a file with {MIN_TOKEN} ASCII characters or more, without blanks")
    return token


def shownIn(authorization: str) -> str | None:
    """
    The token that an Authorization header shows; ``None`` where it shows none.
    """
    scheme, _, shown = authorization.partition(" ")
    return shown.strip() if scheme.lower() == "bearer" else None


def isToken(shown: str, token: str) -> bool:
    """
    Whether a token is the right one. How long it takes says nothing of that.
    """
    return hmac.compare_digest(shown.encode(), token.encode())
