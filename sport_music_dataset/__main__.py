"""`python -m sport_music_dataset` is `sportgen`."""

import sys

from .cli import main

sys.exit(main())
