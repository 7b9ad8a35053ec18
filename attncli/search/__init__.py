"""Decoding: one loop for every model, with beam search or sampling."""

from attncli.search.search import Found, Search

__all__ = ["Found", "Search"]
