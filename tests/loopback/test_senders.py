"""
The doubles of clients and callback addresses on the kernel's sockets.
"""

from tests import senderscontract
from tests.loopback.waiting import LoopbackWaiting


class LoopbackSenderTests(LoopbackWaiting, senderscontract.SendersContract):
    """
    The contract on loopback TCP.
    """
