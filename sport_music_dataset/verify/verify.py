"""Verify a release: its files are the manifest's, it loads, and its data is what it must be."""

from dataclasses import dataclass
from pathlib import Path

from huggingface_hub import HfApi, get_token

from ..errors import SettingError
from ..progress import Progress, no_progress
from ..release.manifest import MANIFEST, Manifest
from ..storage.hub_client import redact
from ..storage.hub_place import HubPlace, on_hub
from ..storage.place import Place
from .files import FEATURES, Inspection
from .findings import Check, Findings, State, Truth
from .reload import Loaded, reload

_NANO = "nano"


@dataclass(frozen=True, slots=True)
class Report:
    """What a verification found of the release `name`."""

    name: str
    checks: tuple[Check, ...]

    @property
    def ok(self) -> bool:
        """Whether nothing failed."""
        return all(check.state != State.FAILED for check in self.checks)

    @property
    def failures(self) -> list[str]:
        """What failed, with the first places of each kind."""
        return [f"{check.name}: {text}" for check in self.checks for text in check.failures]


@dataclass(frozen=True, slots=True)
class Sample:
    """How many chunks to encode again, and with what; an empty `codec` is the one that the
    manifest names."""

    count: int = 0
    codec: str = ""
    device: str = "auto"


def verify_folder(
    folder: Path,
    *,
    data: bool = True,
    sample: Sample = Sample(),
    progress: Progress = no_progress,
) -> Report:
    """Verify a release folder; without `data`, only files, card, rows and features.

    Raises:
        ReleaseError: there is no manifest that can be read.
        SettingError, ModelError: chunks are to be encoded again, and the codec cannot be had.
    """
    return verify_place(Place(folder), data=data, sample=sample, progress=progress)


def verify_release(
    repo_id: str,
    tag: str,
    api: HfApi | None = None,
    progress: Progress = no_progress,
    *,
    data: bool = True,
    sample: Sample = Sample(),
    sent: bytes | None = None,
) -> Report:
    """Verify a release on the Hub as a reader gets it: by its tag, and with empty caches.

    Args:
        repo_id: the dataset.
        tag: a tag, or any revision.
        api: whom to ask.
        progress: told how far the work is.
        data: look at every row too, not only at files, card, rows of splits and features.
        sample: chunks to encode again.
        sent: the manifest that must be there, if it is known.

    Raises:
        HubError: the Hub refuses, cannot be reached, or has no such release.
        ReleaseError, SettingError, ModelError: as `verify_folder`.
    """
    with on_hub(repo_id, tag, api, keep=bool(sample.count)) as place:
        return verify_place(place, data=data, sample=sample, sent=sent, progress=progress)


def verify_place(
    place: Place,
    *,
    data: bool = True,
    sample: Sample = Sample(),
    sent: bytes | None = None,
    progress: Progress = no_progress,
) -> Report:
    """Verify what `places.opened` gave; see `verify_folder` and `verify_release`."""
    findings, manifest = Findings(), place.manifest()
    _see_manifest(place, manifest, sent, findings)
    inspection = Inspection(place, manifest, findings, data)
    with progress("Verifying", len(manifest.files)) as advance:
        inspection.run(advance)
    _see_loaded(_reload(place, manifest), manifest, findings)
    if sample.count:
        _see_agreement(place, manifest, sample, findings, progress)
    return Report(place.name, findings.checks())


def _see_manifest(place: Place, manifest: Manifest, sent: bytes | None, findings: Findings) -> None:
    findings.say(Truth.MANIFEST, f"recipe {manifest.fingerprint}")
    if sent is not None:
        with place.fetched(MANIFEST) as [file]:
            if file.read_bytes() != sent:
                findings.fail(Truth.MANIFEST, f"{MANIFEST}: is not the one that was sent")
    raw, encoded, tracks = (bool(manifest.shards(config)) for config in FEATURES)
    if not tracks or not (raw or encoded):
        findings.fail(Truth.MANIFEST, f"{MANIFEST}: lists no tracks, or neither raw nor encoded")
    if encoded != bool(manifest.encoding):
        findings.fail(Truth.MANIFEST, f"{MANIFEST}: has encoded without its encoding, or the like")


def _reload(place: Place, manifest: Manifest) -> Loaded:
    configs = [config for config in FEATURES if manifest.shards(config)]
    if not isinstance(place, HubPlace):
        return reload(str(place.folder.resolve()), configs)
    api = place.api
    token = api.token if isinstance(api.token, str) else get_token()
    return reload(place.repo_id, configs, place.revision, api.endpoint, token or "")


def _see_loaded(loaded: Loaded, manifest: Manifest, findings: Findings) -> None:
    if loaded.error:
        findings.fail(Truth.ROWS, f"load_dataset fails: {redact(loaded.error)}")
    for config, found in loaded.rows.items():
        for split, count in manifest.splits(config).items():
            if found.get(split) != count:
                findings.fail(
                    Truth.ROWS, f"{config}/{split}: {found.get(split, 0)} rows load, not {count}"
                )
        for split in found.keys() - manifest.splits(config).keys():
            findings.fail(Truth.ROWS, f"{config}/{split}: is no split of the manifest")
    for config, features in loaded.features.items():
        if features != FEATURES[config].to_dict():
            findings.fail(Truth.FEATURES, f"{config}: loads with other features")
    counts = ", ".join(
        f"{config} {sum(manifest.splits(config).values())}" for config in loaded.rows
    )
    findings.say(Truth.ROWS, f"load_dataset gives {counts or 'nothing'}")
    findings.say(Truth.FEATURES, "columns and types of every config")


def _see_agreement(
    place: Place, manifest: Manifest, sample: Sample, findings: Findings, progress: Progress
) -> None:
    # torch takes seconds to import: only for this.
    from ..encode.codec.devices import pick_device
    from ..encode.codec.encodec import Codec
    from ..encode.reference import LEAST_AGREEMENT, agreement

    encoding = manifest.encoding
    if not encoding or not manifest.shards("raw"):
        raise SettingError(f"{place.name}: only raw and encoded together can be encoded again")
    if any(findings.counts[truth] for truth in (Truth.FILES, Truth.FEATURES, Truth.SAME_CHUNKS)):
        return
    name = sample.codec or str(encoding["codec"])
    if not sample.codec and name != _NANO and "/" not in name:
        raise SettingError(f"{place.name}: its codec was the folder {name}; name it with --codec")
    codec = Codec(name, encoding["num_codebooks"], pick_device(sample.device))
    with place.fetched(*manifest.shards("raw"), *manifest.shards("encoded")):
        shares = agreement(place.folder, manifest, codec, sample.count, progress)
    for book, share in enumerate(shares):
        if not share >= LEAST_AGREEMENT:
            findings.fail(Truth.AGREEMENT, f"codebook {book}: {share:.6f} of the codes are equal")
    findings.say(
        Truth.AGREEMENT, f"{min(shares):.6f} of the codes of {sample.count} chunks, at the least"
    )
