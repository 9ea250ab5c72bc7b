"""Print the result of encoding a release."""

from typing import TYPE_CHECKING

from ...errors import counted
from ...pretrained import MOST_TOKENS, NANO
from ..console import hint, plain

if TYPE_CHECKING:
    from ...encode.encode import EncodeReport

_MOST_WORDS = 8


def show_encode(report: "EncodeReport", max_length: int) -> None:
    """Print the summary of encoding a release."""
    for split, rows in report.rows.items():
        print(f"encoded   {split:<20} {rows:>8}")
    tokens = f"{report.shards_retokenized} with known codes alone"
    print(f"shards    {report.shards_written} encoded, {tokens}, {report.shards_kept} as they were")
    print(f"chunks    {report.chunks_encoded} encoded, {report.chunks_known} with known codes")
    cut = f"{counted(report.truncated, 'description')} at {counted(max_length, 'token')}"
    print(f"truncated {cut}; the longest has {report.longest}")
    if report.lost:
        words = [f"{plain(word)} {count}" for word, count in report.lost.items()]
        more = ", ..." if len(words) > _MOST_WORDS else ""
        print(f"lost      behind the last token: {', '.join(words[:_MOST_WORDS])}{more}")
        hint(f"note: {longer(report.longest, report.model)}")
    for book, share in enumerate(report.agreement):
        print(f"codebook  {book}: {share:.6f} of the codes as the reference")
    if report.chunks_encoded:
        hint(f"note: the model waited {report.waited:.1%} of its time, for rows and files")
    if report.since_reason:
        hint(f"note: no codes of the earlier release were taken: {report.since_reason}")
    if report.unshared_reason:
        hint(f"note: no work was shared between chunks: {report.unshared_reason}")
    if report.nano:
        hint("note: nano codes are for trying out, not MusicGen's")


def longer(tokens: int, model: str) -> str:
    """Which option keeps the words that are lost of descriptions of up to `tokens` tokens.

    The tokens are those of `model`: nano's are longer or shorter than the T5 ones of a MusicGen.
    """
    of_nano = ", by nano's tokens: MusicGen's T5 counts others" * (model == NANO)
    if tokens > MOST_TOKENS:
        return f"--max-length {MOST_TOKENS} loses less{of_nano}; shorten the longest descriptions"
    return f"--max-length {tokens} loses no word{of_nano}"
