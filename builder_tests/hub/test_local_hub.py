"""The local Hub, as the real clients see it.

They read their environment at import, so the functions named `client_*` run in processes of their
own; what they changed is then looked at from the Hub's side.
"""

import io
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from builder_tests.hub.local_hub import LocalHub

REPO = "org/music"
CARD = b"""---
license: cc-by-4.0
tags: [music]
configs:
- config_name: raw
  default: true
  data_files: raw/train-*.parquet
- config_name: encoded
  data_files: [{split: train, path: encoded/train-*}, {split: test, path: encoded/test-*}]
---
# Music
"""


def parquet(**columns: list[int]) -> bytes:
    buffer = io.BytesIO()
    pq.write_table(pa.table(columns), buffer)
    return buffer.getvalue()


def release() -> dict[str, bytes]:
    return {
        "README.md": CARD,
        "sportgen.json": b'{"rows": 3}',
        "assets/été.png": b"\x89PNG not shown to anyone",
        "raw/train-00000-of-00002.parquet": parquet(row=[0, 1]),
        "raw/train-00001-of-00002.parquet": parquet(row=[2]),
        "encoded/train-00000-of-00001.parquet": parquet(codes=[7]),
        "encoded/test-00000-of-00001.parquet": parquet(codes=[8, 9]),
    }


@pytest.fixture
def hub() -> Iterator[LocalHub]:
    with LocalHub() as running:
        yield running


def run(hub: LocalHub, home: Path, client: Callable[[], None], token: str = "hf_owner") -> None:
    """Run one of the functions below in a process whose Hub is `hub`."""
    code = f"from builder_tests.hub.test_local_hub import {client.__name__} as client; client()"
    command = [sys.executable, "-W", "error::UserWarning", "-c", code]
    environment = hub.environment(home, token)
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def count(hub: LocalHub, method: str, part: str) -> int:
    return sum(r.method == method and part in r.path for r in hub.requests)


def client_publishes() -> None:
    from huggingface_hub import CommitOperationAdd, HfApi

    api = HfApi()
    url = api.create_repo(REPO, repo_type="dataset", private=True)
    assert url.repo_id == REPO
    head = api.repo_info(REPO, repo_type="dataset").sha
    additions = [CommitOperationAdd(path, data) for path, data in release().items()]
    commit = api.create_commit(
        REPO, additions, commit_message="one", repo_type="dataset", parent_commit=head
    )
    assert commit.repo_url.repo_id == REPO
    api.create_tag(REPO, tag="v1.0.0", revision=commit.oid, repo_type="dataset")


def client_loads() -> None:
    from datasets import get_dataset_config_names, load_dataset
    from huggingface_hub import HfApi, HfFileSystem, snapshot_download

    assert load_dataset(REPO)["train"]["row"][:] == [0, 1, 2]
    assert get_dataset_config_names(REPO) == ["raw", "encoded"]
    tagged = load_dataset(REPO, "encoded", split="test", revision="v1.0.0")
    assert tagged["codes"][:] == [8, 9]
    streamed = load_dataset(REPO, "encoded", split="train", streaming=True)
    assert [row["codes"] for row in streamed] == [7]

    folder = Path(snapshot_download(REPO, repo_type="dataset", revision="v1.0.0"))
    assert {path: (folder / path).read_bytes() for path in release()} == release()

    files = HfFileSystem()
    assert len(files.glob(f"datasets/{REPO}@v1.0.0/**/*.parquet")) == 4
    with files.open(f"datasets/{REPO}/sportgen.json", block_size=4) as opened:
        opened.seek(2)
        assert opened.read(4) == b"rows"
    assert files.ls(f"datasets/{REPO}/assets", detail=False) == [f"datasets/{REPO}/assets/été.png"]
    assert files.info(f"datasets/{REPO}/raw", expand_info=True)["last_commit"].title == "one"

    api = HfApi()
    info = api.dataset_info(REPO, files_metadata=True)
    assert info.private and info.card_data and info.card_data.license == "cc-by-4.0"
    shards = {s.rfilename: s.lfs for s in info.siblings or () if s.rfilename.endswith(".parquet")}
    assert len(shards) == 4
    assert all(lfs and lfs.size == len(release()[path]) for path, lfs in shards.items())
    past = api.list_repo_commits(REPO, repo_type="dataset")
    assert [c.title for c in past] == ["one", "initial commit"]


def test_a_release_is_published_and_loaded_by_name_tag_and_stream(
    hub: LocalHub, tmp_path: Path
) -> None:
    run(hub, tmp_path / "publisher", client_publishes)
    stored = hub.files(REPO, "v1.0.0")
    assert stored.keys() - release().keys() == {".gitattributes"}
    assert release().items() <= stored.items()
    assert count(hub, "POST", "/commit/") == count(hub, "POST", "/tag/") == 1
    large = sum(len(d) for p, d in release().items() if p.endswith((".png", ".parquet")))
    assert sum(r.received for r in hub.requests if r.method == "PUT") == large

    run(hub, tmp_path / "reader", client_loads, "hf_reader")


