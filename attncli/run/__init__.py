"""Runs: the directory of one experiment, movable and resumable."""

from attncli.run.environment import environment, processor
from attncli.run.files import flatten, unflatten
from attncli.run.onlooker import Onlooker
from attncli.run.run import Run

__all__ = ["Onlooker", "Run", "environment", "flatten", "processor", "unflatten"]
