from core.models.pose.hrnet import HRNetMap


def test_hrnet_leaves_out_what_nothing_reads():
    kept = set(HRNetMap("hrnet_w18_small").state_dict())
    assert not [name for name in kept if "incre" in name or "classifier" in name or "final_layer" in name]
    assert not [name for name in kept if name.startswith("net.stage4") and "fuse_layers.1" in name]
