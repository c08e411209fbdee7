"""
Every case of the wire against any chat server, through plain sockets.

Nothing here knows the package::

    Suite --> Case (of a Section) --> Room --> Server     messages, and what is answered
                                        '----- Receiver   pushes, taken as the tutorial does

Each case has a token of its own in all its names, so that it sees only its own messages: the room
may be in use. What must *not* arrive is shown without waiting: a later message has arrived, and
everything before it would have.
"""
