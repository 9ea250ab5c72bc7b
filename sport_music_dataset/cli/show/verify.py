"""Print the checks of a verification, and their results."""

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

from ..console import fail, plain

if TYPE_CHECKING:
    from ...verify.verify import Report


# A name of a check has at most 12 letters, a state 7; two blanks follow.
_NAME_WIDTH, _STATE_WIDTH = 14, 9


def show_checks(as_json: bool) -> None:
    """Print the name of each check, and what it proves."""
    from ...verify.findings import DEFINITIONS

    if as_json:
        proved = {check: definition.proves for check, definition in DEFINITIONS.items()}
        checks = [{"name": name, "proves": proves} for name, proves in proved.items()]
        print(json.dumps(checks, indent=2))
        return
    for check, definition in DEFINITIONS.items():
        print(f"{check:<{_NAME_WIDTH}}{definition.proves}")


def show_report(report: "Report", as_json: bool) -> None:
    """Print each check and its failures on stdout, and a summary of failures on stderr."""
    if as_json:
        print(json.dumps({"name": report.name, "ok": report.ok, **asdict(report)}, indent=2))
    else:
        print(report.name)
        for check in report.checks:
            print(
                f"  {check.name:<{_NAME_WIDTH}}{check.state:<{_STATE_WIDTH}}{plain(check.detail)}"
            )
            for text in check.failures:
                print(f"      {plain(text)}")
    if not report.ok:
        count = len(report.failures)
        fail(
            f"{report.name}: is not what it must be; {report.failures[0]}"
            + (f" (and {count - 1} more)" if count > 1 else "")
        )