def client_goes_on() -> None:
    from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi
    from huggingface_hub.errors import BadRequestError, EntryNotFoundError, HfHubHTTPError
    from huggingface_hub.errors import RevisionNotFoundError as NoRevisionError

    api = HfApi()

    def head() -> str | None:
        return api.dataset_info(REPO).sha

    def commit(*operations: CommitOperationAdd | CommitOperationDelete, on: str | None) -> str:
        return api.create_commit(
            REPO, operations, commit_message="next", repo_type="dataset", parent_commit=on
        ).oid

    first = head()
    api.create_repo(REPO, repo_type="dataset", exist_ok=True)
    with pytest.raises(HfHubHTTPError, match="409"):
        api.create_repo(REPO, repo_type="dataset")

    again = [CommitOperationAdd(path, data) for path, data in release().items()]
    assert commit(*again, on=first) == first

    second = commit(
        CommitOperationDelete("raw/"),
        CommitOperationAdd("moved.parquet", release()["raw/train-00001-of-00002.parquet"]),
        on=first,
    )
    assert head() == second != first
    with pytest.raises(HfHubHTTPError, match="412"):
        commit(CommitOperationAdd("late.txt", b"late"), on=first)
    with pytest.raises(EntryNotFoundError):
        commit(CommitOperationAdd("x.txt", b"x"), CommitOperationDelete("no.txt"), on=second)
    with pytest.raises(ValueError, match="must be a mapping"):
        commit(CommitOperationAdd("README.md", b"---\n- a list\n---\n"), on=second)
    never = CommitOperationAdd("never.parquet", b"never uploaded")
    never._upload_mode, never._is_uploaded = "lfs", True
    with pytest.raises(BadRequestError, match="never uploaded"):
        commit(never, on=second)
    assert head() == second

    with pytest.raises(HfHubHTTPError, match="409"):
        api.create_tag(REPO, tag="v1.0.0", revision="main", repo_type="dataset")
    api.create_branch(REPO, branch="refs/odd name", revision=first, repo_type="dataset")
    refs = api.list_repo_refs(REPO, repo_type="dataset")
    named = {ref.name: ref.target_commit for ref in (*refs.tags, *refs.branches)}
    assert named == {"v1.0.0": first, "main": second, "refs/odd name": first}
    api.delete_tag(REPO, tag="v1.0.0", repo_type="dataset")
    with pytest.raises(NoRevisionError):
        api.dataset_info(REPO, revision="v1.0.0")


def test_history_only_grows_and_refuses_what_is_stale(hub: LocalHub, tmp_path: Path) -> None:
    run(hub, tmp_path, client_publishes)
    hub.requests.clear()
    run(hub, tmp_path, client_goes_on)
    assert count(hub, "PUT", "/lfs/") == 0
    kept = {path for path in release() if not path.startswith("raw/")}
    assert hub.files(REPO).keys() == kept | {".gitattributes", "moved.parquet"}
    assert len(hub.repos[REPO].commits) == 3


def client_tries_every_token() -> None:
    from huggingface_hub import HfApi, hf_hub_download
    from huggingface_hub.errors import HfHubHTTPError, RepositoryNotFoundError

    owner, reader, stranger = (HfApi(token=f"hf_{n}") for n in ("owner", "reader", "stranger"))
    wrong, nobody = HfApi(token="hf_wrong"), HfApi(token=False)
    public = owner.create_repo("open", repo_type="dataset", visibility="public").repo_id
    assert public == "owner/open"

    def upload(api: HfApi, repo: str) -> None:
        api.upload_file(
            path_or_fileobj=b"x", path_in_repo="x.txt", repo_id=repo, repo_type="dataset"
        )

    assert [org["name"] for org in reader.whoami()["orgs"]] == ["org"]
    for refused in (wrong.whoami, lambda: wrong.dataset_info(public)):
        with pytest.raises(HfHubHTTPError) as unknown:
            refused()
        assert unknown.value.response.status_code == 401
        assert not isinstance(unknown.value, RepositoryNotFoundError)

    for blind in (stranger, nobody):
        assert blind.dataset_info(public).id == public
        for attempt in (
            lambda api=blind: api.dataset_info(REPO),
            lambda api=blind: upload(api, REPO),
            lambda api=blind: hf_hub_download(REPO, "x", repo_type="dataset", token=api.token),
        ):
            with pytest.raises(RepositoryNotFoundError):
                attempt()

    assert reader.dataset_info(REPO).private
    with pytest.raises(HfHubHTTPError, match="must use a write token"):
        reader.create_repo("reader/own", repo_type="dataset")
    for api, repo in ((reader, REPO), (stranger, public)):
        for attempt in (
            lambda api=api, repo=repo: upload(api, repo),
            lambda api=api, repo=repo: api.create_tag(repo, tag="v9", repo_type="dataset"),
            lambda api=api: api.create_repo("org/new", repo_type="dataset"),
        ):
            with pytest.raises(HfHubHTTPError, match="403 Forbidden"):
                attempt()

    owner.update_repo_settings(REPO, private=False, repo_type="dataset")
    assert not nobody.dataset_info(REPO).private
    owner.delete_repo(REPO, repo_type="dataset")
    with pytest.raises(RepositoryNotFoundError):
        owner.dataset_info(REPO)


def test_rights_come_out_as_the_clients_own_errors(hub: LocalHub, tmp_path: Path) -> None:
    run(hub, tmp_path, client_publishes)
    hub.requests.clear()
    run(hub, tmp_path, client_tries_every_token)
    written = [r for r in hub.requests if r.method in ("POST", "PUT") and r.status in (200, 201)]
    assert [r.path for r in written] == ["/api/repos/create", f"/api/datasets/{REPO}/settings"]
    assert hub.repos.keys() == {"owner/open"}
