"""
Any program's side of a room: what it says and hears, without a person.

In: texts to say, and connections with pushes. Out: what became of each text, and what was heard.
Begin with ``roomclient``.
"""
