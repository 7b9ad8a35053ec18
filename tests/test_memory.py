"""What a whole training holds in memory, for corpora of two sizes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads RssAnon from /proc")
def test_a_larger_corpus_needs_no_more_memory(tmp_path: Path) -> None:
    sizes = ("--pairs=60000,180000", "--steps=20", "--threads=1", f"--work={tmp_path}")
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.memory", *sizes],
        cwd=Path(__file__).parents[1],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["difference"] < 20
