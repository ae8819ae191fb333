"""Functions as machine code: other threads run while one is at work."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from numba import njit

Compiled = TypeVar("Compiled", bound=Callable[..., Any])


def _kept_if_possible(function: Callable[..., Any]) -> Callable[..., Any]:
    """Kept for the next start beside the source, in NUMBA_CACHE_DIR or in the user's cache.

    Where none of these can be written to, every process compiles for itself.
    """
    try:
        return njit(cache=True, nogil=True)(function)
    except RuntimeError:
        return njit(nogil=True)(function)


if TYPE_CHECKING:

    def entrance(function: Compiled) -> Compiled: ...
    def inner(function: Compiled) -> Compiled: ...

else:
    entrance = _kept_if_possible
    """For what is called from Python."""
    inner = njit(nogil=True, no_cpython_wrapper=True, no_cfunc_wrapper=True)
    """For what only machine code calls: half as long to compile."""
