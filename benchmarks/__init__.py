"""
What a push costs: our server beside others that do the same work, in one run.

Every contender opens one connection per message and member, has one push in flight per member and
256 in all, keeps the order, half-closes, and takes the member's close as the confirmation::

    plain   Twisted's ClientCreator, as anybody would write it
    uvloop  an asyncio protocol on uvloop, and nothing else
    c       a C program on epoll, and nothing else
    ours    ``twistd chatserver``: registrations and messages over the wire, SQLite on disk

The members are a C program too (``native/sink.c``): it checks that nothing is lost, doubled or out
of order. CPU is the process's own clock, all threads, user and system, from the first message until
a quarter of a second after the last confirmation. Figures are medians over rounds, with the least
and the greatest; contenders take turns, so that a noisy minute meets all of them, and a ratio is
the median of the rounds' own. Ratios travel between machines, figures do not.
"""
