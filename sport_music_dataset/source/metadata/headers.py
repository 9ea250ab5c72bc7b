"""Which columns hold which fields, by the names that people give to columns."""

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

FILE_NAME = "file_name"
# Names by field, without case, accents and what separates words; the field's own name is first, and
# of two columns the one whose name comes first counts.
_NAMES = {
    FILE_NAME: "filename filepath file path audiofilename audiofilepath audiofile audiopath "
    "nomdufichier nomdefichier nomfichier fichier cheminfichier chemindufichier chemin trackpath "
    "audio wav wavpath dateiname datei pfad archivo",
    "session": "session sportsession sessionname activity activite sport seance workout sessions "
    "activities activites seances sports",
    "style": "style stylename genre musicgenre genremusical musicalgenre musicstyle stylemusical "
    "styles genres",
    "title": "title tracktitle songtitle trackname songname titre titredumorceau titel song track "
    "morceau chanson name nom",
    "artist": "artist artistname trackartist artists artiste artistes interprete performer "
    "interpret",
    "album": "album albumtitle albumname titredelalbum",
    "album_artist": "albumartist albumartists artistedelalbum artistealbum",
    "license": "license licence licenses licences licensing licensename licencename licenseid "
    "lizenz licencia",
    "copyright": "copyright copyrights copyrightnotice rights droits droitsdauteur",
    "isrc": "isrc isrccode codeisrc",
    "source_url": "sourceurl url weburl webpageurl trackurl pageurl lien lienurl link href "
    "permalink website source",
    "description": "description caption maincaption textdescription audiocaption captiontext "
    "prompt textprompt text shortdescription legende texte",
    "descriptions": "descriptions captions prompts texts legendes textes",
    "group": "group groupe groupid groupname gruppe",
    "split": "split splitname partition datasplit datasetsplit subset",
    "genre": "genre",
}
FIELDS = frozenset(_NAMES) - {FILE_NAME}
"""The fields of a track that metadata can give."""
_MOST_NAMED = 20
_MOST_SHOWN = 120


@dataclass(frozen=True, slots=True)
class Chosen:
    """The columns that are read.

    `fields` maps fields, and `file_name`, to columns. `renamed` are the fields whose column has
    another name, `rivals` maps columns that mean the same field as another one to that field, and
    `unknown` are the columns that mean none.
    """

    fields: dict[str, str]
    renamed: tuple[str, ...]
    rivals: dict[str, str]
    unknown: tuple[str, ...]

    def notes(self, place: str, remedy: str = "") -> list[str]:
        """What the user must know of the columns of `place`."""
        notes = []
        if self.renamed:
            said = (f"`{shorn(self.fields[name])}` is read as {name}" for name in self.renamed)
            notes.append(f"{place}: column {', '.join(said)}")
        if self.rivals:
            said = (
                f"`{shorn(column)}` (as {name}, `{shorn(self.fields[name])}` is read)"
                for column, name in self.rivals.items()
            )
            notes.append(f"{place}: columns that are not read: {', '.join(said)}")
        if self.unknown:
            first = ", ".join(f"`{shorn(column)}`" for column in self.unknown[:_MOST_NAMED])
            more = len(self.unknown) - _MOST_NAMED
            others = f" and {more} more" if more > 0 else ""
            notes.append(f"{place}: unknown columns, not read: {first}{others}{remedy}")
        return notes


def choose(columns: Sequence[str], asked: Mapping[str, str], but: Iterable[str] = ()) -> Chosen:
    """Choose the column of each field.

    Of the columns for a field, the one that was asked for counts, then the one of its name, then
    the first one in a fixed order. A column `genre` is the style, unless another one is.

    Args:
        columns: the names of columns.
        asked: field -> the column that the user named; it may be absent.
        but: fields that are not looked for.
    """
    folded = {column: fold(column) for column in columns}
    fields: dict[str, str] = {}
    for name, column in asked.items():
        same = [other for other in columns if column == other]
        same += [other for other in columns if fold(column) == folded[other]]
        if same:
            fields[name] = same[0]
    wanted = [name for name in _NAMES if name not in but]
    for own_name in (True, False):
        for name in wanted:
            if name in fields or name in asked or (own_name and name == "genre"):
                continue
            means = [fold(name)] if own_name else _NAMES[name].split()
            free = [column for column in columns if column not in fields.values()]
            found = sorted(
                (column for column in free if folded[column] in means),
                key=lambda column: (column != name, means.index(folded[column])),
            )
            if found:
                fields[name] = found[0]
    rest = [column for column in columns if column not in fields.values()]
    meant = {
        column: name
        for column in rest
        for name in reversed(wanted)
        if name in fields and folded[column] in _NAMES[name].split()
    }
    return Chosen(
        fields,
        tuple(
            name
            for name, column in fields.items()
            if name not in asked and folded[column] != fold(name)
        ),
        meant,
        tuple(column for column in rest if column not in meant),
    )


def is_genre(column: str) -> bool:
    """Whether the name of a column is a word for the genre, which may be the style or not."""
    return fold(column) in _NAMES["style"].split() and "genre" in fold(column)


def is_caption(column: str) -> bool:
    """Whether the name of a column begins or ends with a word for a description."""
    words = [*_NAMES["description"].split(), *_NAMES["descriptions"].split()]
    folded = fold(column)
    return any(folded.startswith(word) or folded.endswith(word) for word in words)


def is_header(cells: Sequence[str]) -> bool:
    """Whether one of these cells is the name of a column with file names."""
    return any(fold(cell) in _NAMES[FILE_NAME].split() for cell in cells)


def fold(name: str) -> str:
    """The letters and digits of a name, without case and accents."""
    letters = unicodedata.normalize("NFKD", name.casefold())
    return "".join(letter for letter in letters if letter.isalnum())


def shorn(text: str) -> str:
    """A name or a path as it is shown: with single blanks, and not too long."""
    words = " ".join(text.split())
    return f"{words[:_MOST_SHOWN]}..." if len(words) > _MOST_SHOWN else words
