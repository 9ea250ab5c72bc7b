"""README.md of a release and its pictures, from the template in dataset_card/.

`compose` gives the text and changes nothing; `write_card` draws the pictures and writes it.
"""

from .card import write_card

__all__ = ["write_card"]
