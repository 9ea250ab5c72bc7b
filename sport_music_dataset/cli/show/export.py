"""Print what an export has, or would have."""

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

from ..console import hint, plain

if TYPE_CHECKING:
    from ...export.export import ExportReport

_PARTS = {"dreambooth": "Parquet files", "webdataset": "tar files"}


def show_export(report: "ExportReport", as_json: bool, dry_run: bool) -> None:
    """Print the splits of an export, and its size; hints on stderr say what to do next."""
    if as_json:
        values = {**asdict(report), "dest": str(report.dest), "readme": str(report.readme)}
        print(json.dumps(values, indent=2))
    else:
        _show(report)
    if report.unlicensed:
        hint(f"note:     {report.unlicensed} tracks have no licence that is known")
    if dry_run:
        hint("dry run: nothing was written")
    else:
        hint(f"next:     {report.readme} says how to train from it")


def _show(report: "ExportReport") -> None:
    what = _PARTS.get(report.to, "folders")
    print(f"{plain(str(report.dest))} ({report.to})")
    for split, chunks in report.splits.items():
        print(f"  {split}: {chunks} chunks, {what}: {report.parts[split]}")
    print(f"kept      {report.kept} of {sum(report.parts.values())} {what}")
    print(f"others    {len(report.others)} files")
    for path in report.others:
        print(f"  {plain(path)}")
    print(f"size      about {report.size / 1e6:.1f} MB")
