import re

import pytest

from core.foundation.skeletons import SKELETONS
from core.models.pose import NETWORKS
from core.models.weights import WEIGHTS, status


def test_packaged_files_are_those_of_the_table(tmp_path):
    for row in status(tmp_path):
        entry = WEIGHTS[row.name]
        assert row.present == (entry.package is not None)
        if row.present:
            assert (row.size, row.sha256) == (entry.size, entry.sha256)
        else:
            assert (row.size, row.sha256) == (None, None)


@pytest.mark.parametrize("name", WEIGHTS)
def test_an_entry_says_where_its_file_comes_from_and_how_it_is_known(name):
    entry = WEIGHTS[name]
    assert sum(place is not None for place in (entry.url, entry.package, entry.wheel)) == 1, "comes from one place"
    assert (entry.wheel is not None) == bool(entry.member)
    assert entry.wheel is None or (entry.sha256 is not None and entry.size is not None), "what is taken out is pinned"
    assert entry.url is None or entry.url.startswith("https://")
    assert entry.sha256 is None or re.fullmatch("[0-9a-f]{64}", entry.sha256)
    assert entry.digest_start is None or re.fullmatch("[0-9a-f]{8,}", entry.digest_start)
    assert entry.package is None or entry.sha256 is not None
    assert entry.size is None or entry.size > 1000
    assert entry.licence
    assert entry.purpose


@pytest.mark.parametrize("name", [name for name, entry in WEIGHTS.items() if entry.network])
def test_weights_of_a_pose_network_name_one_that_there_is(name):
    entry = WEIGHTS[name]
    assert entry.network in NETWORKS
    assert name in NETWORKS[entry.network].pretrained or entry.network.startswith(("pipnet", "resnet"))
    assert entry.naming is not None
    assert entry.skeleton is None or entry.skeleton in SKELETONS


def test_no_two_fetched_files_have_one_name():
    names = [entry.file for entry in WEIGHTS.values() if not entry.package]
    assert len(set(names)) == len(names)
