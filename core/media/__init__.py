"""Pictures, videos, crops of them, and where a clip cuts."""
