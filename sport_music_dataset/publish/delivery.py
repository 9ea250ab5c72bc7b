"""The steps of a push: upload files, which nobody sees yet; then one commit; then one tag.

A branch or a tag shows a complete release at any moment: the previous one or this one. Each step
first checks what the Hub has, so an interrupted push continues when it is run again.
"""

from dataclasses import dataclass, field, replace

from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi
from huggingface_hub.errors import HfHubHTTPError

from ..errors import HubError
from ..progress import Progress
from ..release.layout import MANIFEST
from ..storage.hub_client import uploads
from .contents import Content, Snapshot, fetch_snapshot, groups

MAIN = "main"


@dataclass(frozen=True, slots=True)
class Pushed:
    """A release as it was pushed, or as a dry run would push it.

    `files` maps path -> size in bytes; `sent` has only files that the Hub did not have.
    `pull_request` is the address of a pull request; with one, no tag is set. `manifest` is
    the content of sportgen.json. If `already`, the tag had this release before, and nothing was
    done.
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
    already: bool = False


@dataclass(slots=True)
class Delivery:
    """One push of a release. A public method may be called again until it succeeds.

    `message` is the text of commit and tag; if empty, "Release" and the tag.
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
        """Return what `publish` would do; nothing is sent."""
        base = self._base() or Snapshot(private=self.private)
        done = self._tagged(base)
        if done is None:
            self._make_plan(base)
        return done or self._result(base)

    def unasked(self, why: str) -> Pushed:
        """Return what `publish` would do on a Hub that has nothing yet; the Hub is not asked."""
        first = Snapshot(private=self.private)
        self._make_plan(first)
        note = (
            f"the Hub was not asked ({why}): all files are listed, as for a first push; not "
            f"checked: the version, what {self.repo_id} has, and whether you may write there"
        )
        return replace(self._result(first), notes=(note,))

    def publish(self) -> Pushed:
        """Commit and tag; a step that is done already is not done again."""
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
        """Open a pull request, unless an open one has this release already.

        Raises:
            HubError: there is no repository, or its main branch has the release already.
        """
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
        """The snapshot to commit upon; None if there is no repository yet.

        Raises:
            HubError: somebody else published a release since the first call.
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
        """The result of the push if the tag is set already, otherwise None.

        Raises:
            HubError: the tag exists and has another release.
        """
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
        return replace(done, already=True)

    def _create(self) -> Snapshot:
        """Create the repository, after the files of the release have been checked.

        Raises:
            HubError: there is one of this name that the token may not see.
        """
        self._make_plan(Snapshot())
        try:
            self.api.create_repo(self.repo_id, repo_type="dataset", private=self.private)
        except HfHubHTTPError as error:
            # Somebody else may have made it just now: then it can be seen.
            taken = "already created" in (error.server_message or "")
            if not taken or fetch_snapshot(self.api, self.repo_id, MAIN):
                raise
            # Without the cause, which `retry` would take for one that passes.
            raise HubError(
                f"{self.repo_id}: exists already, and the token may not see it; take a token that "
                "may, ask its owner for access, or push under another name"
            ) from None
        base = fetch_snapshot(self.api, self.repo_id, MAIN)
        if base is None:
            raise ConnectionError(f"{self.repo_id} was made and is not there")
        return base

    def _make_plan(self, base: Snapshot) -> bool:
        """Note which files to send and delete; return whether there are any.

        Files that the Hub does not have are compared with the manifest before any is sent.
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
        """Upload files, then make one commit; return its id, or the address of its pull request."""
        additions = [content.addition() for content in self._plan]
        with uploads():
            self._upload(additions, create_pr)
            commit = self.api.create_commit(
                self.repo_id,
                [*additions, *map(CommitOperationDelete, self._deleted)],
                commit_message=self.message,
                repo_type="dataset",
                revision=self.branch,
                # The Hub refuses the second of two pushes that started from the same commit.
                parent_commit=base.commit,
                create_pr=create_pr,
            )
        return str(commit.pr_url if create_pr else commit.oid)

    def _upload(self, additions: list[CommitOperationAdd], create_pr: bool) -> None:
        # Equal bytes are uploaded once; the commit adds them at each path.
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
        """Address of an open pull request that has the release; empty if there is none."""
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
