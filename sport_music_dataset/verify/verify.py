"""Verify a release: it has the files of its manifest, it loads, and its data are correct."""

from dataclasses import dataclass

from datasets import Features
from huggingface_hub import get_token

from ..errors import SettingError, counted
from ..outside.redact import redact
from ..pretrained import NANO
from ..progress import Progress, no_progress
from ..release.layout import CARD, MANIFEST
from ..release.manifest import Manifest
from ..release.release import Release
from ..release.schemas import SCHEMAS
from ..storage.hub_place import HubPlace
from ..storage.store_place import StorePlace
from .files import Inspection
from .findings import Check, CheckResult, Findings, Need, State
from .reload import Loaded, reload


@dataclass(frozen=True, slots=True)
class Report:
    """The results of verifying the release `name`."""

    name: str
    checks: tuple[CheckResult, ...]

    @property
    def ok(self) -> bool:
        """Whether no check failed."""
        return all(check.state != State.FAILED for check in self.checks)

    @property
    def failures(self) -> list[str]:
        """The checks that failed, with the first places of each."""
        return [f"{check.name}: {text}" for check in self.checks for text in check.failures]


@dataclass(frozen=True, slots=True)
class CodesSample:
    """How many chunks to encode again, and with which codec; if empty, that of the manifest."""

    count: int = 0
    codec: str = ""
    device: str = "auto"


def verify_release(
    release: Release,
    *,
    data: bool = True,
    sample: CodesSample = CodesSample(),
    sent: bytes | None = None,
    progress: Progress = no_progress,
) -> Report:
    """Verify a release; on the Hub, it is loaded like by a new user, with empty caches.

    Args:
        release: a folder or a revision on the Hub; with `sample`, opened with `keep`.
        data: also check every row, not only files, card, numbers of rows and features.
        sample: chunks to encode again.
        sent: the manifest that the release must have, if it is known.
        progress: is told how far the work is.

    Example:
        >>> with open_release("dataset") as release:
        ...     verify_release(release).ok
        True

    Raises:
        HubError: the Hub refused or could not be reached.
        SettingError, ModelError: the codec for `sample` cannot be loaded.
    """
    findings = Findings()
    if sent is not None:
        _check_sent(release, sent, findings)
    revision = release.place.revision if isinstance(release.place, HubPlace) else ""
    inspection = Inspection(release, findings, data, revision)
    with progress("Verifying", len(release.manifest.files)) as advance:
        inspection.run(advance)
    _check_loaded(_reload(release), release.manifest, findings)
    if sample.count:
        _check_codes(release, sample, findings, progress)
    else:
        findings.skip_without([Need.SAMPLE])
    return Report(release.name, findings.results())


def _check_sent(release: Release, sent: bytes, findings: Findings) -> None:
    with release.place.fetched(MANIFEST) as [file]:
        if file.read_bytes() != sent:
            findings.fail(Check.MANIFEST, f"{MANIFEST}: is not the one that was sent")


def _reload(release: Release) -> Loaded:
    configs, place = [config for config in SCHEMAS if release.shards(config)], release.place
    if isinstance(place, StorePlace):
        # datasets would need a client of its own for the store.
        with place.fetched(CARD, *release.manifest.files):
            return reload(str(place.folder.resolve()), configs)
    if not isinstance(place, HubPlace):
        return reload(str(place.folder.resolve()), configs)
    api = place.api
    token = api.token if isinstance(api.token, str) else get_token()
    return reload(place.repo_id, configs, place.revision, api.endpoint, token or "")


def _check_loaded(loaded: Loaded, manifest: Manifest, findings: Findings) -> None:
    if loaded.error:
        findings.fail(Check.ROWS, f"load_dataset fails: {redact(loaded.error)}")
    for config, found in loaded.rows.items():
        for split, count in manifest.splits(config).items():
            if found.get(split) != count:
                findings.fail(
                    Check.ROWS,
                    f"{config}/{split}: {found.get(split, 0)} rows load, not {count}",
                )
        for split in found.keys() - manifest.splits(config).keys():
            findings.fail(Check.ROWS, f"{config}/{split}: is no split of the manifest")
    for config, features in loaded.features.items():
        if features != Features.from_arrow_schema(SCHEMAS[config]).to_dict():
            findings.fail(Check.FEATURES, f"{config}: loads with other features")
    counts = ", ".join(
        f"{config} {sum(manifest.splits(config).values())}" for config in loaded.rows
    )
    findings.note(Check.ROWS, f"load_dataset gives {counts or 'nothing'}")
    findings.note(Check.FEATURES, "columns and types of every config")


def _check_codes(
    release: Release, sample: CodesSample, findings: Findings, progress: Progress
) -> None:
    # Importing torch takes seconds: only this check needs it.
    from ..encode.codec.devices import pick_device
    from ..encode.codec.encodec import Codec
    from ..encode.reference import LEAST_AGREEMENT, agreement

    encoding, raw = release.manifest.encoding, release.shards("raw")
    if not encoding or not raw:
        raise SettingError(f"{release.name}: only raw and encoded together can be encoded again")
    if any(findings.counts[check] for check in (Check.FILES, Check.FEATURES, Check.SAME_CHUNKS)):
        findings.skip(Check.AGREEMENT, "files, features or chunks are faulty")
        return
    name = sample.codec or str(encoding["codec"])
    if not sample.codec and name != NANO and "/" not in name:
        raise SettingError(f"{release.name}: its codec was the folder {name}; name it with --codec")
    codec = Codec(name, encoding["num_codebooks"], pick_device(sample.device))
    with release.place.fetched(*raw, *release.shards("encoded")):
        shares = agreement(release, codec, sample.count, progress)
    for book, share in enumerate(shares):
        if not share >= LEAST_AGREEMENT:
            findings.fail(Check.AGREEMENT, f"codebook {book}: {share:.6f} of the codes are equal")
    findings.note(
        Check.AGREEMENT,
        f"{min(shares):.6f} of the codes of {counted(sample.count, 'chunk')}, at the least",
    )
