"""Print the result of a verification."""

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

from ..console import fail, plain

if TYPE_CHECKING:
    from ...verify.verify import Report


def show_report(report: "Report", as_json: bool) -> None:
    """Print each check and its failures on stdout, and a summary of failures on stderr."""
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
