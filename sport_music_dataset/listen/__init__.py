"""What is heard of a track: whether somebody sings, instruments, moods, a style.

A tagger hears short excerpts of a track as it is cut (`listener.py`). `taggers.py` opens one:
musicnn's networks (`musicnn.py`), read from the installed package (`checkpoint.py`, `network.py`,
`mel.py`), or a CLAP model (`clap.py`). Which words they have is data: `words.py` and the YAML
beside it.
"""

from .listener import TrackListener as TrackListener
from .taggers import open_tagger as open_tagger
from .taggers import tagger_revision as tagger_revision
