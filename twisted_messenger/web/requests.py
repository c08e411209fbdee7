"""
A request as the routes see it: read whole, and judged before they are asked. Pure.
"""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from twisted_messenger.web.origins import Headers
from twisted_messenger.web.problems import Problem
from twisted_messenger.web.rights import Caller

# Of the largest position.
_MAX_DIGITS = 19

# Fields of a query or a form; none of ours has so many.
_MAX_FIELDS = 100


class Asked:
    """
    What somebody asks for.

    :param caller: who.
    :param names: what the path says, by the names in its route.
    :param headers: of the request.
    :param query: what stands after the question mark.
    :param body: what was sent with it.
    """

    def __init__(
        self,
        caller: Caller,
        names: Mapping[str, str],
        headers: Headers,
        query: bytes,
        body: bytes,
    ) -> None:
        self.caller = caller
        self.headers = headers
        self.body = body
        self._fields = {**fieldsIn(query, "the query"), **names}

    def field(self, name: str) -> str | None:
        """
        What the path, or the query, says under a name.
        """
        return self._fields.get(name)

    def needed(self, name: str) -> str:
        """
        The same, where nothing can be done without it.
        """
        value = self.field(name)
        if value is None:
            raise Problem("malformed", f"give {name}, as in ?{name}=...")
        return value

    def number(self, name: str, least: int, most: int) -> int | None:
        """
        A number in the query; ``None`` where there is none.
        """
        text = self.field(name)
        return None if text is None else numberIn(text, name, least, most)

    @property
    def contentType(self) -> str:
        """
        What the body is, in small letters; "" where nobody says.
        """
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    def json(self) -> dict[str, Any]:
        """
        The body, as an object of JSON.
        """
        try:
            value = json.loads(textIn(self.body, "the body"))
        except (ValueError, RecursionError):
            raise Problem("malformed", "the body is no JSON") from None
        if not isinstance(value, dict):
            raise Problem("malformed", "give an object of JSON")
        return value

    def accepts(self, *types: str) -> str:
        """
        Which of these types the caller wants: the first that it names, else the first of ours.
        """
        wanted = [
            one.partition(";")[0].strip().lower()
            for one in self.headers.get("accept", "").split(",")
        ]
        return next((one for one in wanted if one in types), types[0])


def numberIn(text: str, what: str, least: int, most: int) -> int:
    """
    A text as a number.

    :param what: it is, for who is told that it is none.
    """
    isNumber = text.isascii() and text.isdigit() and len(text) <= _MAX_DIGITS
    if isNumber and least <= int(text) <= most:
        return int(text)
    raise Problem("malformed", f"{what} takes a number from {least} to {most}")


def textIn(data: bytes, what: str) -> str:
    """
    UTF-8 as text.

    :param what: it is, for who is told that it is none.
    """
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise Problem("bad_utf8", f"{what} is not UTF-8") from None


def fieldsIn(form: bytes, what: str) -> dict[str, str]:
    """
    The fields of a query or a form.
    """
    try:
        pairs = parse_qsl(
            textIn(form, what),
            keep_blank_values=True,
            errors="strict",
            max_num_fields=_MAX_FIELDS,
        )
    except UnicodeDecodeError:
        raise Problem("bad_utf8", f"{what} is not UTF-8") from None
    except ValueError:
        raise Problem("malformed", f"{what} has too many fields") from None
    return dict(pairs)
