"""
The door: a room over HTTP, for people, scripts and operators.

In: HTTP requests. Out: what the room says, what it did, and its log as it goes on. Begin with
``resource``.
"""
