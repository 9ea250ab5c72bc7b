"""Which taggers there are: musicnn, or a CLAP model by its Hub id or folder."""

from functools import cache

from .listener import Tagger

MUSICNN = "musicnn"


def tagger_revision(name: str) -> str:
    """The identity of a tagger's files, for the recipe; of a model on the Hub, its commit.

    Raises:
        ModelError: the tagger is not there, or cannot be read; the message says how to get it.
    """
    # Imported here: torch takes seconds, and a build without listening needs none of it.
    if name == MUSICNN:
        from .files import musicnn_revision

        return musicnn_revision()
    from .clap import clap_revision

    return clap_revision(name)


@cache
def open_tagger(name: str, revision: str) -> Tagger:
    """The tagger at a revision, loaded once a process; raises ModelError as `tagger_revision`."""
    if name == MUSICNN:
        from .musicnn import Musicnn

        return Musicnn(revision)
    from .clap import Clap

    return Clap(name, revision)
