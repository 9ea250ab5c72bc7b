"""Bytes of a text file as text, in the encodings that spreadsheets and editors write."""

import codecs
import re
from collections.abc import Mapping

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    # Before UTF-16: the mark of UTF-32-LE begins with that of UTF-16-LE.
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# Letters of Windows-1252 where Latin-1 has control characters; five bytes mean nothing in it.
_CP1252 = {
    byte: bytes([byte]).decode("cp1252")
    for byte in range(0x80, 0xA0)
    if byte not in (0x81, 0x8D, 0x8F, 0x90, 0x9D)
}
_MAC = {byte: bytes([byte]).decode("mac_roman") for byte in range(0x80, 0x100)}
# Lines that end as on a Mac before 2001, and as Excel for Mac writes CSV to this day.
_MAC_LINES = re.compile(rb"[^\r\n]*\r(?!\n)")
# Bytes that show whether every second one is zero, as in UTF-16 of western languages.
_SAMPLE = 1_000


def decode(data: bytes) -> tuple[str, str]:
    """(the text without its byte order mark, what the user must know of it or empty).

    The text is UTF-8, or UTF-16 or UTF-32 by its byte order mark, or UTF-16 that has zeros in every
    second byte. Lines that are not UTF-8 are read as Windows-1252, as Excel writes CSV, or where
    they end as on an old Mac as Mac Roman.

    Raises:
        ValueError: it is UTF-16 or UTF-32 that is broken.
    """
    bom, encoding = next((pair for pair in _BOMS if data.startswith(pair[0])), (b"", ""))
    data = data[len(bom) :]
    encoding = encoding or _by_zeros(data)
    if encoding != "utf-8":
        try:
            return data.decode(encoding), ""
        except UnicodeDecodeError as error:
            name = encoding[:6].upper()
            raise ValueError(
                f"is broken {name} (at byte {error.start + len(bom)}); save it as UTF-8"
            ) from error
    try:
        return data.decode("utf-8"), ""
    except UnicodeDecodeError:
        return _by_lines(data)


def _by_zeros(data: bytes) -> str:
    even, odd = data[:_SAMPLE:2], data[1:_SAMPLE:2]
    if len(odd) > 2 and 3 * odd.count(0) > len(odd) > 6 * even.count(0):
        return "utf-16-le"
    if len(even) > 2 and 3 * even.count(0) > len(even) > 6 * odd.count(0):
        return "utf-16-be"
    return "utf-8"


def _by_lines(data: bytes) -> tuple[str, str]:
    is_mac = _MAC_LINES.match(data) is not None
    letters, name = (_MAC, "Mac Roman") if is_mac else (_CP1252, "Windows-1252")
    lines = []
    foreign = []
    for number, line in enumerate(data.splitlines(keepends=True), start=1):
        try:
            lines.append(line.decode("utf-8"))
        except UnicodeDecodeError:
            foreign.append(number)
            lines.append(_not_utf8(line, letters))
    others = f" (and {len(foreign) - 1:,} more lines)" if len(foreign) > 1 else ""
    return "".join(lines), (
        f"line {foreign[0]}{others} is not UTF-8, and is read as {name}; "
        "where letters are wrong, save the file as UTF-8"
    )


def _not_utf8(line: bytes, encoding: Mapping[int, str]) -> str:
    """A line in another encoding, or if most of its letters are UTF-8 only what is not."""
    letters = line.decode("utf-8", "surrogateescape")
    escaped = sum("\udc80" <= letter <= "\udcff" for letter in letters)
    if sum(letter > "\x7f" for letter in letters) <= 2 * escaped:
        return line.decode("latin-1").translate(encoding)
    return "".join(
        chr(ord(letter) - 0xDC00).translate(encoding) if "\udc80" <= letter <= "\udcff" else letter
        for letter in letters
    )
