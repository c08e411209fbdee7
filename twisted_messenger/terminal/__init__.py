"""
How a peer's messages are shown, and how lines are typed.

In: what a peer tells its console. Out: lines on a terminal or in a pipe, and what was typed.
Begin with ``choice``.
"""
