"""Data sets of the Hugging Face hub, and parquet files, read by the `datasets` library."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from attncli.errors import DataError


def loaded(path: str, file: str | None, configuration: str | None = None) -> Any:
    """A data set through `datasets`, which keeps it memory-mapped.

    Raises:
        DataError: it cannot be had; one that needs a script cannot be had any more.
    """
    import datasets

    datasets.disable_progress_bars()
    try:
        return datasets.load_dataset(path, configuration, data_files=file)
    except (OSError, ValueError, RuntimeError, datasets.exceptions.DatasetsError) as error:
        script = "Dataset scripts" in str(error)
        reason = "it needs a loading script, which `datasets` no longer runs" if script else error
        instead = (
            "no data set that `datasets` can read lies there; two files of lines, .tsv and .jsonl "
            "need no such form"
            if Path(path).exists()
            else "download it and name the folder, or point $ATTNCLI_DATA at one that holds it"
        )
        raise DataError(
            f"{path}: cannot be loaded ({str(reason).splitlines()[0]}); {instead}"
        ) from None
