"""Workers that encode: this process, one process for each device, or actors of Ray.

`open_workers` starts the workers that the settings ask for; each loads its own encoder.
"""

from .local import open_workers

__all__ = ["open_workers"]
