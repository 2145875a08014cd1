"""The keypoint editor and what stands around it."""
