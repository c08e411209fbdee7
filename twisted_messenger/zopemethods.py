"""
The methods of a typing ``Protocol``, as an interface of zope's has them: both say the same, and it
is written once.
"""

from inspect import isfunction

from zope.interface.interface import Method, fromFunction


def methodsOf(protocol: type) -> dict[str, Method]:
    """
    What the body of an interface needs to ask for what a ``Protocol`` asks for.

    :returns: each public method by its name, without ``self``.
    """
    return {
        name: fromFunction(method, imlevel=1, name=name)
        for name, method in vars(protocol).items()
        if isfunction(method) and not name.startswith("_")
    }
