"""The command `diff`."""

from .. import console, options


def diff(
    before: options.Release,
    after: options.Release,
    endpoint: options.Endpoint = None,
    as_json: options.AsJson = False,
) -> None:
    """Say what changed from one release to another: tracks, chunks, words, recipe, and bytes that
    an upload of the second would send. No audio and no codes are read.

    Examples: sportgen diff org/sport-music@v1.0.0 dataset; sportgen diff dataset other --json
    """
    from huggingface_hub import HfApi

    from ...look.diff import diff_releases
    from ...release.release import open_release
    from ..show.diff import show_difference

    api = HfApi(endpoint=endpoint)
    with open_release(before, api) as one, open_release(after, api) as other:
        difference = diff_releases(one, other, console.progress)
    show_difference(difference, as_json)
