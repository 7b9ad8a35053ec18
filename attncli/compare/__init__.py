"""Many models side by side: trained, measured, tested for noise, and held against the paper."""

from attncli.compare.result import Comparison

__all__ = ["Comparison"]
