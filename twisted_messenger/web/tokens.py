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
        with open(path, encoding="utf-8") as file:
            token = file.read(_MAX_BYTES).strip()
    except OSError as error:
        raise ValueError(f"{error.strerror}; give a file") from None
    except UnicodeDecodeError:
        raise ValueError("it is not UTF-8; give a file with a token") from None
    if len(token) < MIN_TOKEN or not token.isascii() or not token.isprintable() or " " in token:
        raise ValueError(f"give a file with {MIN_TOKEN} printable ASCII characters or more")
    return token


def isToken(authorization: str, token: str) -> bool:
    """
    Whether an Authorization header shows a token. How long it takes says nothing of the token.

    :param authorization: its value; "" where there is none.
    :param token: the right one; "" where there is none.
    """
    scheme, _, shown = authorization.partition(" ")
    isRight = hmac.compare_digest(shown.strip().encode(), token.encode())
    return isRight and scheme.lower() == "bearer" and bool(token)
