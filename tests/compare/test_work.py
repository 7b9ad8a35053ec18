"""How jobs are carried out: so many at once, stopped where asked, failures kept apart."""

from __future__ import annotations

import pytest

from attncli.compare import work
from attncli.compare.evaluation import Measuring
from attncli.compare.job import INTERRUPTED_EXIT, Job
from attncli.compare.work import DONE, FAILED, STOPPED, Task, carry_out


class Slow:
    """A job that works for some looks at it, and then ends with a code."""

    def __init__(self, looks, code):
        self.looks, self.ends = looks, code

    def code(self):
        self.looks -= 1
        return self.ends if self.looks <= 0 else None

    def stop(self):
        self.looks, self.ends = 1, INTERRUPTED_EXIT


class Engine:
    """Counts how many jobs work at once."""

    def __init__(self, codes):
        self.codes, self.handles, self.most = list(codes), [], 0

    def start(self, job):
        self.handles.append(Slow(3, self.codes[len(self.handles)]))
        self.most = max(self.most, sum(handle.looks > 0 for handle in self.handles))
        return self.handles[-1]


@pytest.fixture(autouse=True)
def without_pauses(monkeypatch):
    monkeypatch.setattr(work, "PAUSE", 0.0)


def tasks(folder, count):
    jobs = [
        Job(str(folder), str(folder), True, [], [], Measuring(), "cpu", 1) for _ in range(count)
    ]
    return [Task([str(number)], job) for number, job in enumerate(jobs)]


def test_no_more_than_allowed_work_at_once(tmp_path):
    engine, all_of_them = Engine([0] * 5), tasks(tmp_path, 5)
    assert carry_out(all_of_them, engine, 2, lambda seen: None, lambda: False)
    assert [task.state for task in all_of_them] == [DONE] * 5
    assert engine.most == 2


def test_a_failure_says_its_last_line_and_does_not_stop_the_others(tmp_path):
    (tmp_path / "compare.log").write_text("begun\nno pair can train\n\n", encoding="utf-8")
    all_of_them = tasks(tmp_path, 2)
    assert carry_out(all_of_them, Engine([1, 0]), 1, lambda seen: None, lambda: False)
    assert [task.state for task in all_of_them] == [FAILED, DONE]
    assert all_of_them[0].said.startswith("no pair can train (")


def test_where_it_is_asked_to_stop_what_works_ends_and_what_waits_never_begins(tmp_path):
    all_of_them, engine = tasks(tmp_path, 3), Engine([0] * 3)
    asked = iter([False, True, True, True])
    assert not carry_out(all_of_them, engine, 1, lambda seen: None, lambda: next(asked))
    assert [task.state for task in all_of_them] == [STOPPED] * 3
    assert len(engine.handles) == 1


def test_a_job_that_was_killed_says_by_what(tmp_path):
    (tmp_path / "compare.log").write_text("epoch 1/4 82/1452\n", encoding="utf-8")
    (only,) = tasks(tmp_path, 1)
    carry_out([only], Engine([-9]), 1, lambda seen: None, lambda: False)
    assert only.said.startswith("killed by signal 9, after: epoch 1/4 82/1452 (")
