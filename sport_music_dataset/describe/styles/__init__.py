"""Styles of music: what people call them in several languages, and how English says them.

`table` has the styles of styles.yaml, `naming` finds the style that a name means, and `unknown`
says a style that nobody knows in its own words. Styles, kinds of music and artists are data.
"""

from .naming import is_style, style_of
from .table import Style, artist_key, is_listed, known_styles

__all__ = ["Style", "artist_key", "is_listed", "is_style", "known_styles", "style_of"]
