"""
A command is judged, and goes to the store.

In: commands and where they come from. Out: a refusal, or an entry in the log. Begin with
``chatroom``.
"""
