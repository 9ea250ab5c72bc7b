"""Keep freed memory: EnCodec frees and asks for hundreds of megabytes at every layer."""

import ctypes
import sys

# From malloc.h of glibc.
_M_TRIM_THRESHOLD, _M_TOP_PAD, _M_MMAP_MAX = -1, -2, -4
_MOST = 2**31 - 1
_TOP_PAD = 256 << 20


def keep_freed_memory() -> bool:
    """Tell glibc not to give freed memory back to the system; whether it could be told.

    Otherwise every large activation is faulted in again, page by page, which takes as long as
    computing it. It concerns the whole process, so a program decides, not a library.
    """
    if sys.platform != "linux":
        return False
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:
        return False
    settings = ((_M_MMAP_MAX, 0), (_M_TRIM_THRESHOLD, _MOST), (_M_TOP_PAD, _TOP_PAD))
    return all(mallopt(name, value) for name, value in settings)
