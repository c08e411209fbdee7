"""
What an operator sees at a terminal.
"""
