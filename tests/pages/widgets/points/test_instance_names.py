"""What the faces and people of a picture are called on its page."""

from pages.widgets.points.instance_names import instance_names


def test_who_has_no_name_is_called_by_the_number_in_the_picture():
    rows = [(614, "face", None), (615, "person", None), (617, "face", "Ada"), (620, "face", None)]
    instances = [{"id": number, "kind": kind, "label": label} for number, kind, label in rows]
    assert instance_names(instances) == {614: "face 1", 615: "person 1", 617: "Ada", 620: "face 3"}
    assert instance_names([]) == {}
