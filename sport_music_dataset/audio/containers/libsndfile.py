"""Reads what FFmpeg refuses and libsndfile reads, such as Ogg Vorbis with its headers twice."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import soundfile

from ..reading import SourceReader, reading
from ..samples import Block

# Files of other kinds are not handed over: libsndfile would guess, and reads raw samples too.
_MAGIC = (b"OggS", b"RIFF", b"RF64", b"riff", b"FORM", b"fLaC", b"caff", b".snd")
_BLOCK_SAMPLES = 1 << 16


@dataclass(frozen=True, slots=True)
class Sound:
    """A file that libsndfile has opened; `seconds` is the length that it states."""

    file: soundfile.SoundFile

    @property
    def seconds(self) -> float:
        """The length in seconds that libsndfile gives; 0 where it does not know it."""
        known = 0 <= self.file.frames < 2**62
        return self.file.frames / self.file.samplerate if known else 0.0

    @property
    def tags(self) -> dict[str, str]:
        """The tags by the names that libsndfile has for them."""
        return dict(self.file.copy_metadata())

    def blocks(self) -> Iterator[Block]:
        """Yield the samples; raises soundfile.LibsndfileError where they do not decode."""
        while len(samples := self.file.read(_BLOCK_SAMPLES, "float32", always_2d=True)):
            yield Block(samples.T, self.file.samplerate)


@contextmanager
def opened_sound(file: str) -> Iterator[Sound | None]:
    """A file as libsndfile reads it; None if it does not."""
    with reading(file) as stream:
        head = stream.read(4)
        stream.seek(0)
        # Not by its path, by which libsndfile would look for a second file beside some.
        sound = _opened(stream) if head in _MAGIC else None
        try:
            yield Sound(sound) if sound else None
        finally:
            if sound:
                sound.close()


def _opened(stream: SourceReader) -> soundfile.SoundFile | None:
    try:
        return soundfile.SoundFile(stream)
    except (soundfile.LibsndfileError, RuntimeError, ValueError):
        return None
