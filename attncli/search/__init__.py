"""Decoding: the same for every model, greedy, by beam search or by sampling."""

from attncli.search.search import Found, Search

__all__ = ["Found", "Search"]
