"""Ten descriptions of a release for its card: of as many sessions as there are, always the same."""

from hashlib import sha256
from threading import Lock

import pyarrow as pa

from ..release.manifest import SampleRecord

SAMPLE_COLUMNS = ("chunk_id", "session", "style", "description")
"""The columns of `raw` that `Sampler` needs."""

_MOST = 10


class Sampler:
    """Takes descriptions from tables of chunks, which may come in any order and from any thread.

    Each session has its chunks in the order of a digest of their ids, those with the same
    description once; the sessions take turns.
    """

    def __init__(self) -> None:
        # Session -> description -> (digest, id, style) of the first chunk that has it.
        self._found: dict[str, dict[str, tuple[bytes, str, str]]] = {}
        self._lock = Lock()

    def add(self, chunks: pa.Table | pa.RecordBatch) -> None:
        """Add chunks, which have SAMPLE_COLUMNS; ten of each session stay in memory."""
        columns = [chunks.column(name).to_pylist() for name in SAMPLE_COLUMNS]
        with self._lock:
            for chunk_id, session, style, description in zip(*columns, strict=True):
                # The file of a stranger may lack what no file of ours lacks.
                if None in (chunk_id, session, style, description):
                    continue
                found = self._found.setdefault(session, {})
                entry = sha256(chunk_id.encode()).digest(), chunk_id, style
                found[description] = min(entry, found.get(description, entry))
                if len(found) > _MOST:
                    del found[max(found, key=lambda text: found[text])]

    def chosen(self) -> list[SampleRecord]:
        """At most ten samples, by session."""
        turns = [
            (turn, entry, session, description)
            for session, found in self._found.items()
            for turn, (description, entry) in enumerate(
                sorted(found.items(), key=lambda item: item[1])
            )
        ]
        samples: list[SampleRecord] = [
            # The order of keys is that of JSON with sorted keys, from which a later run reads them.
            {"chunk_id": chunk_id, "description": description, "session": session, "style": style}
            for _, (_, chunk_id, style), session, description in sorted(turns)[:_MOST]
        ]
        return sorted(samples, key=lambda sample: (sample["session"], sample["chunk_id"]))
