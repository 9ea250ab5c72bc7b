"""Notes on what the user asked of a source: options without effect, and titles read as sessions."""

import shlex
import unicodedata
from collections.abc import Iterator, Sequence
from difflib import get_close_matches

from ..describe.sessions import find, known_sessions, normalise
from ..errors import counted
from ..records import Track
from .layouts import Layout
from .names import style_key
from .source import Source

# From so many tracks on, and from this share of sessions on, sessions are most likely titles.
_FEWEST = 3
_SHARE = 0.9
_MOST_NAMED = 3


def gap_notes(tracks: Sequence[Track], source: Source) -> Iterator[str]:
    """Notes on the options that fill gaps of tracks that are read by now: used for some, for none.

    Where nothing says it of any track, the option was meant for all.
    """
    gaps = {
        ("--session", source.session): [t.path for t in tracks if not t.session],
        ("--default-style", source.default_style): [
            track.path for track in tracks if not (track.style or track.genre)
        ],
    }
    given = {f"{name} {value}": gaps[name, value] for name, value in gaps if tracks and value}
    yield from unused(*(option for option, paths in given.items() if not paths))
    for option, paths in given.items():
        if 0 < len(paths) < len(tracks):
            yield f"{option}: for {counted(len(paths), 'track')}, {_listed(paths)}"


def unused(*options: str) -> Iterator[str]:
    """A note on options that no track needs."""
    if options:
        yield f"{', '.join(options)}: used for no track; names, tags or metadata say it of each"


def unused_sessions(tracks: Sequence[Track], own: str) -> Iterator[str]:
    """A note where no track has one of the user's own sessions, as YAML."""
    names = {track.session for track in tracks if not track.reason}
    if own and names and all(find(name, own) == find(name) for name in names):
        yield "--sessions: no track has one of its sessions"


def unknown_session(session: str, own: str) -> Iterator[str]:
    """A note on a session that is asked for and nobody knows; `own` are the user's, as YAML."""
    if not session or find(session, own):
        return
    names = {key: session.name for key, session in known_sessions(own).items()}
    near = get_close_matches(normalise(session), names, n=1)
    yield (
        f"--session {session}: no session that sportgen knows; whether music fits it is "
        f"not judged{f'; did you mean {names[near[0]]}?' if near else ''}"
    )


def unknown_sessions(
    tracks: Sequence[Track], layout: Layout, source: Source, own: str
) -> Iterator[str]:
    """A note where names give nearly every track a session of its own, which nobody knows.

    `own` are the user's sessions, as YAML.
    """
    usable = [track for track in tracks if not track.reason]
    named = [track for track in usable if _is_named(track, layout) and not find(track.session, own)]
    sessions = list(dict.fromkeys(track.session_as_named for track in named))
    is_most = len(named) >= _FEWEST and len(named) > len(usable) / 2
    if not is_most or len(sessions) < _SHARE * len(named):
        return
    how = f"--layout {source.layout}" if source.layout else str(layout)
    genres = {track.genre for track in named if track.genre and not _is_style(track)}
    tags = f", and the genres in their tags ({_listed(sorted(genres))}) are not used"
    is_asked = bool(source.layout or source.names)
    example = "" if source.session else ", of music for running"
    words = ["sportgen", "scan", source.location, "--session", source.session or "running"]
    words += [] if is_asked else ["--layout", "flat"]
    yield (
        f"{how}: {len(named)} tracks have {len(sessions)} sessions that sportgen does not know "
        f"({_listed(sessions)}){tags * bool(genres)}; if these are titles{example}: "
        f"`{shlex.join(words)}`"
    )


def _is_named(track: Track, layout: Layout) -> bool:
    """Whether the session of a track is that of its name."""
    named = layout.read(unicodedata.normalize("NFC", track.path)).get("session")
    return bool(named) and named == track.session_as_named


def _is_style(track: Track) -> bool:
    return style_key(track.genre) == style_key(track.style)


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:_MOST_NAMED]) + ", ..." * (len(names) > _MOST_NAMED)
