"""
The whole server against a hostile day: one integer decides everything that happens.

The real room, receipts, broadcaster, pushes and SQLite store run over the network in memory::

    seed --> story --> World --> Server (Process, Disk), Members, Senders
                         '---------- Record --> judges --> violations

The server is killed, restarted and stopped; its store goes back to a copy, as after a restore, or
while it runs, as when a standby takes over that lacks the last transactions; members die, hang,
reset, move and come back. Judges watch every event, and in the end, when everything is well again,
nothing that was promised may be missing. The same seed always gives the same story;
``python -m tests.simulation`` runs many.

In stories of even seeds messages and pushes go the short ways where they can (see ``shortways``),
in others the general ones.

Left out: a reactor whose clock is set (time only runs, though by hours), name look-ups, TLS, and
the order of messages whose sender did not wait for a receipt.
"""
