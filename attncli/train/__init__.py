"""Training: from a recipe to a trained run."""

from attncli.train.distributed import joined
from attncli.train.trainer import INTERRUPTED
from attncli.train.training import train

__all__ = ["INTERRUPTED", "joined", "train"]
