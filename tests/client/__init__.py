"""
Tests of ``twisted_messenger.client``.
"""
