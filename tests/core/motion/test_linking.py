"""Which instances of a clip are one track, and where a track breaks."""

import numpy as np

from core.motion.linking import breaks_of, link_instances
from db.queries.motion.seen import ClipFrame, SeenInstance


def rows_of(*indices):
    return [ClipFrame(index, f"{index}.jpg") for index in indices]


def seen(frame, left, instance=0, person=None, size=50.0, skeleton="face68"):
    points = np.tile(np.array([left, 0.0, 2, 1], "<f4"), (4, 1)).tobytes()
    return SeenInstance(frame, instance, (left, 0, left + size, size), person, skeleton, points, None)


def lefts(track):
    return [None if np.isnan(x) else x for x in track.predicted[:, 0, 0]]


def test_boxes_that_overlap_are_one_track():
    frames = rows_of(0, 1, 2)
    tracks = link_instances(frames, [seen(0, 0), seen(0, 40), seen(1, 30), seen(1, 5), seen(2, 10), seen(2, 200)])
    assert [lefts(track) for track in tracks] == [[0, 5, 10], [40, 30, None]]
    assert link_instances(frames, [seen(0, 0), seen(1, 300), seen(2, 600)]) == []


def test_a_box_is_not_linked_across_a_frame_that_is_not_there():
    frames = [ClipFrame(0, "0"), ClipFrame(1, "1"), ClipFrame(2, None), ClipFrame(3, "3"), ClipFrame(4, "4")]
    tracks = link_instances(frames, [seen(at, 0) for at in range(5)])
    assert [lefts(track) for track in tracks] == [[0, 0, None, None, None], [None, None, None, 0, 0]]
    tracks = link_instances(rows_of(0, 1, 5, 6), [seen(at, 0) for at in (0, 1, 5, 6)])
    assert [lefts(track) for track in tracks] == [[0, 0, None, None], [None, None, 0, 0]]


def test_a_person_stays_one_track_over_gaps_and_wherever_the_box_is():
    frames = [ClipFrame(0, "0"), ClipFrame(1, None), ClipFrame(2, "2"), ClipFrame(3, "3")]
    tracks = link_instances(
        frames, [seen(0, 0, person=7), seen(2, 400, person=7), seen(3, 800, person=7), seen(3, 0, person=8)]
    )
    assert [lefts(track) for track in tracks] == [[0, None, 400, 800]]


def test_a_cut_to_where_the_same_person_is_elsewhere_breaks_the_pair():
    frames = rows_of(0, 1, 2, 3)
    places = [0, 10, 300, 310]
    (track,) = link_instances(frames, [seen(at, left, person=7) for at, left in enumerate(places)])
    assert lefts(track) == places
    assert track.breaks.tolist() == [False, True, False]
    assert breaks_of(frames).tolist() == [False, False, False]


def test_another_scene_breaks_the_pair_even_where_the_boxes_overlap():
    frames = [ClipFrame(index, f"{index}.jpg", scene) for index, scene in enumerate((0, 0, 1, 1))]
    assert breaks_of(frames).tolist() == [False, True, False]
    (track,) = link_instances(frames, [seen(at, 5 * at, person=7) for at in range(4)])
    assert track.breaks.tolist() == [False, True, False]
    unnamed = link_instances(frames, [seen(at, 5 * at) for at in range(4)])
    assert [lefts(one) for one in unnamed] == [[0, 5, None, None], [None, None, 10, 15]]


def test_two_instances_of_one_person_in_a_frame_are_two_tracks():
    both = [seen(0, 0, person=7), seen(0, 100, person=7), seen(1, 0, person=7), seen(1, 100, person=7)]
    assert [lefts(track) for track in link_instances(rows_of(0, 1), both)] == [[0, 0], [100, 100]]


def test_other_skeletons_are_other_tracks():
    assert link_instances(rows_of(0, 1), [seen(0, 0), seen(1, 0, skeleton="body24")]) == []


def test_the_videos_own_stride_is_no_gap():
    assert breaks_of(rows_of(0, 5, 10, 20, 25)).tolist() == [False, False, True, False]
    assert breaks_of(rows_of(0, 1, 2)).tolist() == [False, False]
    assert breaks_of(rows_of(3)).tolist() == []
    assert breaks_of([]).tolist() == []
    assert link_instances([], []) == []


def test_boxes_are_linked_for_the_largest_sum_of_overlaps():
    """The best pair first would cross the tracks: 0.92 for 12 with 10, and 0.39 for what is left."""
    boxes = [seen(0, 0), seen(0, 12), seen(1, 10), seen(1, 22)]
    tracks = link_instances(rows_of(0, 1), boxes)
    assert sorted(lefts(track) for track in tracks) == [[0, 10], [12, 22]]


def test_a_pair_below_the_least_overlap_is_never_taken_to_complete_the_others():
    tracks = link_instances(rows_of(0, 1), [seen(0, 0), seen(0, 20), seen(1, 20), seen(1, 45)])
    assert sorted(lefts(track) for track in tracks) == [[20, 20]]
