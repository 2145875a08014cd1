from db import batching


def test_ids_come_in_parts_that_fit_into_one_statement(monkeypatch):
    monkeypatch.setattr(batching, "_MOST", 2)
    assert list(batching.id_batches(iter([5, 3, 9]))) == [[5, 3], [9]]
    assert list(batching.id_batches([])) == []
