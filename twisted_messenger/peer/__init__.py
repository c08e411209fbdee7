"""
A person's side: what is said and heard, without any terminal.

In: lines that a person types, texts that arrive. Out: messages to a friend or a room, and what a
console shows. Begin with ``session``.
"""
