"""Reads what users wrote about their tracks: metadata files and sidecars beside the audio.

People write them with spreadsheets, text editors and download tools. What can be told is read as it
was meant; what cannot is named in a note or an error with file, line and remedy.
"""

from .read import Metadata, read_metadata

__all__ = ["Metadata", "read_metadata"]
