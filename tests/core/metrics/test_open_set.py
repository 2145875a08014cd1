import math
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.foundation.errors import BadInput, NotEnoughData
from core.metrics import open_set
from core.metrics.open_set import Searches

# Gallery of people 1, 2, 2, 3; probes of 1, 2, 3 and of 9, who is not in it.
GALLERY = np.array([1, 2, 2, 3])
PROBES = np.array([1, 2, 3, 9])
SCORES = np.array([[0.9, 0.2, 0.3, 0.1], [0.6, 0.1, 0.7, 0.2], [0.5, 0.4, 0.8, 0.5], [0.1, 0.2, 0.3, 0.6]])


def test_searches_worked_out_by_hand():
    found = Searches.of(SCORES, PROBES, GALLERY, 0.5)
    assert found.own.tolist() == [0.9, 0.7, 0.5, -np.inf]
    assert found.other.tolist() == [0.3, 0.6, 0.8, 0.6]
    assert found.rank.tolist() == [1, 1, 3, 0]  # person 1 ties with the third's own and stands before them
    assert found.accepted.tolist() == [0, 1, 2, 1]
    assert found.people.tolist() == [2, 2, 2, 3]
    assert found.rank_1 == pytest.approx(2 / 3)
    assert found.cmc(4).tolist() == pytest.approx([2 / 3, 2 / 3, 1, 1])
    assert (found.fpir(0.6), found.fpir(0.61)) == (1, 0)
    assert found.fpir(0.6, taken_out=True) == 0.75
    assert (found.dir(0.5), found.dir(0.8), found.dir(0.5, rank=3)) == (pytest.approx(2 / 3), pytest.approx(1 / 3), 1)


def test_dir_at_fpir_worked_out_by_hand():
    found = Searches.of(SCORES, PROBES, GALLERY, 0.5)
    strict = found.dir_at_fpir(0.2, taken_out=True)  # none of four
    assert (strict.threshold, strict.allowed, strict.fpir) == (np.nextafter(0.8, 1), 0, 0)
    assert (strict.dir, strict.strangers) == (pytest.approx(1 / 3), 4)
    loose = found.dir_at_fpir(0.25, taken_out=True)
    assert (loose.threshold, loose.fpir, loose.dir) == (np.nextafter(0.6, 1), 0.25, pytest.approx(2 / 3))
    both = found.dir_at_fpir(0.5, taken_out=True)  # the next two tie: neither is accepted
    assert (both.fpir, both.allowed) == (0.25, 2)
    assert found.dir_at_fpir(1, taken_out=True).threshold == 0.3
    assert found.dir_at_fpir(0).threshold == np.nextafter(0.6, 1)


def drawn(seed, probes=40, gallery=30, people=12):
    rng = np.random.default_rng(seed)
    scores = rng.normal(size=(probes, gallery)).round(1)
    return scores, rng.integers(0, people + 4, probes), rng.integers(0, people, gallery)


def plain_rank(row, person, gallery):
    own = row[gallery == person]
    if not len(own):
        return 0
    return 1 + sum(row[gallery == name].max() >= own.max() for name in set(gallery.tolist()) - {person})


@pytest.mark.parametrize("seed", range(3))
def test_figures_are_those_of_looking_through_every_probe(seed):
    scores, probes, gallery = drawn(seed)
    found = Searches.of(scores, probes, gallery, 0.8)
    ranks = [plain_rank(row, person, gallery) for row, person in zip(scores, probes, strict=True)]
    assert found.rank.tolist() == ranks
    mated = np.array(ranks) > 0
    for count in (1, 3, 50):
        assert found.cmc(50)[count - 1] == pytest.approx(np.mean(np.array(ranks)[mated] <= count))
    top = np.array([row[gallery != person].max() for row, person in zip(scores, probes, strict=True)])
    assert found.fpir(1.3) == pytest.approx((top[~mated] >= 1.3).mean())
    assert found.fpir(1.3, taken_out=True) == pytest.approx((top >= 1.3).mean())
    own = np.array([row[gallery == name].max() for row, name in zip(scores[mated], probes[mated], strict=True)])
    for fpir in (0, 0.1, 0.29, 0.5):
        point = found.dir_at_fpir(fpir, rank=2, taken_out=True)
        assert point.fpir == (top >= point.threshold).mean() <= fpir
        assert point.dir == pytest.approx(((own >= point.threshold) & (np.array(ranks)[mated] <= 2)).mean())
        lower = top[top < point.threshold].max()
        assert (top >= lower).mean() > fpir


@pytest.mark.parametrize("taken_out", [False, True])
def test_fpir_by_size_is_the_mean_over_every_subset_of_people(taken_out):
    scores, probes, gallery = drawn(5, people=6)
    found = Searches.of(scores, probes, gallery, 1.4)
    names = sorted(set(gallery.tolist()))
    growth = found.fpir_by_size(np.array([0, 1, 3, 5, 6, 9]), taken_out=taken_out)
    chosen = np.ones(len(probes), bool) if taken_out else ~np.isin(probes, names)
    for size, measured in zip(growth.sizes.tolist()[1:4], growth.measured.tolist()[1:4], strict=True):
        shares = []
        for row, person in zip(scores[chosen], probes[chosen], strict=True):
            others = [name for name in names if name != person]
            hits = [(row[np.isin(gallery, some)] >= 1.4).any() for some in combinations(others, size)]
            shares.append(np.mean(hits))
        assert measured == pytest.approx(np.mean(shares))
    assert growth.measured[0] == 0
    assert math.isnan(growth.measured[-1])  # more than there are
    assert growth.measured[1] == pytest.approx(growth.fmr)
    assert growth.independent.tolist() == pytest.approx(list(1 - (1 - growth.fmr) ** growth.sizes))


