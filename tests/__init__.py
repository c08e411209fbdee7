"""
The tests of twisted_messenger.
"""
