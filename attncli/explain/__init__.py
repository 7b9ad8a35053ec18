"""Why a model wrote what it wrote, and what it had written, had it looked elsewhere."""

from attncli.explain.explanation import Explanation, Looked, Step, Word, explain
from attncli.explain.force import Force, explain_forced, read_force

__all__ = [
    "Explanation",
    "Force",
    "Looked",
    "Step",
    "Word",
    "explain",
    "explain_forced",
    "read_force",
]
