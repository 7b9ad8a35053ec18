"""The command line: each verb parses, calls one function, and prints. No torch at import."""

from __future__ import annotations

import io
import os
import sys
from typing import Annotated, cast

import typer

from attncli import __version__
from attncli.cli.attentions import attentions
from attncli.cli.compare import compare
from attncli.cli.data import data
from attncli.cli.evaluate import evaluate
from attncli.cli.explain import explain
from attncli.cli.export import export
from attncli.cli.score import score
from attncli.cli.train import train
from attncli.cli.translate import translate
from attncli.cli.visualize import visualize
from attncli.errors import AttnError

app = typer.Typer(
    name="attncli",
    help="The laboratory for attention in neural machine translation.",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for verb in (
    train,
    translate,
    evaluate,
    score,
    compare,
    visualize,
    explain,
    export,
    attentions,
    data,
):
    app.command()(verb)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"attncli {__version__}")
        raise typer.Exit


@app.callback()
def options(
    debug: Annotated[bool, typer.Option("--debug", help="Show where an error came from.")] = False,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """What stands before the verb; `main` looks for --debug itself."""


# What the parser raises, which typer does not export but by this subclass.
UnparsedError = cast(type[typer.BadParameter], typer.BadParameter.__bases__[0])


def main() -> None:
    """Runs the command line; an error is one line on stderr, and its class the exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8")
    debug = "--debug" in sys.argv[1:]
    arguments = [word for word in sys.argv[1:] if word != "--debug"]
    try:
        sys.exit(app(arguments or ["--help"], prog_name="attncli", standalone_mode=False))
    except UnparsedError as error:
        if debug:
            raise
        print(f"attncli: {_unparsed(error)}", file=sys.stderr)
        sys.exit(2)
    except AttnError as error:
        if debug:
            raise
        for line in str(error).splitlines():
            print(f"attncli: {line}", file=sys.stderr)
        sys.exit(error.exit_code)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except OSError as error:
        if debug:
            raise
        print(f"attncli: {error.filename or 'system'}: {error.strerror or error}", file=sys.stderr)
        sys.exit(1)
    except (MemoryError, RuntimeError) as error:
        if debug or not _out_of_memory(error):
            raise
        print(
            "attncli: out of memory (a smaller --batch, --beam, batch.tokens or model takes less)",
            file=sys.stderr,
        )
        sys.exit(1)


def _out_of_memory(error: Exception) -> bool:
    """Whether it says so: torch has a class of its own for GPUs alone."""
    said = str(error)
    return isinstance(error, MemoryError) or "allocate memory" in said or "out of memory" in said


def _unparsed(error: typer.BadParameter) -> str:
    """What the parser says, on one line, and where its options are listed."""
    said = " ".join(error.format_message().split()).rstrip(".")
    verb = error.ctx.command_path if error.ctx else "attncli"
    return f"{said} (see {verb} -h)"
