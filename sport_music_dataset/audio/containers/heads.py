"""What a file is that is no sound, by its first bytes."""

from pathlib import Path

from ...outside.files import open_regular

# (first bytes, what the file is). Names are those that people know.
_PACKED = (
    (b"PK\x03\x04", "is a ZIP archive: unpack it"),
    (b"Rar!", "is a RAR archive: unpack it"),
    (b"7z\xbc\xaf\x27\x1c", "is a 7z archive: unpack it"),
    (b"\x1f\x8b", "is compressed by gzip: unpack it"),
    (b"BZh", "is compressed by bzip2: unpack it"),
    (b"\xfd7zXZ\0", "is compressed by xz: unpack it"),
)
_MAGIC = (
    (b"version https://git-lfs", "is a Git LFS pointer, the file itself is not here: git lfs pull"),
    *_PACKED,
    (b"%PDF", "is a PDF"),
    (b"\xff\xd8\xff", "is a picture (JPEG)"),
    (b"\x89PNG", "is a picture (PNG)"),
    (b"GIF8", "is a picture (GIF)"),
    (b"MThd", "is MIDI, which has notes and no sound"),
    (b"\x7fELF", "is a program"),
    (b"SQLite format 3", "is a database (SQLite)"),
    (b"bplist00", "is a property list"),
    (b"\0\x05\x16\x07", "is what macOS keeps beside a file (AppleDouble)"),
    (b"FLV", "is Flash video"),
    (b".RMF", "is RealMedia"),
    (b"\0\0\x01\xba", "is MPEG video"),
    (b"\0\0\x01\xb3", "is MPEG video"),
    (b"#EXTM3U", "is a playlist"),
    (b"[playlist]", "is a playlist"),
    (b"ffconcat", "is a list of files for FFmpeg"),
    (b"v=0", "describes a session (SDP)"),
    (b"{\\rtf", "is text (RTF)"),
    (b"<?xml", "is XML"),
    (b"<!doctype html", "is HTML, a page of the web"),
    (b"<html", "is HTML, a page of the web"),
    (b"<head", "is HTML, a page of the web"),
    (b"<asx", "is a playlist"),
)
# Encrypted samples: Apple's FairPlay, Common Encryption, Audible.
_ENCRYPTED_TAGS = frozenset({"drms", "drmi", "enca", "encv", "aavd"})
# Content Encryption Object and Extended Content Encryption Object of ASF.
_ENCRYPTED_ASF = (
    bytes.fromhex("fbb31122 23bd d211 b4b7 00a0c955fc6e"),
    bytes.fromhex("14e68a29 2226 174c b935 dae07ee9289c"),
)
_HEAD_BYTES = 1 << 16


def read_head(file: str) -> bytes:
    """The first bytes of a file, at most 64 KB."""
    with open_regular(Path(file), links=True) as handle:
        return handle.read(_HEAD_BYTES)


def packed_kind(head: bytes) -> str:
    """What archive a file with these first bytes is, in words; empty if it is none.

    FFmpeg finds the music in one that does not compress, and takes all of it for one track.
    """
    return next((kind for magic, kind in _PACKED if head.startswith(magic)), "")


def kind_of_head(head: bytes) -> str:
    """What a file with these first bytes is, in words; empty if it may be sound, or is unknown."""
    if not head:
        return "is empty"
    if not any(head):
        return "is nothing but zeros, as of a download that broke off"
    if head[:4] == b"RIFF" and head[8:12] != b"WAVE":
        return {b"AVI ": "is a video (AVI)", b"WEBP": "is a picture (WebP)"}.get(head[8:12], "")
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    for magic, kind in _MAGIC:
        start = text if magic[:1] in b"<[#{vf" else head
        if start[: len(magic)].lower() == magic.lower():
            return kind
    if head[:1] == b"\x47" == head[188:189] == head[376:377]:
        return (
            "is an MPEG transport stream: take its sound out with "
            "`ffmpeg -i STREAM -vn -c copy SOUND.mka`"
        )
    return "is text" if _is_text(head) else ""


def is_encrypted(codec_tag: str, head: bytes) -> bool:
    """Whether samples are encrypted, by their codec's tag, or by the head of an ASF file."""
    return codec_tag in _ENCRYPTED_TAGS or any(guid in head for guid in _ENCRYPTED_ASF)


def _is_text(head: bytes) -> bool:
    try:
        text = head[:4096].decode("utf-8", "strict" if len(head) < 4096 else "ignore")
    except UnicodeDecodeError:
        return False
    whole = len(text.encode()) >= min(len(head), 4096) - 3
    return whole and all(letter.isprintable() or letter in "\t\r\n\f" for letter in text)
