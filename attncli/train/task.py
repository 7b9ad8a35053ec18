"""All that a training is about, in one place."""

from __future__ import annotations

from typing import NamedTuple

from attncli.models.base import Seq2Seq
from attncli.objective import Objective
from attncli.run import Run
from attncli.search import Search
from attncli.text.batch import Batches
from attncli.text.store import Store
from attncli.train.distributed import Processes
from attncli.train.emergence import Emergence
from attncli.train.validation import Validator


class Task(NamedTuple):
    """What is trained, on what, and where it is kept."""

    run: Run
    model: Seq2Seq
    objective: Objective
    store: Store
    batches: Batches
    validator: Validator
    search: Search  # of the run, as it will translate
    emergence: Emergence
    seed: int
    processes: Processes
