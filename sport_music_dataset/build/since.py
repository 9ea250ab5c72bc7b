"""What earlier releases decide for a build: splits of groups and tracks, and withdrawn tracks."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path

from ..card.options import RULES, build_run, changes, typed
from ..errors import ReleaseError
from ..outside.documents import load_json
from ..outside.files import MANIFEST_BYTES, read_bytes
from ..outside.records import as_record
from ..reasons import is_machine_fault
from ..recipe import Recipe
from ..records import Row, Track
from ..release.folder import check_ours
from ..release.last_runs import EncodeOptions, keep_encode, last_encode
from ..release.layout import DECISIONS, MANIFEST, REVIEW, split_of
from ..release.manifest import Manifest, ReviewEntry, read_manifest
from ..release.release import Release
from ..release.review.decisions import Decision, Review
from ..release.review.file import bring_in, read_review, review_of
from ..release.shards import ShardNote, read_notes
from ..release.tracks import kept_rows
from ..storage.atomic import write_atomically
from ..storage.place import check_on_disk

_COLUMNS = ("track_id", "group", "split", "status")


@dataclass(frozen=True, slots=True)
class Since:
    """What one release decides for the next one.

    `groups` maps a group to its split, and `tracks` the id of a track to its split. `shards` maps a
    split to its number of shards, which stays the same so that a shard without a new track stays
    the same file. `withdrawn` has the ids of tracks that no later build may use, `review` what
    somebody decided while listening, `encode` how it was encoded. `name` is what `open_release`
    opens again.
    """

    groups: Mapping[str, str]
    tracks: Mapping[str, str]
    shards: Mapping[str, int]
    withdrawn: frozenset[str] = frozenset()
    review: Sequence[ReviewEntry] = ()
    encode: EncodeOptions | None = None
    name: str = ""

    @classmethod
    def of(cls, release: Release) -> "Since":
        """What a release in a folder or on the Hub decides; raises as `Release.tracks`."""
        kept = kept_rows(release.tracks(_COLUMNS))
        return cls(
            groups={row["group"]: row["split"] for row in kept},
            tracks={row["track_id"]: row["split"] for row in kept},
            shards=Counter(map(split_of, release.shards(release.manifest.rows_config))),
            withdrawn=frozenset(release.manifest.withdrawn),
            review=release.manifest.review,
            encode=last_encode(release),
            name=release.place.reference,
        )

    def splits(self, tracks: Iterable[Track]) -> dict[str, str]:
        """Group -> split, for the groups of `tracks` that the release decides.

        A group of the release keeps its split. A new group gets the split of the first of its
        tracks, by id, that is in the release.
        """
        found: dict[str, str] = {}
        for track in sorted(tracks, key=lambda track: track.track_id):
            split = self.groups.get(track.group_id) or self.tracks.get(track.track_id)
            if split:
                found.setdefault(track.group_id, split)
        return found


@dataclass
class Earlier:
    """The earlier releases of a build: `before`, which is in `out`, and `since`, from `--since`."""

    out: Path
    recipe: Recipe
    before: Release | None = None
    since: Since | None = None
    review: Review = field(default_factory=Review)

    @classmethod
    def read(cls, out: Path, recipe: Recipe, since: Since | None) -> "Earlier":
        """Read the release that is in `out`, if any, and check that a build may change `out`.

        Raises:
            SettingError: `out` is a URL.
            ReleaseError: `out` holds something else, or its review cannot be read.
        """
        check_on_disk(out)
        check_ours(out)
        before = Release.of(out, read_manifest(out)) if (out / MANIFEST).is_file() else None
        return cls(out, recipe, before, since, _reviewed(out, before, since))

    def other_options(self, manifest: Manifest, source: str) -> str:
        """What the release in `out` was built with and `manifest` is not, with the command that
        keeps it; empty if nothing differs."""
        found = changes(self.before.manifest, manifest) if self.before else []
        if not self.before or not found:
            return ""
        options = [*typed(self.before.manifest), *[("--force", "")] * (RULES in found)]
        again = build_run(source, options).typed(self.out)
        return f"{self.out}: was built otherwise ({'; '.join(found)}); as it was: `{again}`"

    def check_recipe(self, manifest: Manifest, source: str) -> None:
        """Raise ReleaseError if the release in `out` is of another recipe than `manifest`."""
        if self.before and self.before.manifest.fingerprint != manifest.fingerprint:
            record: Mapping[str, object] = {**self.before.manifest.recipe}
            now: Mapping[str, object] = {**manifest.recipe}
            changed = {key for key in now if record.get(key) != now[key]}
            # What was built stays where only the listener differs.
            is_heard = self.recipe.tagger and changed <= {"tagger", "tagger_revision"}
            kept = REVIEW if "splits" in changed else f"{REVIEW} and the splits"
            raise ReleaseError(
                f"{self.other_options(manifest, source)}; "
                + f"`sportgen listen {self.out}` adds what is heard, " * bool(is_heard)
                + f"--force builds it anew and keeps {kept}; or give another folder"
            )

    @property
    def withdrawn(self) -> list[str]:
        """The ids of tracks that no later build may use."""
        before = self.before.manifest.withdrawn if self.before else ()
        return sorted({*before, *(self.since.withdrawn if self.since else ())})

    @property
    def track_ids(self) -> set[str]:
        """The ids of the tracks that an earlier release kept."""
        before = set(self._decided.kept) if self._decided else {*self._splits_before}
        return {*before, *(self.since.tracks if self.since else ())}

    @property
    def splits_by_track(self) -> dict[str, str]:
        """Track id -> the split in which the track should stay."""
        before = self._splits_before if self._keeps_splits else {}
        return before | dict(self.since.tracks if self.since else {})

    def decisions(self) -> Iterator[Since]:
        """Yield what each earlier release decides; the second overrides the first."""
        if self._decided:
            yield self._decided.since
        if self.since:
            yield self.since

    def keep_decisions(self) -> None:
        """Write down what the release in `out` decides, until a build has read every file.

        A build that could not read some files gives splits to the others. The next build must not
        hold to these, but to what was decided before: then both give what one build gives that
        could read them all.
        """
        if self._decided is None:
            decided = Decided.of(self.recipe, self._changelog, Since({}, {}, {}))
        else:
            decided = self._decided
        write_atomically(self._file, json.dumps(asdict(decided), sort_keys=True).encode())

    def keep_review(self) -> None:
        """Bring what only earlier releases record of a review into the one of `out`."""
        bring_in(self.out, self.review.decisions)

    def keep_last_encode(self) -> None:
        """Write down how the release in `out` is encoded, else how that of `since` is."""
        keep_encode(self.out, last_encode(self.before) if self.before else None)
        keep_encode(self.out, self.since.encode if self.since else None)

    def drop_decisions(self) -> None:
        """Let the release that is being made decide."""
        self._file.unlink(missing_ok=True)

    @property
    def _file(self) -> Path:
        return self.out / DECISIONS

    @property
    def _changelog(self) -> list[str]:
        return [entry["version"] for entry in self.before.manifest.changelog] if self.before else []

    @cached_property
    def _decided(self) -> "Decided | None":
        """What the release in `out` decides, or the one before that could read every file."""
        found = self._read_decided()
        if found or not (self.before and self._keeps_splits):
            return found
        # From the notes, which have tracks without chunks too: a shard whose plan lacks one of
        # these tracks would be made again.
        planned = {
            track_id: split_of(name)
            for name, note in self._notes_before.items()
            for track_id in note.outcomes
        }
        groups = {row["group"]: row["split"] for row in self._rows_before}
        since = Since(groups, planned, Counter(map(split_of, self.before.shards("raw"))))
        return Decided.of(self.recipe, self._changelog, since, sorted(self._splits_before))

    def _read_decided(self) -> "Decided | None":
        """What `keep_decisions` wrote, if for these splits, and if nothing was published since."""
        if not self._file.is_file():
            return None
        try:
            text = read_bytes(self._file, MANIFEST_BYTES, ReleaseError)
            found = as_record(Decided, load_json(text, self._file.name, ReleaseError))
        except ReleaseError as error:
            if is_machine_fault(error.__cause__):
                raise
            return None
        same = found and found.splits == dict(self.recipe.splits)
        return found if found and same and found.changelog == self._changelog else None

    @cached_property
    def _rows_before(self) -> list[Row]:
        if self.before is None:
            return []
        try:
            return kept_rows(self.before.intact_tracks(_COLUMNS))
        except ReleaseError as error:
            if is_machine_fault(error.__cause__):
                raise
            # The notes have the split of each track, and the build writes `tracks` again.
            notes = self._notes_before
            if self.before.shards("raw").keys() != notes.keys():
                raise
            return [
                {"track_id": track_id, "group": track_id, "split": split_of(name)}
                for name, note in notes.items()
                for track_id in note.outcomes
            ]

    @cached_property
    def _notes_before(self) -> dict[str, ShardNote]:
        """Those of the shards of the release; a run that was killed may have left others."""
        shards = self.before.shards("raw") if self.before else {}
        return {name: note for name, note in read_notes(self.out, "raw").items() if name in shards}

    @cached_property
    def _splits_before(self) -> dict[str, str]:
        return {row["track_id"]: row["split"] for row in self._rows_before}

    @property
    def _keeps_splits(self) -> bool:
        """Whether the release in `out` has the same splits and proportions as the recipe."""
        asked = self.before.manifest.recipe["splits"] if self.before else None
        return bool(asked == dict(self.recipe.splits))


@dataclass(frozen=True, slots=True)
class Decided:
    """What a release decides, in a file: for which splits, and after which published versions.

    `groups`, `tracks` and `shards` are those of `Since`; `kept` are the ids of the tracks that the
    release kept.
    """

    splits: dict[str, float]
    changelog: list[str]
    groups: dict[str, str]
    tracks: dict[str, str]
    shards: dict[str, int]
    kept: list[str]

    @classmethod
    def of(
        cls, recipe: Recipe, changelog: list[str], since: Since, kept: Sequence[str] = ()
    ) -> "Decided":
        """The record of what a release decides."""
        groups, tracks, shards = dict(since.groups), dict(since.tracks), dict(since.shards)
        return cls(dict(recipe.splits), changelog, groups, tracks, shards, list(kept))

    @property
    def since(self) -> Since:
        """What the release decides for the next one."""
        return Since(self.groups, self.tracks, self.shards)


def _reviewed(out: Path, before: Release | None, since: Since | None) -> Review:
    """What is decided in `out`, and what else the release was built with that lies before it."""
    review = review_of(out, before.manifest) if before else read_review(out)
    recorded = map(Decision.of, since.review if since else ())
    return Review.of((*review.decisions, *review.lacks(recorded)))
