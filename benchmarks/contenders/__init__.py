"""
The others: each small, and only here to be compared with. Not part of the product.
"""
