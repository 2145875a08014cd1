"""Recipes: all can be built, each setting can be changed from text, and mistakes name the key and the choices."""

from __future__ import annotations

import subprocess
import sys


def test_asking_for_recipes_loads_no_torch() -> None:
    code = "import sys, core.training.recipes, core.training.listening; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
