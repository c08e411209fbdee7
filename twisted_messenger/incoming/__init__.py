"""
A connection becomes one message, and its close becomes the receipt.

In: sockets. Out: a command for the room, or a text for a receiver. Begin with ``receipt``.
"""
