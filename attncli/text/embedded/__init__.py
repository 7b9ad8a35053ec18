"""Pairs that attncli makes itself: of a small grammar, of documents of it, of names, of digits."""