def test_false_matches_that_gather_on_one_probe_grow_slower_than_independent_ones():
    scores = np.zeros((50, 40))
    scores[0] = 1
    growth = Searches.of(scores, np.full(50, 99), np.arange(40), 0.5).fpir_by_size(np.array([1, 10, 40]))
    assert growth.measured.tolist() == pytest.approx([0.02, 0.02, 0.02])
    assert growth.independent[2] == pytest.approx(1 - 0.98**40)


def unit(rng, count, dimension=16):
    vectors = rng.normal(size=(count, dimension))
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def test_vectors_give_what_their_scores_do_whatever_the_blocks(monkeypatch):
    rng = np.random.default_rng(1)
    probes, gallery = unit(rng, 23), unit(rng, 30)
    of_probes, of_gallery = rng.integers(0, 9, 23), rng.integers(0, 7, 30)
    whole = Searches.of(probes @ gallery.T, of_probes, of_gallery, 0.3)
    monkeypatch.setattr(open_set, "_AT_ONCE", 100)
    found = Searches.of_vectors(probes, gallery, of_probes, of_gallery, 0.3)
    assert found.rank.tolist() == whole.rank.tolist()
    assert found.accepted.tolist() == whole.accepted.tolist()
    assert found.other.tolist() == pytest.approx(whole.other.tolist(), abs=1e-6)


def test_an_album_is_its_own_gallery_without_the_face_itself():
    vectors = unit(np.random.default_rng(2), 6)
    person = np.array([0, 0, 1, 1, 2, 3])  # the last two have one face: to themselves they are strangers
    found = Searches.of_vectors(vectors, vectors, person, person, 0.3, itself=np.arange(6))
    assert found.mated.tolist() == [True, True, True, True, False, False]
    assert found.own[:2].tolist() == pytest.approx([vectors[0] @ vectors[1]] * 2, abs=1e-6)
    assert found.people.tolist() == [3, 3, 3, 3, 3, 3]
    kept = Searches.of_vectors(vectors, vectors, person, person, 0.3)
    assert kept.own.tolist() == pytest.approx([1] * 6, abs=1e-6)


def test_nothing_to_search_for_or_in_has_no_figures():
    empty = Searches.of(np.zeros((0, 4)), np.zeros(0, int), GALLERY, 0.5)
    assert math.isnan(empty.rank_1)
    assert math.isnan(empty.fpir(0.5))
    assert np.isnan(empty.cmc(3)).all()
    assert np.isnan(empty.fpir_by_size(np.array([1])).measured).all()
    assert (
        len(
            Searches.of_vectors(
                np.zeros((0, 3), np.float32), unit(np.random.default_rng(0), 4, 3), PROBES[:0], GALLERY, 0.5
            ).rank
        )
        == 0
    )
    nobody = Searches.of(np.zeros((4, 0)), PROBES, np.zeros(0, int), 0.5)
    assert (nobody.mated.any(), nobody.fpir(0.5)) == (False, 0)
    assert np.isnan(nobody.fpir_by_size(np.array([1])).measured).all()
    with pytest.raises(NotEnoughData, match="there are 0 and 4"):
        nobody.dir_at_fpir(0.1)
    with pytest.raises(NotEnoughData, match="there are 3 and 0"):
        Searches.of(SCORES[:3], PROBES[:3], GALLERY, 0.5).dir_at_fpir(0.1)


def test_what_makes_no_sense_is_refused():
    with pytest.raises(BadInput, match=r"a row for each probe .* \(4,\) and \(3,\), not \(4, 4\)"):
        Searches.of(SCORES, PROBES, GALLERY[:3], 0.5)
    with pytest.raises(BadInput, match="1 of 16 scores are not finite"):
        Searches.of(np.where(SCORES == 0.9, np.inf, SCORES), PROBES, GALLERY, 0.5)
    found = Searches.of(SCORES, PROBES, GALLERY, 0.5)
    with pytest.raises(BadInput, match=r"rate in \[0, 1\], not 1.1"):
        found.dir_at_fpir(1.1)
    for sizes in ([-1], [[1]]):
        with pytest.raises(BadInput, match="sizes of galleries"):
            found.fpir_by_size(np.array(sizes))


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from([0, 1]))
def test_laws_of_searching(seed, decimals):
    rng = np.random.default_rng(seed)
    scores = rng.normal(size=(15, 12)).round(decimals)  # with ties
    found = Searches.of(scores, rng.integers(0, 8, 15), rng.integers(0, 6, 12), 0.5)
    cmc, levels = found.cmc(6), np.linspace(-4, 4, 9)
    if found.mated.any():
        assert (np.diff(cmc) >= 0).all()
        assert cmc[-1] == pytest.approx(1)  # whoever is in the gallery is found somewhere
        dirs = np.array([found.dir(level) for level in levels])
        assert (np.diff(dirs) <= 0).all()
        assert (dirs <= found.rank_1).all()
    assert (np.diff([found.fpir(level, taken_out=True) for level in levels]) <= 0).all()
    growth = found.fpir_by_size(np.arange(int(found.people.min()) + 1), taken_out=True)
    assert (np.diff(growth.measured) >= -1e-12).all()
    assert growth.measured[-1] <= found.fpir(0.5, taken_out=True) + 1e-12
