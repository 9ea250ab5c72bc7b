"""The results of commands on releases, as stdout shows them."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from .console import fail, hint, plain

if TYPE_CHECKING:
    from ..look.diff import Difference, TrackChange
    from ..publish.versions import Proposal
    from ..publish.withdraw import Withdrawal
    from ..verify.verify import Report

_MOST = 20


def show_report(report: "Report", as_json: bool) -> None:
    """What a verification found."""
    if as_json:
        print(json.dumps({"name": report.name, "ok": report.ok, **asdict(report)}, indent=2))
    else:
        print(report.name)
        for check in report.checks:
            print(f"  {check.name:<12}{check.state:<9}{plain(check.detail)}".rstrip())
            for text in check.failures:
                print(f"      {plain(text)}")
    if not report.ok:
        count = len(report.failures)
        fail(
            f"{report.name}: is not what it must be; {report.failures[0]}"
            + (f" (and {count - 1} more)" if count > 1 else "")
        )


def show_difference(difference: "Difference", as_json: bool) -> None:
    """What changed between two releases."""
    if as_json:
        print(json.dumps({"summary": difference.summary, **asdict(difference)}, indent=2))
        return
    print(f"from      {plain(difference.before)}")
    print(f"to        {plain(difference.after)}")
    print(f"changes   {difference.summary}")
    for sign, changes in (
        ("+", difference.tracks.added),
        ("-", difference.tracks.removed),
        ("~", difference.tracks.changed),
    ):
        _show_tracks(sign, changes)
    for heading, rows in difference.totals.items():
        for name, (before, after) in rows.items():
            told = "" if name == "all" else f" {plain(name)}"
            _show_total(f"{heading}{told}", before, after)
    for heading in ("recipe", "encoding"):
        for key, (before, after) in getattr(difference, heading).items():
            print(f"{heading:<10}{key}: {_short(before)} -> {_short(after)}")
    print(f"upload    {difference.upload_files} files, {difference.upload_bytes / 1e6:.1f} MB")


def show_proposal(proposal: "Proposal", version: str) -> None:
    """Why a release has its version, before it is sent."""
    if proposal.difference is None:
        after = f"{proposal.last} is none of sportgen's" if proposal.last else "the first release"
        print(f"version   {version}: {after}")
        return
    print(f"version   {version}: {proposal.bump} against {proposal.last}")
    show_difference(proposal.difference, as_json=False)


def _show_tracks(sign: str, changes: "Sequence[TrackChange]") -> None:
    for change in changes[:_MOST]:
        columns = ", ".join(
            f"{name}: {_short(before)} -> {_short(after)}"
            for name, (before, after) in change.columns.items()
        )
        print(f"  {sign} {plain(change.path)}{f' ({columns})' if columns else ''}")
    if len(changes) > _MOST:
        print(f"  {sign} and {len(changes) - _MOST} more; --json has them all")


def _show_total(name: str, before: float, after: float) -> None:
    places = 2 if name == "hours" else 0
    change = f"{after - before:+.{places}f}" if before != after else ""
    print(f"  {name:<32}{before:>10.{places}f}{after:>10.{places}f} {change:>10}".rstrip())


def _short(value: Any) -> str:
    return plain(json.dumps(value, ensure_ascii=False))


def show_withdrawal(withdrawal: "Withdrawal") -> None:
    """What was withdrawn, or would be, and where it still lies."""
    repo, release = withdrawal.repo_id, withdrawal.release
    print(f"{repo} v{withdrawal.version}")
    for row in withdrawal.tracks:
        print(f"withdrawn {row['track_id']} {plain(row['path'])}, {row['chunks']} chunks")
    print(f"held by   {', '.join(withdrawal.held_by)}")
    for tag in withdrawal.held_by:
        print(f"  hf repos tag delete {repo} {tag} --type dataset")
    hint("The history keeps their files, for who knows the commit, until it is squashed:")
    hint(f"  HfApi().super_squash_history({repo!r}, repo_type='dataset')")
    hint("and HfApi().permanently_delete_lfs_files removes what is left of the files themselves.")
    if release is None:
        hint("dry run: nothing was sent")
        return
    print(f"commit    {release.commit}")
    print(f"url       {release.url}")
    hint(f"next:     build with --since {repo}@v{withdrawal.version}, so that they stay out")
