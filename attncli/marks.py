"""The ids that every vocabulary begins with, and those that lie beyond its end."""

from __future__ import annotations

PAD, UNK, BOS, EOS = range(4)
FIRST = EOS + 1
"""Padding, an unknown word, what begins and ends a sentence; and the first id of a word.

An id from the vocabulary's size on is an unknown word by its number: size + k is the k-th word of
a source sentence that the vocabulary lacks (See et al. 2017, arXiv 1704.04368, section 2.2).
"""
