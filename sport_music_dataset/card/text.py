"""Display of names from files and metadata."""


def one_line(text: str, most: int) -> str:
    """Text without line ends and control characters, cut to `most` characters."""
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return line if len(line) <= most else line[: most - 1] + "…"
