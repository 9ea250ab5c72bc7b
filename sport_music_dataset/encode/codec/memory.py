"""Keep freed memory: EnCodec frees and allocates hundreds of megabytes at every layer."""

import ctypes
import sys

# Constants from malloc.h of glibc.
_M_TRIM_THRESHOLD, _M_TOP_PAD, _M_MMAP_MAX = -1, -2, -4
_MOST = 2**31 - 1
_TOP_PAD = 256 << 20


def keep_freed_memory() -> bool:
    """Tell glibc to keep freed memory; returns whether that worked.

    Without this, the system gives every large activation new pages one by one, which takes as long
    as computing it. The setting is for the whole process, so only the command line calls this.
    """
    if sys.platform != "linux":
        return False
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:
        return False
    settings = ((_M_MMAP_MAX, 0), (_M_TRIM_THRESHOLD, _MOST), (_M_TOP_PAD, _TOP_PAD))
    return all(mallopt(name, value) for name, value in settings)
