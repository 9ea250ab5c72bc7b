"""The models of an encode by name: a Hub id, a folder, or `nano`, which is part of sportgen."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..pretrained import NANO, OutOfReachError, Pretrained

_NANO_FOLDER = Path(__file__).with_name("nano")


def pretrained(name: str, kind: str) -> Pretrained:
    """The model of a name; `kind` is `model` or `codec`, the two folders of `nano`."""
    return Pretrained(name, str(_NANO_FOLDER / kind) if name == NANO else "")


def absolute(name: str) -> str:
    """The absolute path of a model's folder, for who is in another folder; other names stay."""
    folder = name not in ("", NANO) and Path(name).is_dir()
    return str(Path(name).resolve()) if folder else name


@contextmanager
def nano_named() -> Iterator[None]:
    """Within the block, the error of a model that cannot be had names the one that always can."""
    try:
        yield
    except OutOfReachError as error:
        raise OutOfReachError(
            f"{error}; to try things out, --model {NANO} needs no network"
        ) from error
