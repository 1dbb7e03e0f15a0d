"""How the process deals with memory that it has used."""

import ctypes

import pyarrow as pa

_M_MMAP_THRESHOLD = -3  # as in <malloc.h>
_LARGE = 128 * 1024


def give_memory_back() -> None:
    """Have large pieces of memory go back to the system as soon as they are freed.

    Arrow's own allocators keep what was freed, for each thread: some 40 MB. So does glibc with
    large pieces, once one was freed, unless it is told where large begins: some 70 MB. Other C
    libraries are left as they are.
    """
    pa.set_memory_pool(pa.system_memory_pool())
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_M_MMAP_THRESHOLD, _LARGE)
