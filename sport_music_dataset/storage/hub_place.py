"""A revision of a dataset on the Hub, downloaded file by file into an empty folder."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO

import httpx2
import pyarrow.parquet as pq
from huggingface_hub import HfApi, HfFileSystem
from huggingface_hub.errors import HFValidationError, RevisionNotFoundError
from huggingface_hub.utils import disable_progress_bars, validate_repo_id

from ..errors import HubError, SettingError
from ..outside.names import is_inside, shown
from .hub_client import checked, dataset_info, hub_errors, unreachable
from .place import RemotePlace
from .tags import known_tags, latest_release

# The client does not retry a download that breaks off.
_ATTEMPTS = 3


class HubPlace(RemotePlace):
    """A revision of a dataset on the Hub; `public_name` is ORG/NAME@REVISION."""

    def __init__(
        self, repo_id: str, revision: str, folder: Path, api: HfApi, keep: bool = False
    ) -> None:
        super().__init__(folder, f"{repo_id}@{revision}", keep)
        self.repo_id, self.revision, self.api = repo_id, revision, api
        self._paths: set[str] | None = None

    def paths(self) -> set[str]:
        """The path of every file that the Hub lists for the revision, except `.gitattributes`.

        It is asked once.

        Raises:
            HubError: there is no such revision, or the dataset has another name.
        """
        if self._paths is None:
            with hub_errors(self.api, self.repo_id):
                try:
                    info = dataset_info(self.api, self.repo_id, self.revision)
                except RevisionNotFoundError as error:
                    tags = known_tags(self.repo_id, self.api)
                    raise HubError(f"{self.name}: there is no such tag; {tags}") from error
            self._paths = {file.rfilename for file in info.siblings or []} - {".gitattributes"}
        return self._paths

    def _download(self, path: str, attempts: int = _ATTEMPTS) -> None:
        if not is_inside(path):
            raise HubError(f"{self.name}: names {shown(path)}, which leads out of its folder")
        try:
            with hub_errors(self.api, self.repo_id):
                disable_progress_bars()
                self.api.hf_hub_download(
                    self.repo_id,
                    path,
                    repo_type="dataset",
                    revision=self.revision,
                    cache_dir=self.folder / ".cache",
                    local_dir=self.folder,
                )
        except OSError as error:
            if error.errno:  # of this machine's disk
                raise
            if attempts > 1:
                self._download(path, attempts - 1)
                return
            # The client says that it found nothing, and in the cause why.
            if isinstance(error.__cause__, httpx2.HTTPError):
                detail = unreachable(error.__cause__)
            else:
                detail = f"cannot be downloaded ({' '.join(str(error).split())}); run this again"
            raise HubError(f"{self.name}: {path} {detail}") from error

    @contextmanager
    def _parquet(self, path: str) -> Iterator[pq.ParquetFile]:
        with hub_errors(self.api, self.repo_id), super()._parquet(path) as file:
            yield file

    def _open(self, path: str) -> IO[bytes]:
        # Without this option, instances and their lists of files are cached for the whole process.
        system = HfFileSystem(
            endpoint=self.api.endpoint, token=self.api.token, skip_instance_cache=True
        )
        file = f"datasets/{self.repo_id}@{self.revision}/{path}"
        # Without read-ahead, which would download the audio between the columns that are read.
        stream: IO[bytes] = system.open(file, "rb", cache_type="none")
        return stream


@contextmanager
def on_hub(
    repo_id: str, revision: str, api: HfApi | None = None, keep: bool = False
) -> Iterator[HubPlace]:
    """A revision of a dataset on the Hub, with a temporary folder for the time of a `with` block.

    If `revision` is empty, it is the latest release.

    Raises:
        SettingError: `repo_id` cannot be the name of a dataset.
        HubError: there is no such revision, the dataset has another name, or the Hub cannot be
            reached.
    """
    try:
        validate_repo_id(repo_id)
    except HFValidationError as error:
        message = " ".join(str(error).split())
        raise SettingError(f"{repo_id}@{revision}: {message}") from error
    with TemporaryDirectory(prefix="sportgen-") as folder:
        client = checked(api)
        revision = revision or latest_release(repo_id, client)
        place = HubPlace(repo_id, revision, Path(folder), client, keep)
        # Asked first: a download tries again for a minute whatever is the matter.
        place.paths()
        yield place
