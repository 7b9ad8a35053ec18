"""attncli: the laboratory for attention in neural machine translation."""

__version__ = "0.1.0"
