"""An ONNX network written byte by byte, as protocol buffers lay it out."""


def _varint(value):
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes([*out, value])


def _field(number, value):
    if isinstance(value, int):
        return _varint(number << 3) + _varint(value)
    data = value.encode() if isinstance(value, str) else value
    return _varint(number << 3 | 2) + _varint(len(data)) + data


def _tensor_info(name, sizes):
    shape = b"".join(_field(1, _field(1, size)) for size in sizes)
    return _field(1, name) + _field(2, _field(1, _field(1, 1) + _field(2, shape)))


def _node(kind, source, target):
    return _field(1, source) + _field(2, target) + _field(4, kind)


def mean_colour_network():
    """One whose vector is the mean of each normalised channel, so results can be worked out by hand."""
    graph = (
        _field(1, _node("GlobalAveragePool", "x", "pooled"))
        + _field(1, _node("Flatten", "pooled", "y"))
        + _field(2, "mean colour")
        + _field(11, _tensor_info("x", (1, 3, 112, 112)))
        + _field(12, _tensor_info("y", (1, 3)))
    )
    return _field(1, 8) + _field(7, graph) + _field(8, _field(1, "") + _field(2, 13))
