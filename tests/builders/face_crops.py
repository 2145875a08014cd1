def crops_of(encoder, found):
    return [
        encoder.crop(picture, corners, points)
        for picture, boxes in found
        for corners, points in zip(boxes.corners, boxes.five_points, strict=True)
    ]
