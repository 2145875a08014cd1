"""Pictures, videos, crops of them, where a clip cuts, and files that appear whole."""
