"""The command `diff`."""

from .. import console, options


def diff(
    before: options.Release,
    after: options.Release,
    endpoint: options.Endpoint = None,
    as_json: options.AsJson = False,
) -> None:
    """Say what changed from one release to another.

    Tracks, chunks, words and recipe are compared, and the bytes that an upload of the second would
    send are counted. No audio and no codes are read.

    Examples:
      sportgen diff org/sport-music dataset
      sportgen diff org/sport-music@v1.0.0 org/sport-music@v1.1.0
      sportgen diff dataset other --json
    """
    from huggingface_hub import HfApi

    from ...look.diff import diff_releases
    from ...release.last_runs import stale_note
    from ...release.layout import hub_release, is_folder
    from ...release.release import open_release
    from ...storage.store import is_store
    from ..next_steps import hint_waiting, push_command
    from ..show.diff import show_difference

    api = HfApi(endpoint=endpoint)
    with open_release(before, api) as one, open_release(after, api) as other:
        difference = diff_releases(one, other, console.progress)
        hint_waiting(other)
    show_difference(difference, as_json)
    stale = stale_note(other) if is_folder(after) else ""
    if stale:
        console.hint(f"note: {stale}")
    elif not as_json and not difference.is_empty and is_folder(after):
        repo = hub_release(before)
        name = console.quote(before) if is_store(before) else repo[0] if repo else "ORG/NAME"
        console.hint(f"next: {push_command(other.manifest, after, name)}")
