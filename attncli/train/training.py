"""A whole training run: recipe in, trained run directory out."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from attncli.errors import RunError, UsageError
from attncli.experiment import Loaded, build_model, of_model
from attncli.models.base import Seq2Seq
from attncli.objective import Objective
from attncli.recipe import Recipe
from attncli.run import Run
from attncli.text.batch import Batches
from attncli.text.codec import Codec
from attncli.train.distributed import ALONE, Processes
from attncli.train.emergence import Emergence
from attncli.train.preparation import prepare
from attncli.train.task import Task
from attncli.train.trainer import Trainer
from attncli.train.validation import Validator

Say = Callable[[str], None]

# What a checkpoint has of its own, which settings given later would contradict.
KEPT = ("train.optimizer.", "train.schedule.name", "train.monitor", "train.average")
FREE = ("train.", "search.", "name", "paper")
PLACES = ("data.name", "data.train", "data.valid", "data.test")
"""Where text lies may change: what was prepared stays, and validation text is compared with it."""


def train(
    recipe: Recipe,
    run: Run,
    say: Say,
    *,
    device: torch.device,
    resume: bool = False,
    init_from: Run | None = None,
    processes: Processes = ALONE,
) -> str:
    """Trains `recipe` in `run` and says why it ended.

    Where several processes train together, all of them call this with the same arguments.

    Raises:
        UsageError: a run that is resumed has nothing left to do.
        RunError: it has not got the weights that it was to begin from.
        DataError: text that cannot be used.
    """
    run, say, device = processes.witness(run), processes.say(say), processes.place(device)
    with run.lock():
        changes = resumable(run.recipe(), recipe) if resume else []
        if resume and "init_from" in run.facts() and not run.has_state("last"):
            raise RunError(
                f"{run.path}: cut off before it had its first weights from another run; train "
                "anew with --init-from"
            )
        if not resume:
            run.write_recipe(recipe)
        if init_from is not None:
            run.note({"init_from": init_from.digest()})
        cores = torch.get_num_threads() * processes.here
        prepared = processes.in_turn(lambda: prepare(recipe, run, say, cores))
        torch.manual_seed(recipe.seed)
        model = build_model(recipe, prepared.codec.src.size, prepared.codec.tgt.size)
        if init_from is not None:
            for line in warm_start(model, prepared.codec, init_from):
                say(line)
        model.to(device)
        batches: Batches = recipe.build("batch")
        objective: Objective = recipe.build("objective").to(device)
        validator = Validator(prepared.codec, prepared.valid, prepared.pairs, batches)
        emergence = Emergence(Loaded(model, prepared.codec, recipe, run, "last"), prepared.pairs)
        task = Task(
            run,
            model,
            objective,
            prepared.train,
            batches,
            validator,
            recipe.build("search"),
            emergence,
            recipe.seed,
            processes,
        )
        trainer: Trainer = recipe.build("train", task)
        count = sum(parameter.numel() for parameter in model.parameters())
        say(f"{recipe.name}: {count:,} parameters, in {run.path}")
        if init_from is not None:
            trainer.save()
        if resume and run.has_state("last"):
            trainer.resume()
            say(f"resumed after {trainer.progress.where}")
            reached = trainer.limit()
            if reached and (run.finished() or trainer.passed()):
                raise UsageError(
                    f"{run.path}: nothing left to do: {reached.said} "
                    f"(raise {reached.setting} with --set)"
                )
        if changes and trainer.progress.step:
            known = run.facts().get("changed", {})
            assert isinstance(known, dict)
            run.note({"changed": {**known, str(trainer.progress.step): changes}})
        if resume:
            run.write_recipe(recipe)
        run.note({"parameters": count, "device": device.type})
        return trainer.train()


def resumable(old: Recipe, new: Recipe) -> list[str]:
    """The settings of training that a resumed run changes: how long and how fast it trains.

    Raises:
        UsageError: settings that would make another experiment of it, or that its checkpoint has.
    """
    changed = new.changed(old)
    refused = [
        path
        for path in changed
        if not path.startswith((*FREE, *PLACES))
        or (path.startswith(KEPT) and path != "train.optimizer.lr")
    ]
    if refused:
        raise UsageError(
            f"--resume cannot change {', '.join(refused)}; train anew, perhaps with --init-from"
        )
    return [path for path in changed if path.startswith("train.")]


def warm_start(model: Seq2Seq, codec: Codec, run: Run) -> list[str]:
    """Copies the tensors of another run that fit by name and shape, and says which did not.

    Raises:
        RunError: not one of them fits.
    """
    theirs = of_model(run.load_state(run.served())[0])
    own = model.state_dict()
    fits: dict[str, Tensor] = {
        name: part for name, part in theirs.items() if name in own and own[name].shape == part.shape
    }
    if not fits:
        raise RunError(f"{run.path}: no tensor of its model fits this one by name and shape")
    model.load_state_dict(own | fits)
    said = [f"from {run.path}: {len(fits)} of {len(own)} tensors"]
    if Codec.load(run.codec).digest() != codec.digest():
        said.append("  its vocabulary is another one: its embeddings belong to other pieces")
    said += [f"  left as initialized: {name}" for name in own if name not in fits]
    said += [f"  left out: {name}" for name in theirs if name not in fits]
    return said
