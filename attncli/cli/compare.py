"""`attncli compare`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from attncli.cli.models import say
from attncli.cli.options import DataName, Device, Root, Scale, Seed, Sets, Src, Tgt, Threads, refuse
from attncli.errors import UsageError

if TYPE_CHECKING:
    from attncli.compare.request import Request
    from attncli.compare.selection import Candidate

INTERRUPTED_EXIT = 130
REPORT = "report.html"


def compare(
    what: Annotated[
        list[str],
        typer.Argument(
            metavar="DIR|RECIPE…|RUN…",
            help="Recipes, runs, or a folder of recipes; `recipes`: one for each attention.",
            show_default=False,
        ),
    ],
    seeds: Annotated[int, typer.Option("--seeds", min=1, help="Train every row so often.")] = 1,
    baseline: Annotated[
        str | None, typer.Option("--baseline", metavar="ROW", help="What the rows are held to.")
    ] = None,
    test: Annotated[
        list[str] | None, typer.Option("--test", help="Only this test set (several may be named).")
    ] = None,
    tokenize: Annotated[
        str, typer.Option("--tokenize", help="How BLEU splits words; `none` for tokenised text.")
    ] = "13a",
    lowercase: Annotated[
        bool, typer.Option("--lowercase", help="BLEU and chrF without regard to case.")
    ] = False,
    scale: Scale = "laptop",
    data: DataName = None,
    src: Src = None,
    tgt: Tgt = None,
    seed: Seed = None,
    jobs: Annotated[
        int, typer.Option("--jobs", min=0, help="Runs at a time; 0: as many as fit on the cores.")
    ] = 0,
    engine: Annotated[
        Literal["processes", "ray"],
        typer.Option("--engine", help="Where runs train: here, or on a Ray cluster that exists."),
    ] = "processes",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only forecast what training takes, by some steps.")
    ] = False,
    name: Annotated[
        str | None, typer.Option("--name", help="Of the comparison's folder in RUNS/comparisons.")
    ] = None,
    form: Annotated[
        Literal["text", "markdown", "csv", "json", "latex"],
        typer.Option("--format", help="How the table is printed."),
    ] = "text",
    out: Annotated[
        list[Path] | None,
        typer.Option("-o", "--out", help="Also write it: .html, .md, .csv, .json, .tex or .txt."),
    ] = None,
    figures: Annotated[
        Path | None,
        typer.Option("--figures", metavar="DIR", help="Write the curves as PNG, SVG and PDF."),
    ] = None,
    keep: Annotated[
        Path | None,
        typer.Option(
            "--keep",
            metavar="DIR",
            help="Keep every run there without its weights; what is kept is not trained again.",
        ),
    ] = None,
    study: Annotated[
        str | None,
        typer.Option("--study", metavar="SETTING", help="The setting that the rows are about."),
    ] = None,
    runs: Root = Path("runs"),
    device: Device = "cpu",
    threads: Threads = 0,
    sets: Sets = None,
) -> None:
    """Train what is missing, and put recipes and runs side by side in one table."""
    from shutil import get_terminal_size

    from attncli.compare import Comparison
    from attncli.compare.comparison import checked
    from attncli.compare.comparison import compare as put_side_by_side
    from attncli.compare.engine import ENGINES
    from attncli.compare.evaluation import Measuring
    from attncli.compare.formats import FORMATS, format_of, text
    from attncli.compare.plan import Texts
    from attncli.compare.report.figures import save
    from attncli.compare.report.page import gather, page
    from attncli.compare.request import Request, jobs_of
    from attncli.compare.selection import select
    from attncli.experiment import check
    from attncli.recipe import Recipe
    from attncli.recipe.scales import LAPTOP, with_scale

    given = {
        "--data": ("data.name", data),
        "--src": ("data.src", src),
        "--tgt": ("data.tgt", tgt),
        "--seed": ("seed", None if seed is None else str(seed)),
    }
    flags = {flag: (path, value) for flag, (path, value) in given.items() if value is not None}

    def read(path: str | Path) -> Recipe:
        recipe = Recipe.read(path, flags=flags, sets=sets or [], scale=scale)
        if scale != LAPTOP and not Recipe.has_scale(path, scale):
            say(f"{recipe.name}: it carries no sizes of the scale {scale}, its own are taken")
        check(recipe)
        return recipe

    with_scale([], scale)
    for path in out or []:
        format_of(path)
    candidates = select(what, read, runs, say)
    if taken := [one.name for one in candidates if one.run is not None]:
        others = {"--set": bool(sets), "--seeds": seeds > 1, "--scale": scale != LAPTOP}
        named = [*flags, *(flag for flag, changed in others.items() if changed)]
        if named and len(taken) == len(candidates):
            raise UsageError(f"{named[0]} changes recipes; runs are taken as they are")
        if named:
            say(f"taken as they are, without {', '.join(named)}: {', '.join(taken)}")
    jobs = min(jobs_of(jobs, threads, device), len(candidates) * seeds)
    called = name or "-".join(Path(word).stem for word in what)[:80]
    request = Request(
        called,
        runs,
        seeds=seeds,
        tests=test or [],
        how=Measuring(tokenize, lowercase),
        baseline=baseline,
        study=study,
        scale=scale,
        jobs=jobs,
        device=device,
        threads=threads,
        kept=keep,
    )
    if dry_run:
        written = {"-o": out, "--figures": figures, "--keep": keep}
        refuse("--dry-run trains nothing", written)
        checked(candidates, request, Texts())
        _forecast(candidates, request)
        return
    found = put_side_by_side(candidates, request, ENGINES[engine](), say)
    if found is None:
        raise typer.Exit(INTERRUPTED_EXIT)
    held_to = next(one.recipe for one in candidates if one.name == found.baseline)
    pairs = Texts().pairs(held_to, found.test)

    def html(found: Comparison) -> str:
        return page(gather(found, pairs))

    formats = {**FORMATS, "html": html}
    files = [*(out or []), request.folder / REPORT]
    drawn = {kind: formats[kind](found) + "\n" for kind in {format_of(path) for path in files}}
    for path in files:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(drawn[format_of(path)], encoding="utf-8")
    for path in [*(out or []), *(save(found, figures) if figures else [])]:
        say(f"wrote {path}")
    print(text(found, get_terminal_size().columns) if form == "text" else FORMATS[form](found))
    say(f"the comparison is in {request.folder}, as a page in {request.folder / REPORT}")
    if found.failed:
        raise typer.Exit(1)


def _forecast(candidates: list[Candidate], request: Request) -> None:
    """Prints a line for each recipe, and what all of them take together."""
    from attncli.compare.forecast import forecasts
    from attncli.compare.request import threads_of

    print(f"{'':24}{'parameters':>12}{'steps':>9}{'tokens/s':>10}{'MB':>7}{'minutes':>9}")
    threads = threads_of(request.threads, request.jobs)
    seconds = []
    for name, found in forecasts(candidates, request.device, threads):
        if found is None:
            print(f"{name:24}  nothing of its own to train")
            continue
        seconds += [found.seconds] * request.seeds
        print(
            f"{name:24}{found.parameters:>12,}{found.steps:>9,}{found.tokens_per_second:>10,.0f}"
            f"{found.memory / 1e6:>7,.0f}{found.seconds / 60:>9.1f}",
            flush=True,
        )
    at_once = max(1, min(request.jobs, len(seconds)))
    minutes = max(sum(seconds) / at_once, max(seconds, default=0.0)) / 60
    print(
        f"together {minutes:.0f} minutes of training steps: {request.seeds} seeds, "
        f"{at_once} at a time"
    )
    say("validation, decoding and preparing text come on top")
