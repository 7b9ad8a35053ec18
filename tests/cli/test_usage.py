"""What the parser cannot read is told in one line, as every other error is."""

from __future__ import annotations

import pytest

from attncli import cli


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["train", "--bogus"], "--bogus (Possible options: --runs) (see attncli train -h)"),
        (["trian"], "Did you mean 'train'? (see attncli -h)"),
        (["train", "--threads", "two"], "'--threads'"),
        (["translate", "--beam", "0"], "'--beam'"),
        (["score"], "Missing argument 'src' (see attncli score -h)"),
        (["export", "one", "two"], "(two) (see attncli export -h)"),
        (["train", "--data"], "'--data' requires an argument"),
    ],
)
def test_a_command_that_cannot_be_read_gives_one_line(arguments, said, monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["attncli", *arguments])
    with pytest.raises(SystemExit) as stop:
        cli.main()
    told = capsys.readouterr()
    assert stop.value.code == 2
    assert told.out == ""
    assert told.err.startswith("attncli: ")
    assert told.err.count("\n") == 1
    assert said in told.err


def test_no_words_at_all_ask_for_help(monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["attncli"])
    with pytest.raises(SystemExit) as stop:
        cli.main()
    assert stop.value.code == 0
    assert "Usage: attncli" in capsys.readouterr().out


def test_an_error_of_the_system_without_a_number_is_told_in_its_own_words(monkeypatch, capsys):
    def fails(*given, **options):
        raise OSError("the network is down")

    monkeypatch.setattr(cli, "app", fails)
    monkeypatch.setattr("sys.argv", ["attncli", "data"])
    with pytest.raises(SystemExit) as stop:
        cli.main()
    assert stop.value.code == 1
    assert capsys.readouterr().err == "attncli: system: the network is down\n"


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 4 bytes"),
        RuntimeError("CUDA out of memory. Tried to allocate 4.00 GiB"),
    ],
)
def test_too_little_memory_is_told_in_one_line(monkeypatch, capsys, error):
    def fails(*given, **options):
        raise error

    monkeypatch.setattr(cli, "app", fails)
    monkeypatch.setattr("sys.argv", ["attncli", "translate"])
    with pytest.raises(SystemExit) as stop:
        cli.main()
    assert stop.value.code == 1
    assert capsys.readouterr().err.startswith("attncli: out of memory (")
    monkeypatch.setattr("sys.argv", ["attncli", "--debug", "translate"])
    with pytest.raises(type(error)):
        cli.main()


def test_another_error_keeps_its_trace(monkeypatch):
    def fails(*given, **options):
        raise RuntimeError("a mistake")

    monkeypatch.setattr(cli, "app", fails)
    monkeypatch.setattr("sys.argv", ["attncli", "translate"])
    with pytest.raises(RuntimeError, match="a mistake"):
        cli.main()
