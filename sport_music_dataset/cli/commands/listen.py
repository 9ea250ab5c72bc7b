"""The command `listen`."""

from ...engines.base import cores
from ...engines.forking import warm_up
from .. import console, options


def listen(
    out: options.Folder,
    tagger: options.Tagger = None,
    num_proc: options.NumProc = None,
    timeout: options.Timeout = 900.0,
    dry_run: options.DryRun = False,
) -> int:
    """Add voices, instruments, moods and style to the release folder OUT.

    They are heard in its chunks. Descriptions follow from what is heard, so encode again
    afterwards. Run it again to go on after an interruption. `build --listen` does the same while it
    cuts.

    Examples:
      sportgen listen dataset
      sportgen listen dataset --tagger laion/clap-htsat-unfused
    """
    warm_up()
    from ...build.relisten import estimate_listening, listen_release
    from ...release.release import Release
    from ..next_steps import hint_next
    from ..show.build import show_estimate

    settings = options.tagger_settings(True, tagger)
    name, revision = settings["tagger"], settings["tagger_revision"]
    processes = num_proc or cores()
    if dry_run:
        show_estimate(estimate_listening(out, name, revision, processes))
        return 0
    report = listen_release(
        out, name, revision, num_proc=processes, timeout=timeout, progress=console.progress
    )
    print(f"shards    {report.shards_written} written, {report.shards_kept} as they were")
    print(f"chunks    {sum(report.chunks.values())} heard by {tagger or name}")
    hint_next(Release.of(out))
    return 0
