"""Who encodes: this process, a process for each device, or actors of Ray.

`open_workers` gives the ones that the settings ask for; each has its encoder loaded.
"""

from .local import open_workers

__all__ = ["open_workers"]
