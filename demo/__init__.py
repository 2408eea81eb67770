"""YarnIt: a small online shop with a search model, made up from a seed.

It imports nothing of the product and speaks only the public REST API, with tokens like anybody.
"""
