"""What a run was made with: versions, machine, commit."""

from __future__ import annotations

import os
import platform
import subprocess
from pathlib import Path

import torch

from attncli import __version__


def environment() -> dict[str, object]:
    """What this program runs on: versions, machine, and the commit of its checkout if it is one."""
    return {
        "attncli": __version__,
        "commit": _commit(),
        "python": platform.python_version(),
        "torch": torch.__version__,
        "machine": platform.machine(),
        "system": platform.platform(),
        "cpus": os.cpu_count(),
        "gpu": torch.cuda.get_device_name() if torch.cuda.is_available() else None,
    }


def _commit() -> str | None:
    checkout = Path(__file__).parents[2]
    if not (checkout / ".git").exists():
        return None
    asked = ["git", "describe", "--always", "--exclude=*", "--abbrev=40", "--dirty"]
    try:
        answer = subprocess.run(
            asked, cwd=checkout, capture_output=True, text=True, check=True, timeout=10
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return answer.stdout.strip() or None
