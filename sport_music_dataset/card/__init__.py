"""README.md and the pictures of a release; the template of README.md is in dataset_card/.

`compose` returns the card and changes nothing; `write_card` writes the pictures and the card.
"""

from .card import write_card

__all__ = ["write_card"]
