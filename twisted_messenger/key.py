"""
The key that takes a name back from anywhere, and what is kept of it. Pure.
"""

import hmac
import re
from dataclasses import dataclass, field
from hashlib import scrypt

#: Characters of a key: too many to be guessed at the rate of one source, and no more than a line.
MIN_KEY = 8
MAX_KEY = 128

#: What a key is, for people.
WHAT_A_KEY_IS = f"{MIN_KEY} to {MAX_KEY} printable characters, none of them a comma or a |"

# They end it on the wire.
_ENDS = re.compile("[,|]")

# A registration is a cheap request that anybody may make, so it costs 1 ms of CPU and 256 KiB. Who
# steals the store pays that for each guess: a random key is safe, a word is not.
_COST = {"n": 256, "r": 8, "p": 1, "dklen": 32}


@dataclass(frozen=True)
class KeptKey:
    """
    What the store keeps of a key.

    :param salt: random bytes.
    :param hash: of salt and key.
    """

    salt: bytes = field(repr=False)
    hash: bytes = field(repr=False)


@dataclass(frozen=True)
class ShownKey:
    """
    A key as it was shown.

    :param secret: :data:`MIN_KEY` to :data:`MAX_KEY` printable characters.
    :param salt: random bytes, for the hash that is kept if it is a new key.
    """

    secret: str = field(repr=False)
    salt: bytes = field(repr=False)

    def kept(self) -> KeptKey:
        """
        What is kept of a new key.
        """
        return KeptKey(self.salt, _hash(self.secret, self.salt))

    def opens(self, key: KeptKey) -> bool:
        """
        Whether it is the key that was kept.
        """
        return hmac.compare_digest(_hash(self.secret, key.salt), key.hash)


def isKey(text: str) -> bool:
    """
    Whether a text can be a key, and is the same when it is shown on the wire.
    """
    isWhole = text == text.strip() and not _ENDS.search(text)
    return isWhole and MIN_KEY <= len(text) <= MAX_KEY and text.isprintable()


def _hash(secret: str, salt: bytes) -> bytes:
    return scrypt(secret.encode(), salt=salt, **_COST)
