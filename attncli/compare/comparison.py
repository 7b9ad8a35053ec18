"""A whole comparison: chosen, trained as far as it is not, measured, put side by side."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from attncli.compare.assembly import row, trained
from attncli.compare.conclusion import conclude
from attncli.compare.engine import Engine
from attncli.compare.evaluation import Measuring, kept, test_names
from attncli.compare.job import Job
from attncli.compare.keeping import is_kept
from attncli.compare.live import Watch
from attncli.compare.plan import Planned, Texts, plan
from attncli.compare.records import write_record
from attncli.compare.report.sample import is_seen
from attncli.compare.request import Request, threads_of
from attncli.compare.result import Comparison, Row
from attncli.compare.selection import Candidate, Say
from attncli.compare.work import FAILED, Task, carry_out
from attncli.errors import RunError, UsageError, suggestion
from attncli.run.files import write_atomically
from attncli.train.interruption import Interruption

FILE = "comparison.json"


def compare(
    candidates: Sequence[Candidate], request: Request, engine: Engine, say: Say
) -> Comparison | None:
    """Trains and measures what is missing, and compares; None where it was interrupted.

    Raises:
        UsageError: no row, setting, test set or tokenizer of that name; runs kept where they lie.
        RunError: not two rows could be trained.
    """
    texts = Texts()
    baseline, tests = checked(candidates, request, texts)
    planned = plan(candidates, request.seeds, request.root, request.kept, texts)
    tasks = to_do(planned, tests, request, texts)
    say(f"{len({one.run.path for one in planned})} runs, {len(tasks)} with something left to do")
    if tasks:
        with Interruption() as interruption, Watch() as watch:
            done = carry_out(
                tasks, engine, request.jobs, watch.show, lambda: bool(interruption.asked)
            )
        if not done:
            left = sum(task.state != "done" for task in tasks)
            say(f"interrupted; {left} runs are left, and the same command goes on with them")
            return None
    failed = {name: task.said for task in tasks if task.state == FAILED for name in task.names}
    rows = measured_rows(candidates, planned, tests, request.how, texts, failed)
    if len(rows) < 2:
        raise RunError("nothing to compare: " + "; ".join(f"{k}: {v}" for k, v in failed.items()))
    held_to = baseline if any(row.name == baseline for row in rows) else rows[0].name
    if held_to != baseline:
        say(f"{baseline} has no figures, so that the rows are held to {held_to}")
    recipe = next(one.recipe for one in candidates if one.name == held_to)
    pairs = {test: texts.pairs(recipe, test) for test in tests}
    found = conclude(rows, request, held_to, tests, failed, pairs)
    write_record(request.folder / FILE, found)
    return found


def checked(
    candidates: Sequence[Candidate], request: Request, texts: Texts
) -> tuple[str, list[str]]:
    """The row that the others are held to, and the test sets, once all is known to be there.

    Raises:
        UsageError: no row, setting, test set or tokenizer of that name; runs kept where they lie.
    """
    if request.kept is not None and request.kept.resolve() == request.root.resolve():
        raise UsageError(
            f"--keep {request.kept}: the runs themselves lie there; name another folder"
        )
    request.how.scorer()
    names = [candidate.name for candidate in candidates]
    baseline = request.baseline or names[0]
    if baseline not in names:
        hint = suggestion(baseline, names)
        raise UsageError(f"--baseline {baseline}: no such row{hint} (there is {', '.join(names)})")
    require_setting(request.study, candidates)
    return baseline, common_tests(candidates, request, texts)


def require_setting(study: str | None, candidates: Sequence[Candidate]) -> None:
    """Asks that what is studied is a setting of some row, or a component with settings.

    Raises:
        UsageError: it is not, with the closest one.
    """
    known = {name for one in candidates for name in one.recipe.flat()}
    if study and not any(name == study or name.startswith(f"{study}.") for name in known):
        raise UsageError(f"--study {study}: no such setting{suggestion(study, known)}")


def common_tests(candidates: Sequence[Candidate], request: Request, texts: Texts) -> list[str]:
    """The wanted test sets, all that every row's data has where none is named.

    Raises:
        UsageError: the rows have no test set in common.
    """
    each = [test_names(one.recipe, request.tests, texts) for one in candidates]
    common = [test for test in each[0] if all(test in others for others in each)]
    if not common:
        raise UsageError("the rows' data have no test set in common; choose data with --data")
    return common


def to_do(
    planned: Sequence[Planned], tests: list[str], request: Request, texts: Texts
) -> list[Task]:
    """A task for each run that is not trained or not measured, with the rows that wait for it."""
    threads = threads_of(request.threads, request.jobs)
    tasks: dict[Path, Task] = {}
    for one in planned:
        trains = not one.is_given and one.run.finished() is None
        is_measured = not trains and all(
            kept(one.run, one.recipe, test, request.how, texts) is not None
            and is_seen(one.run, test, texts.pairs(one.recipe, test))
            for test in tests
        )
        if is_measured and (request.kept is None or is_kept(one.run, request.kept)):
            continue
        # another comparison of this name may read its own while this one writes
        file = request.folder / "recipes" / f"{one.row}-{one.recipe.digest()}.yaml"
        file.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(file, one.recipe.dump)
        label = f"{one.row} seed {one.recipe.seed}"
        path = one.run.path
        if path not in tasks:
            job = Job(
                str(Path.cwd()),
                str(path),
                trains,
                [],
                tests,
                request.how,
                request.device,
                threads,
                None if request.kept is None else str(request.kept),
            )
            tasks[path] = Task([], job)
        tasks[path].names.append(label)
        tasks[path].job.recipes.append(str(file))
    return list(tasks.values())


def measured_rows(
    candidates: Sequence[Candidate],
    planned: Sequence[Planned],
    tests: Sequence[str],
    how: Measuring,
    texts: Texts,
    failed: dict[str, str],
) -> list[Row]:
    """The rows of which some seed could be measured.

    One of which none was, though no task of it failed, is put down in `failed`.
    """
    rows = []
    for candidate in candidates:
        runs = []
        for one in planned:
            if one.row != candidate.name:
                continue
            figures = {test: kept(one.run, one.recipe, test, how, texts) for test in tests}
            known = {test: found for test, found in figures.items() if found is not None}
            if len(known) == len(tests):
                runs.append(trained(one.run, one.recipe.seed, known))
        if runs:
            rows.append(row(candidate.name, candidate.recipe, runs))
        elif not any(label.startswith(f"{candidate.name} seed ") for label in failed):
            failed[candidate.name] = "its figures are gone; the same command measures it again"
    return rows
