"""Print what an export has, or would have."""

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

from ...errors import counted
from ..console import hint, plain

if TYPE_CHECKING:
    from ...export.export import ExportReport
    from ...release.release import Release

_PARTS = {"dreambooth": "Parquet files", "webdataset": "tar files"}


def show_export(report: "ExportReport", release: "Release", as_json: bool, dry_run: bool) -> None:
    """Print the splits of an export, and its size; hints on stderr say what to do next."""
    if as_json:
        values = {**asdict(report), "dest": str(report.dest), "readme": str(report.readme)}
        print(json.dumps(values, indent=2))
    else:
        _show(report, dry_run)
    if report.unlicensed:
        hint(f"note:     no licence is known of {counted(report.unlicensed, 'track')}")
    if report.lacks_codes:
        hint(f"note:     {report.to} takes codes, and none are exported: {_why_no_codes(release)}")
    if dry_run:
        hint("dry run: nothing was written")
    else:
        hint(f"next:     {report.readme} says how to train from it")


def _why_no_codes(release: "Release") -> str:
    from ...release.last_runs import encode_command, stale_note

    if release.place.is_remote:
        return f"{release.name} has no `encoded`"
    return stale_note(release) or f"`{encode_command(release)}` makes them; then export again"


def _show(report: "ExportReport", dry_run: bool) -> None:
    what = _PARTS.get(report.to, "folders")
    print(f"{plain(str(report.dest))} ({report.to})")
    for split, chunks in report.splits.items():
        print(f"  {split}: {chunks} chunks, {what}: {report.parts[split]}")
    parts = sum(report.parts.values())
    if report.kept < parts:
        print(f"{'to write' if dry_run else 'written':<9} {parts - report.kept} of {parts} {what}")
    if report.kept:
        print(f"kept      {report.kept} of {parts} {what}")
    print(f"others    {counted(len(report.others), 'file')}")
    for path in report.others:
        print(f"  {plain(path)}")
    print(f"size      about {report.size / 1e6:.1f} MB")
