"""
Tests of ``twisted_messenger.delivery``.
"""
