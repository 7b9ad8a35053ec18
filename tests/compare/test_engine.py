"""A Ray cluster that is not there is refused; one that is there gets each job as a task."""

from __future__ import annotations

import sys
import types

import pytest

from attncli.compare import engine
from attncli.compare.engine import ENGINES
from attncli.compare.evaluation import Measuring
from attncli.compare.job import Job
from attncli.errors import UsageError

JOB = Job("folder", "nowhere", False, [], [], Measuring(), "cpu", 3)


def test_without_the_library_it_is_refused_in_one_line(monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(UsageError, match="pip install 'attncli\\[ray\\]'"):
        ENGINES["ray"]()


class Cluster(types.ModuleType):
    """As much of Ray as is used here."""

    exceptions = types.SimpleNamespace(RayError=ArithmeticError)

    def __init__(self, is_there):
        super().__init__("ray")
        self.is_there, self.done, self.cancelled, self.asked = is_there, [], [], {}

    def is_initialized(self):
        return False

    def init(self, address, log_to_driver):
        if not self.is_there:
            raise ConnectionError("none")

    def remote(self, **asked):
        self.asked = asked
        return lambda function: types.SimpleNamespace(remote=lambda job: (function.__name__, job))

    def wait(self, references, timeout):
        return [one for one in references if one in self.done], []

    def get(self, reference):
        if reference in self.cancelled:
            raise ArithmeticError
        return 0

    def cancel(self, reference):
        self.cancelled.append(reference)


def test_without_a_cluster_it_is_refused_in_one_line(monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", Cluster(False))
    with pytest.raises(UsageError, match="no cluster found; start one with `ray start --head`"):
        ENGINES["ray"]()


def test_a_job_is_a_task_that_can_be_cancelled(monkeypatch):
    cluster = Cluster(True)
    monkeypatch.setitem(sys.modules, "ray", cluster)
    handle = ENGINES["ray"]().start(JOB)
    assert cluster.asked == {"num_cpus": 3, "num_gpus": 0, "max_retries": 0}
    assert handle.code() is None
    cluster.done.append(("carry", JOB))
    assert handle.code() == 0
    handle.stop()
    assert handle.code() == 1


def test_an_interruption_is_handed_on_to_the_process(monkeypatch):
    asked = []

    class Handle:
        def __init__(self, job):
            self.process = types.SimpleNamespace(wait=lambda: 130)

        def code(self):
            raise KeyboardInterrupt

        def stop(self):
            asked.append("stop")

    monkeypatch.setattr(engine, "LocalHandle", Handle)
    assert engine.carry(JOB) == 130
    assert asked == ["stop"]
