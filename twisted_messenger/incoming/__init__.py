"""
A connection becomes one message, and its close becomes the receipt.

In: connections. Out: a command for the room or a text for a receiver, and a receipt for the
sender. Begin with ``server``, then ``connection``.
"""
