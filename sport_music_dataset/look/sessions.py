"""What sportgen makes of the names of sessions: which one is meant, and what music suits it."""

from dataclasses import dataclass

from ..describe.fit import ENERGY
from ..describe.sessions import Session, find, find_within, known_sessions
from ..describe.sessions.purpose import tell


@dataclass(frozen=True, slots=True)
class ReadName:
    """A name of a session, and how it is read.

    `session` is the column `session`: the name itself where none is known. `told` is what
    descriptions say the music is for, `intensity` that of the session that they tell, empty if
    there is none. Bounds of energy, from 0 to 1, and of tempo in BPM are those by which `fit` is
    judged: None where it is not known.
    """

    name: str
    session: str
    told: str
    intensity: str
    energy: tuple[float, float] | None
    tempo_bpm: tuple[float, float] | None


def read_name(name: str, own: str = "") -> ReadName:
    """How the name of a session is read; `own` are the user's sessions, as YAML.

    Example:
        >>> read_name("Course à pied").session
        'running'

    Raises:
        SettingError: the YAML is not valid.
    """
    return _read(name, tell(name, own).purpose, find(name, own), find_within(name, own))


def all_sessions(own: str = "") -> list[ReadName]:
    """The sessions that sportgen knows, by their names, with the user's; raises as `read_name`."""
    sessions = {session.name: session for session in known_sessions(own).values()}
    return [_read(name, one.purpose, one, one) for name, one in sorted(sessions.items())]


def _read(name: str, told: str, session: Session | None, within: Session | None) -> ReadName:
    return ReadName(
        name=name,
        session=session.name if session else name,
        told=told,
        intensity=within.intensity if within else "",
        energy=ENERGY[session.intensity] if session else None,
        tempo_bpm=session.tempo_bpm if session else None,
    )
