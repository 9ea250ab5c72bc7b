"""Keep freed memory: EnCodec frees and allocates hundreds of megabytes at every layer, cutting some
at every chunk."""

import ctypes
import sys

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
