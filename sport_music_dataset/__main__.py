"""Run the command line of `sportgen` by `python -m sport_music_dataset`."""

import sys

from .cli import main

sys.exit(main())
