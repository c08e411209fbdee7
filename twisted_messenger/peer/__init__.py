"""
A person's side: what is said and heard, without any terminal.

In: what a person enters (``commands``), and texts that arrive (``inbox``). Out: messages to a
friend or a room, and what a console shows. Begin with ``session``.
"""
