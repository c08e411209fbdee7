"""
A command is judged, and goes to the store.

In: commands, and whose they are. Out: a refusal, or a change in the store: an entry in the log, a
member that comes, moves or leaves. Begin with ``chatroom``.
"""
