"""
Tests of ``twisted_messenger.service``.
"""
