"""Which window of a browser points were set in: two windows of one person are two hands.

An id that a browser gives to what it does begins with the id of its window, up to the first point.
"""


def window_of(edit_id: str | None) -> str | None:
    """The window that an id names; None where it names none, as those of programs and of long ago do."""
    window, point, _ = (edit_id or "").partition(".")
    return window if point and window else None


def same_window(edit_id: str | None, window: str | None) -> bool:
    """Whether something was done in a window; what names no window was done in none."""
    return window is not None and window_of(edit_id) == window
