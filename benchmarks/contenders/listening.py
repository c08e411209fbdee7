"""
For the start: what ``twistd`` runs that takes a port, and nothing else. Not part of the product.
"""

from twisted.application.internet import StreamServerEndpointService
from twisted.application.service import Application
from twisted.internet import reactor
from twisted.internet.endpoints import serverFromString
from twisted.internet.protocol import Factory, Protocol

#: The name that ``twistd -y`` looks for.
application = Application("listening")

endpoint = serverFromString(reactor, "tcp:0:interface=127.0.0.1")
StreamServerEndpointService(endpoint, Factory.forProtocol(Protocol)).setServiceParent(application)
