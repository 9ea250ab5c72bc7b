"""What DEST holds: the record of an export, by which a later run goes on or refuses.

The record is `.sportgen/export.json`. It is written first, with every path that the export will
have, and again at the end; so nothing is ever deleted in DEST that it does not name.
"""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

from ..errors import SettingError
from ..outside.documents import load_json
from ..outside.files import MANIFEST_BYTES, read_text
from ..outside.names import is_inside
from ..outside.records import as_record
from ..release.folder import LOCK, locked
from ..release.layout import CONFIGS, EXPORT, MANIFEST, WORK_FOLDER
from ..storage.atomic import file_of_partial, write_atomically


@dataclass(frozen=True, slots=True)
class Record:
    """An export: its format, its release by name, and the digests of what it is made from.

    `made_from` is the digest of everything that decides the bytes of the parts, `described_by` of
    what decides those of the other files. `parts` and `others` are the paths of both. `facts` has
    what `made_from` is a digest of, by the names that a user reads; earlier versions wrote none.
    """

    format: str
    release: str
    made_from: str
    described_by: str
    parts: list[str] = field(default_factory=list)
    others: list[str] = field(default_factory=list)
    complete: bool = False
    facts: dict[str, str] = field(default_factory=dict)

    @property
    def paths(self) -> list[str]:
        """Every path that the export writes."""
        return [*self.parts, *self.others]

    def is_there(self, folder: Path) -> bool:
        """Whether the export is finished, and nothing has been taken away since."""
        return self.complete and all((folder / path).exists() for path in self.paths)

    def write(self, folder: Path) -> None:
        """Write the record, atomically."""
        data = json.dumps(asdict(self), indent=2, ensure_ascii=False) + "\n"
        write_atomically(folder / EXPORT, data.encode())


def check_dest(dest: Path, record: Record, force: bool = False) -> Record | None:
    """The record of the export that DEST holds, None if it holds nothing yet.

    Raises:
        SettingError: DEST holds something else, or, without `force`, another export.
    """
    for parent in (dest, *dest.resolve().parents):
        if (parent / MANIFEST).exists():
            raise SettingError(f"{dest}: is or lies in the release {parent}; give another folder")
    if not dest.exists() and not dest.is_symlink():
        return None
    if not dest.is_dir():
        raise SettingError(f"{dest}: is no folder; give another name")
    found = _read(dest)
    if found is None:
        _check_empty(dest)
    elif found.made_from != record.made_from and not force:
        raise SettingError(
            f"{dest}: holds an export of {found.release} for {found.format}, "
            f"{_difference(found, record)}; give another folder, or --force to replace it"
        )
    return found


def _difference(found: Record, record: Record) -> str:
    """What an export that is there has otherwise than the one that is to be written."""
    if not found.facts:
        return "with other settings or of another state"
    was, now = ({"release": one.release, **one.facts} for one in (found, record))
    changes = [_change(name, was.get(name, ""), now.get(name, "")) for name in {**was, **now}]
    return f"but {', '.join(filter(None, changes))}"


def _change(name: str, was: str, now: str) -> str:
    """What to say of a fact; empty if it is the same. Those of configs are digests of files."""
    if was == now:
        return ""
    if name in CONFIGS:
        return f"{name} {'has changed' if was and now else 'is new' if now else 'is gone'}"
    return f"{name} was {was or 'not there'}" + (f" and is {now}" if now else "")


@contextmanager
def writing(dest: Path, record: Record, force: bool) -> Iterator[Record | None]:
    """Lock DEST for one writer and make it ready; yield the record of what it keeps, if any.

    What an earlier export wrote and this one does not is removed, and so is all of it with `force`.

    Raises:
        SettingError: as `check_dest`.
        ReleaseError: another process writes to DEST.
    """
    check_dest(dest, record, force)
    (dest / WORK_FOLDER).mkdir(parents=True, exist_ok=True)
    with locked(dest):
        found = check_dest(dest, record, force)
        keeps: set[str] = set() if force else set(record.paths)
        for path in found.paths if found else ():
            if path not in keeps:
                _remove(dest, path)
        _remove_partial(dest, record)
        yield None if force else found


def _read(dest: Path) -> Record | None:
    if not (dest / EXPORT).exists():
        return None
    text = read_text(dest / EXPORT, MANIFEST_BYTES, SettingError)
    record = as_record(Record, load_json(text, str(dest / EXPORT), SettingError))
    if record is None or not all(_is_below(dest, path) for path in record.paths):
        raise SettingError(f"{dest / EXPORT}: is damaged; give another folder, or remove this one")
    return record


def _is_below(dest: Path, path: str) -> bool:
    """Whether a path of a record, which may be a stranger's, stays in DEST, by links too."""
    return is_inside(path) and (dest / path).parent.resolve().is_relative_to(dest.resolve())


def _check_empty(dest: Path) -> None:
    """Raise SettingError if DEST has anything but what an export leaves that was just begun."""
    others = [path.name for path in dest.iterdir() if path.name != WORK_FOLDER]
    if (dest / WORK_FOLDER).is_dir():
        names = (path.name for path in (dest / WORK_FOLDER).iterdir())
        known = {Path(EXPORT).name, Path(LOCK).name}
        others += [name for name in names if (file_of_partial(name) or name) not in known]
    if others:
        raise SettingError(
            f"{dest}: holds something else than an export ({sorted(others)[0]}); give an empty "
            "folder or a new one"
        )


def _remove(dest: Path, path: str) -> None:
    """Remove a file or a folder of an export, and the folders above it that are empty then."""
    target = dest / path
    if target.is_dir() and not target.is_symlink():
        shutil.rmtree(target)
    else:
        target.unlink(missing_ok=True)
    for parent in Path(path).parents:
        if parent == Path() or not (dest / parent).is_dir() or any((dest / parent).iterdir()):
            return
        (dest / parent).rmdir()


def _remove_partial(dest: Path, record: Record) -> None:
    """Remove what a run that was killed had begun to write."""
    names: dict[Path, set[str]] = {}
    for path in record.paths:
        names.setdefault((dest / path).parent, set()).add(Path(path).name)
    for folder, ours in names.items():
        for entry in folder.iterdir() if folder.is_dir() else ():
            if file_of_partial(entry.name) in ours:
                _remove(dest, entry.relative_to(dest).as_posix())
