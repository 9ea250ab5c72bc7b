"""Seeded damage and malice: bytes, JSON values, YAML and tables as nobody would write them."""

import csv
import io
import json
import random
from collections.abc import Callable, Iterator
from typing import Any

Mutation = Callable[[random.Random, bytes], bytes]

ODD_TEXTS = (
    *("", " ", "../../x", "/etc/passwd", "a/b", "*", "[x]", "..", "all", "\x00", "\x1b[2J"),
    *("é" * 300, "x" * 20_000, "#" * 5_000, "{{ 7*7 }}", "<script>alert(1)</script>", "%s%n"),
    *("nan", "\ufeff", "\u202e", "-1", "<!-- sportgen: end -->", "---\n", "🏃", "\\", "'", '"'),
    *("a\nb", "a\rb", "\ud800"),
)
ODD_NUMBERS = (0, -1, 1, 2**31, 2**63, 2**64, 10**30, -(2**63), 0.5, -0.0, 1e308, 5e-324)
ODD_YAML = (
    "a: &a [*a]",
    "a: &a [x, x, x]\nb: &b [*a, *a, *a]\nc: [*b, *b, *b]",
    "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9 if n else 'x' * 9)}]\n" for n in range(9)),
    "? [a]\n: b",
    "d: 2024-01-01",
    "x: 0x_",
    "x: !!python/object/apply:os.system [touch hacked]",
    "x: !!binary AAAA",
    "- " * 2_000,
    "{" * 500,
    "a: 1\n---\nb: 2",
    "%YAML 9.9\n--- a",
    "<<: [1]",
    "x: .inf",
    "sessions: {a: [b]}",
    "sessions: {? {a: b} : c}",
    "sessions: 3",
    "\t- tab",
    "!!set {a, b}",
)


def mutate_bytes(draw: random.Random, data: bytes) -> bytes:
    """Flip, cut, repeat or insert bytes at some places."""
    changed = bytearray(data)
    for _ in range(draw.choice((1, 1, 2, 8))):
        at = draw.randrange(len(changed) + 1)
        end = min(len(changed), at + draw.choice((1, 4, 64, 4096)))
        match draw.randrange(5):
            case 0 if at < len(changed):
                changed[at] ^= 1 << draw.randrange(8)
            case 1:
                del changed[at:end]
            case 2:
                changed[at:at] = changed[at:end]
            case 3:
                changed[at:end] = draw.randbytes(end - at)
            case _:
                del changed[at:]
    return bytes(changed)


def mutate_json(draw: random.Random, data: bytes) -> bytes:
    """Change, remove, add or move some value of a JSON document."""
    value = json.loads(data)
    for _ in range(draw.choice((1, 1, 1, 3))):
        holders = list(_holders(value))
        holder = draw.choice(holders) if holders else [value]
        keys = list(holder) if isinstance(holder, dict) else range(len(holder))
        if not keys:
            continue
        key = draw.choice(list(keys))
        match draw.randrange(6):
            case 0:
                del holder[key]
            case 1 if isinstance(holder, dict):
                holder[draw.choice(ODD_TEXTS)] = holder.pop(key)
            case 2:
                holder[key] = draw.choice(ODD_TEXTS)
            case 3:
                holder[key] = draw.choice(ODD_NUMBERS)
            case 4:
                holder[key] = draw.choice((None, True, [], {}, [[]], {"": None}, [1], {"a": "b"}))
            case _:
                holder[key] = _deep(draw.choice((3, 30, 300)))
    return json.dumps(value).encode()


def mutate_yaml(draw: random.Random, data: bytes) -> bytes:
    """Put odd YAML in place of a document, or of some of its lines."""
    lines = data.decode().splitlines()
    match draw.randrange(3):
        case 0:
            return draw.choice(ODD_YAML).encode()
        case 1:
            at = draw.randrange(len(lines) + 1)
            lines[at:at] = draw.choice(ODD_YAML).splitlines()
        case _:
            at = draw.randrange(len(lines))
            lines[at] = lines[at].partition(":")[0] + f": {draw.choice((*ODD_TEXTS, *ODD_NUMBERS))}"
    return "\n".join(lines).encode("utf-8", "surrogatepass")


def mutate_card(draw: random.Random, data: bytes) -> bytes:
    """Odd front matter, odd markers, or odd bytes in a card."""
    head, body = data.decode().split("---\n", 2)[1:]
    match draw.randrange(4):
        case 0:
            head = mutate_yaml(draw, head.encode()).decode("utf-8", "surrogatepass")
        case 1:
            marker = next(line for line in body.splitlines() if line.startswith("<!-- sportgen"))
            body = body.replace(marker, f"{marker}\n" * draw.choice((0, 2, 20_000)))
        case 2:
            body = body.replace("<!-- sportgen: end -->", draw.choice(ODD_TEXTS))
        case _:
            return mutate_bytes(draw, data)
    return f"---\n{head}\n---\n{body}".encode("utf-8", "surrogatepass")


def make_table(draw: random.Random, names: list[str], jsonl: bool) -> bytes:
    """A metadata file on the tracks `names` with an odd value in some cells."""
    columns = ["file_name", "session", "style", "title", "license", "split", "description", "group"]
    rows: list[dict[str, Any]] = [{"file_name": name} for name in names]
    for row in rows:
        for column in draw.sample(columns, 2):
            odd: tuple[Any, ...] = ODD_TEXTS
            if jsonl:
                odd = (*ODD_TEXTS, *ODD_NUMBERS, None, [], {"a": [1]}, True)
            row[column] = draw.choice(odd)
    if jsonl:
        return "\n".join(json.dumps(row) for row in rows).encode()
    text = io.StringIO()
    table = csv.DictWriter(text, columns)
    table.writeheader()
    table.writerows(rows)
    return text.getvalue().encode("utf-8", "surrogatepass")


def _holders(value: Any) -> Iterator[Any]:
    """Every list and dictionary in a value."""
    waiting = [value]
    while waiting:
        holder = waiting.pop()
        if isinstance(holder, (dict, list)):
            yield holder
            waiting += holder.values() if isinstance(holder, dict) else holder


def _deep(levels: int) -> Any:
    value: Any = "deep"
    for _ in range(levels):
        value = [value]
    return value
