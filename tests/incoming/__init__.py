"""
Tests of ``twisted_messenger.incoming``.
"""
