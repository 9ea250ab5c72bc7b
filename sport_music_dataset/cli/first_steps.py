"""The commands of a first try: doctor and demo."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..engines.base import cores
from ..engines.forking import warm_up
from . import console, options

if TYPE_CHECKING:
    from .doctor import MachineCheck


def doctor(
    out: Annotated[
        Path, typer.Argument(metavar="[OUT]", help="Where a release would go.")
    ] = Path(),
) -> int:
    """Check what sportgen needs of this machine.

    What is missing is said with how to get it.

    Examples:
      sportgen doctor
      sportgen doctor /data/dataset
    """
    from .doctor import examine

    code = 0
    for check in examine(out):
        _show_check(check)
        code |= check.state == "missing"
    if not code:
        console.hint("next: sportgen scan MUSIC, or for a try without music: sportgen demo demo")
    return code


def demo(
    out: Annotated[Path, typer.Argument(metavar="OUT", help="An empty folder.")],
    num_proc: options.NumProc = None,
    device: options.Device = "auto",
) -> None:
    """Make a little music, build and encode it.

    The music is in OUT/music, the release in OUT/dataset; its codes are of `nano`, for trying out.

    Examples:
      sportgen demo demo
    """
    warm_up()
    from ..demo.demo import make_demo
    from ..release.release import Release
    from .next_steps import hint_next
    from .show.build import show_build
    from .show.encode import show_encode

    report = make_demo(out, num_proc=num_proc or cores(), device=device, progress=console.progress)
    show_build(report.build)
    show_encode(report.encode, 20)
    console.hint(f"listen: {console.quote(report.music)}")
    console.hint(f"load:   load_dataset({str(report.dataset)!r}, 'encoded')")
    hint_next(Release.of(report.dataset))


def _show_check(check: "MachineCheck") -> None:
    """Print what doctor found, at once: a library may end the process at the next check."""
    print(f"{check.state:<8}{check.name}: {console.plain(check.found)}", flush=True)
    if check.remedy:
        print(f"        {check.remedy}", flush=True)
