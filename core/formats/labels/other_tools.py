"""Label files of tools that are not read: told by how they begin, with what to export there instead."""

import re
from typing import Final

from core.foundation.messages import Message, message

_CVAT: Final = "COCO Keypoints 1.0"
_COCO: Final = "COCO"

# Ending, what stands in the head of such a file, the tool, and what to export there.
_TOOLS: Final = tuple(
    (ending, re.compile(pattern), tool, instead)
    for ending, pattern, tool, instead in (
        (".xml", r"<annotations>[\s\S]*?(<version>|<meta>|<image |<track )", "CVAT XML", _CVAT),
        (".xml", r"<annotation[ >][\s\S]*?<(folder|filename|object)>", "Pascal VOC XML", _COCO),
        (".json", r'^\s*\[\s*\{[\s\S]*?"(annotations|predictions|completions)"\s*:\s*\[', "Label Studio JSON", _COCO),
        (".json", r'^\s*\[\s*\{[\s\S]*?"(kp-\d+|annotation_id|original_width)"', "Label Studio JSON-MIN", _COCO),
        (".json", r'"shapes"\s*:\s*\[[\s\S]*?"(imagePath|shape_type|group_id)"', "LabelMe JSON", _COCO),
        (".json", r'"_via_(img_metadata|settings)"|"shape_attributes"', "VIA JSON", _COCO),
        (".json", r'"pose_keypoints_2d"', "OpenPose JSON", _COCO),
        (".json", r'"keypoint_annotations"', "AI Challenger JSON", _COCO),
        (".json", r'^\s*\[\s*\{[\s\S]*?"image_id"[\s\S]*?"(keypoints|bbox|score)"', "COCO results", _COCO),
        (".mat", r"^MATLAB 7\.3 MAT-file", "a MATLAB file of version 7.3", "one of version 7 (save -v7)"),
    )
)


def tool_of(ending: str, head: str) -> Message | None:
    """Say which tool's file this is and what to export there instead; None for any other.

    Parameters
    ----------
    ending
        Of its name, with the dot, in small letters.
    head
        How its text begins, at least some thousand letters of it.
    """
    for of_ending, pattern, tool, instead in _TOOLS:
        if ending == of_ending and pattern.search(head):
            return message("labels.other_tool", tool=tool, instead=instead)
    return None
