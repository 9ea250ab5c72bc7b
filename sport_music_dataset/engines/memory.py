"""The memory of a process: what is freed stays there, and no more is taken than a limit.

EnCodec frees and allocates hundreds of megabytes at every layer, cutting some at every chunk.
"""

import ctypes
import sys
from contextlib import suppress

# Constants from malloc.h of glibc.
_M_TRIM_THRESHOLD, _M_TOP_PAD, _M_MMAP_MAX = -1, -2, -4
_MOST = 2**31 - 1


def keep_freed_memory(spare_bytes: int = 256 << 20) -> bool:
    """Tell glibc to keep freed memory; returns whether that worked.

    Without this, the system gives every large array new pages one by one: for the activations of
    EnCodec this takes as long as computing them, in cutting it was a fifth of the time. The setting
    is for the whole process, so only the command line and workers call this.

    Args:
        spare_bytes: address space to take at once beyond what is needed: less where it is limited.
    """
    if sys.platform != "linux":
        return False
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:
        return False
    settings = ((_M_MMAP_MAX, 0), (_M_TRIM_THRESHOLD, _MOST), (_M_TOP_PAD, spare_bytes))
    return all(mallopt(name, value) for name, value in settings)


def limit_process(most_bytes: int) -> None:
    """Let this process take at most so much memory (on Linux), and leave no core file behind.

    macOS does not hold to such a limit of memory, and Windows has no limits of this kind.
    """
    with suppress(ImportError):
        import resource

        if sys.platform == "linux":
            _, hard = resource.getrlimit(resource.RLIMIT_DATA)
            most = most_bytes if hard == resource.RLIM_INFINITY else min(most_bytes, hard)
            resource.setrlimit(resource.RLIMIT_DATA, (most, most))
        # A crash is recorded as the reason of its track; a core file would only fill the disk.
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
