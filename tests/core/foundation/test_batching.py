from hypothesis import given, settings
from hypothesis import strategies as st

from core.foundation.batching import batched


@settings(max_examples=40)
@given(st.lists(st.integers(), max_size=30), st.integers(1, 40))
def test_the_parts_hold_every_item_in_order_and_only_the_last_is_shorter(items, size):
    parts = list(batched(items, size))
    assert [item for part in parts for item in part] == items
    assert all(len(part) == size for part in parts[:-1])
    assert all(parts)
