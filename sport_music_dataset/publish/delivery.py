"""The steps of a push: files first, which nobody sees; then one commit; then one tag.

Whoever reads a branch or a tag, at any moment, finds a whole release: the one before or this one.
Every step first looks at what is there, so a push that broke off goes on when it is run again.
"""

from dataclasses import dataclass, field, replace

from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi

from ..errors import HubError
from ..progress import Progress
from ..release.layout import MANIFEST
from ..storage.hub_client import uploads
from .contents import Content, Snapshot, fetch_snapshot, groups

MAIN = "main"


@dataclass(frozen=True, slots=True)
class Pushed:
    """A release as it was pushed, or as a dry run would push it.

    `files` are all that it has, `sent` those that the Hub had not, both with their bytes. Where
    there is a `pull_request`, its address, there is no tag. `manifest` is what sportgen.json holds.
    """

    repo_id: str
    tag: str
    private: bool
    files: dict[str, int]
    sent: dict[str, int] = field(default_factory=dict)
    deleted: tuple[str, ...] = ()
    commit: str = ""
    url: str = ""
    pull_request: str = ""
    notes: tuple[str, ...] = ()
    manifest: bytes = field(default=b"", repr=False)


@dataclass(slots=True)
class Delivery:
    """One push of a release. Its public methods may be called until one of them succeeds.

    `message` is what commit and tag say; if empty, that it is the release.
    """

    api: HfApi
    repo_id: str
    tag: str
    release: list[Content]
    branch: str
    private: bool
    progress: Progress
    message: str
    _first: Snapshot | None = field(default=None, init=False)
    _plan: list[Content] = field(default_factory=list, init=False)
    _deleted: tuple[str, ...] = field(default=(), init=False)
    _checked: set[str] = field(default_factory=set, init=False)
    _tagging: bool = field(default=False, init=False)

    def __post_init__(self) -> None:
        self.message = self.message or f"Release {self.tag}"

    def dry_run(self) -> Pushed:
        """What `publish` would do."""
        base = self._base() or Snapshot(private=self.private)
        done = self._tagged(base)
        if done is None:
            self._make_plan(base)
        return done or self._result(base)

    def publish(self) -> Pushed:
        """Commit and tag, or whichever of the two is not done yet."""
        base = self._base() or self._create()
        done = self._tagged(base)
        if done:
            return done
        if self.branch != MAIN:
            self.api.create_branch(
                self.repo_id,
                branch=self.branch,
                revision=base.commit,
                repo_type="dataset",
                exist_ok=True,
            )
        commit = self._commit(base) if self._make_plan(base) else base.commit
        self._tagging = True
        self.api.create_tag(
            self.repo_id,
            tag=self.tag,
            tag_message=self.message,
            revision=commit,
            repo_type="dataset",
        )
        return self._result(base, commit)

    def propose(self) -> Pushed:
        """Open a pull request, unless one that is open has this release."""
        base = self._base()
        if base is None:
            raise HubError(f"{self.repo_id}: is not there, so nothing to propose it to; push first")
        done = self._tagged(base)
        if done:
            return done
        if base.holds(self.release):
            raise HubError(f"{self.repo_id}: {MAIN} has it already; push without --create-pr")
        self._make_plan(base)
        url = self._proposed() or self._commit(base, create_pr=True)
        return replace(self._result(base), pull_request=url)

    def _base(self) -> Snapshot | None:
        """What to commit upon, None before there is a repository.

        Raises:
            HubError: somebody else's release came since the first look.
        """
        base = fetch_snapshot(self.api, self.repo_id, self.branch)
        if base is None and self.branch != MAIN:
            base = fetch_snapshot(self.api, self.repo_id, MAIN)
        if self._first is None:
            self._first = base or Snapshot()
        now, ours = (base or Snapshot()).files.get(MANIFEST), self._content(MANIFEST)
        if now != self._first.files.get(MANIFEST) and not ours.is_at(now):
            raise HubError(
                f"{self.repo_id}: somebody else published to {self.branch} meanwhile; look at "
                "theirs, then run this again with a version above it"
            )
        return base

    def _tagged(self, base: Snapshot) -> Pushed | None:
        """The release, if its tag is set; raises HubError if the tag is another's."""
        if not base.commit:
            return None
        tags = self.api.list_repo_refs(self.repo_id, repo_type="dataset").tags
        if self.tag not in {tag.name for tag in tags}:
            return None
        there = fetch_snapshot(self.api, self.repo_id, self.tag)
        if there is None or not there.holds(self.release):
            raise HubError(
                f"{self.repo_id}: {self.tag} exists already and a tag never moves; "
                "take a new version"
            )
        done = self._result(there, there.commit)
        if self._tagging:
            return done
        return replace(done, notes=(*done.notes, f"{self.tag} was published already"))

    def _create(self) -> Snapshot:
        """Make the repository, once it is known that there is something to put into it."""
        self._make_plan(Snapshot())
        self.api.create_repo(self.repo_id, repo_type="dataset", private=self.private)
        base = fetch_snapshot(self.api, self.repo_id, MAIN)
        if base is None:
            raise ConnectionError(f"{self.repo_id} was made and is not there")
        return base

    def _make_plan(self, base: Snapshot) -> bool:
        """Whether there is something to commit upon `base`.

        What the Hub has not is held against the manifest before any of it is sent.
        """
        plan, deleted = base.lacks(self.release), base.stale(self.release)
        for content in plan:
            if content.path not in self._checked:
                content.check()
                self._checked.add(content.path)
        if plan or deleted:
            self._plan, self._deleted = plan, deleted
        return bool(plan or deleted)

    def _commit(self, base: Snapshot, create_pr: bool = False) -> str:
        """Upload, then commit in one; the commit's id, or the pull request's address."""
        additions = [content.addition() for content in self._plan]
        with uploads():
            self._upload(additions, create_pr)
            commit = self.api.create_commit(
                self.repo_id,
                [*additions, *map(CommitOperationDelete, self._deleted)],
                commit_message=self.message,
                repo_type="dataset",
                revision=self.branch,
                # Of two pushes that started from the same commit, the second is refused.
                parent_commit=base.commit,
                create_pr=create_pr,
            )
        return str(commit.pr_url if create_pr else commit.oid)

    def _upload(self, additions: list[CommitOperationAdd], create_pr: bool) -> None:
        # Files of the same bytes are uploaded once; the commit names each.
        unique = {addition.upload_info.sha256: addition for addition in additions}
        megabytes = sum(addition.upload_info.size for addition in unique.values()) / 1e6
        sent = 0.0
        with self.progress("Uploading, MB", round(megabytes)) as advance:
            for group in groups(list(unique.values())):
                self.api.preupload_lfs_files(
                    self.repo_id,
                    group,
                    repo_type="dataset",
                    revision=self.branch,
                    create_pr=create_pr,
                    free_memory=False,
                )
                size = sum(addition.upload_info.size for addition in group) / 1e6
                advance(round(sent + size) - round(sent))
                sent += size

    def _proposed(self) -> str:
        """The address of an open pull request that holds the release, empty if none does."""
        for proposal in self.api.get_repo_discussions(
            self.repo_id,
            repo_type="dataset",
            discussion_type="pull_request",
            discussion_status="open",
        ):
            there = fetch_snapshot(self.api, self.repo_id, f"refs/pr/{proposal.num}")
            if proposal.title == self.message and there and there.holds(self.release):
                return proposal.url
        return ""

    def _content(self, path: str) -> Content:
        return next(content for content in self.release if content.path == path)

    def _result(self, base: Snapshot, commit: str = "") -> Pushed:
        state = "private" if base.private else "public"
        note = f"{self.repo_id} exists and stays {state}; its settings on the Hub change that"
        return Pushed(
            repo_id=self.repo_id,
            tag=self.tag,
            private=base.private,
            files={content.path: content.size for content in self.release},
            sent={content.path: content.size for content in self._plan},
            deleted=self._deleted,
            commit=commit,
            url=f"{self.api.endpoint}/datasets/{self.repo_id}/tree/{self.tag}" if commit else "",
            notes=(note,) if base.private != self.private else (),
            manifest=self._content(MANIFEST).data(),
        )
