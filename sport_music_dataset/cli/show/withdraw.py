"""Print which tracks were withdrawn."""

from typing import TYPE_CHECKING

from ...errors import counted
from ..console import hint, plain

if TYPE_CHECKING:
    from ...publish.withdraw import Withdrawal


def show_withdrawal(withdrawal: "Withdrawal") -> None:
    """Print which tracks were withdrawn, or would be, and which tags still have them."""
    repo, pushed = withdrawal.repo_id, withdrawal.pushed
    print(f"{repo} v{withdrawal.version}")
    for row in withdrawal.tracks:
        chunks = counted(row["chunks"], "chunk")
        print(f"withdrawn {row['track_id']} {plain(row['path'])}, {chunks}")
    print(f"held by   {', '.join(withdrawal.held_by)}")
    for tag in withdrawal.held_by:
        print(f"  hf repos tag delete {repo} {tag} --type dataset")
    hint("The history keeps their files, for who knows the commit, until it is squashed:")
    hint(f"  HfApi().super_squash_history({repo!r}, repo_type='dataset')")
    hint("and HfApi().permanently_delete_lfs_files removes what is left of the files themselves.")
    if pushed is None:
        hint("dry run: nothing was sent")
        return
    print(f"commit    {pushed.commit}")
    print(f"url       {pushed.url}")
    hint(f"next:     build with --since {repo}@v{withdrawal.version}, so that they stay out")
