"""BlazePose: people and 33 points of each, by two networks of MediaPipe's.

Bazarevsky et al.: BlazePose: On-device Real-time Body Pose tracking, CVPR workshops 2020. The first network looks for
people in the whole picture and says where the middle of their hips and the top of their head are; the second locates
the points in a square that is turned by these two.
"""
