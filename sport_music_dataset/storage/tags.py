"""The releases of a dataset on the Hub: its tags vX.Y.Z."""

import re

from huggingface_hub import HfApi
from huggingface_hub.errors import HfHubHTTPError, RepositoryNotFoundError

from ..errors import HubError
from .hub_client import checked, hub_errors

TAG = re.compile(r"v(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)")
# More tags than these would make a message nobody reads.
_MOST = 10


def release_order(tag: str) -> tuple[int, ...]:
    """(X, Y, Z) of a tag vX.Y.Z: the key that sorts releases from first to last."""
    return tuple(int(number) for number in tag.removeprefix("v").split("."))


def release_tags(repo_id: str, api: HfApi) -> list[str]:
    """The tags vX.Y.Z of a repository, lowest first; empty if there is no repository.

    Raises:
        HubError: the Hub refuses a request, or cannot be reached.
    """
    with hub_errors(api, repo_id):
        try:
            return _releases(_tags(repo_id, api))
        except RepositoryNotFoundError:
            return []


def last_tag(repo_id: str, api: HfApi) -> str:
    """The highest tag vX.Y.Z of a repository; empty if there is none; raises as `release_tags`."""
    return next(reversed(release_tags(repo_id, api)), "")


def latest_release(repo_id: str, api: HfApi) -> str:
    """The highest tag vX.Y.Z of a dataset that is named without one.

    Raises:
        HubError: there is no such dataset, or it has no such tag; or as `release_tags`.
    """
    api = checked(api)
    here = f"{repo_id}: is no folder here, and on the Hub"
    try:
        with hub_errors(api, here):
            tags = _tags(repo_id, api)
    except HubError as error:
        # Whoever mistyped the name of a folder must read that there is none.
        if str(error).startswith(here):
            raise
        raise HubError(f"{here}: {error}") from error
    releases = _releases(tags)
    if not releases:
        raise HubError(f"{repo_id}: has no release, which is a tag like v1.0.0; {_known(tags)}")
    return releases[-1]


def known_tags(repo_id: str, api: HfApi) -> str:
    """Which tags a dataset has, as the end of a message; empty if the Hub does not tell."""
    try:
        return _known(_tags(repo_id, api))
    except HfHubHTTPError:
        return ""


def _tags(repo_id: str, api: HfApi) -> list[str]:
    return [ref.name for ref in api.list_repo_refs(repo_id, repo_type="dataset").tags]


def _releases(tags: list[str]) -> list[str]:
    return sorted(filter(TAG.fullmatch, tags), key=release_order)


def _known(tags: list[str]) -> str:
    """The tags in words, the latest release first, then those that are none of sportgen's."""
    releases = _releases(tags)
    names = [*reversed(releases), *sorted({*tags} - {*releases})]
    more = f" and {len(names) - _MOST} more" if len(names) > _MOST else ""
    return f"its tags are {', '.join(names[:_MOST])}{more}" if names else "it has no tags"
