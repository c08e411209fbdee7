"""
Tests of ``twisted_messenger.stores``.
"""
