"""The process that shows pages stays small: no network and no library of networks is ever loaded there."""

import json
import os
import subprocess
import sys

from tests.builders.places import ROOT

PAGES = sorted(path.name for path in (ROOT / "pages").glob("*.py") if path.stem not in ("__init__", "navigation"))
HEAVY = (
    "torch",
    "torchvision",
    "dlib",
    "facenet_pytorch",
    "timm",
    "transformers",
    "onnxruntime",
    "ai_edge_litert",
    "faiss",
)
OPEN = f"""
import json, sys
from streamlit.testing.v1 import AppTest
test = AppTest.from_file({str(ROOT / "pages" / "navigation.py")!r}, default_timeout=120)
loaded = {{}}
for page in {PAGES!r}:
    test.switch_page(page).run()
    assert not test.exception, (page, test.exception)
    loaded[page] = [name for name in {HEAVY!r} if name in sys.modules]
print(json.dumps(loaded))
"""


def test_no_page_loads_torch_or_dlib_into_the_process_that_shows_it(workspace, small_dataset):
    environment = os.environ | {"FACET_HOME": str(workspace.home), "FACET_USER": "ada", "PYTHONPATH": str(ROOT)}
    shown = subprocess.run([sys.executable, "-c", OPEN], capture_output=True, text=True, env=environment, timeout=300)
    assert shown.returncode == 0, shown.stderr[-3000:]
    assert json.loads(shown.stdout.splitlines()[-1]) == {page: [] for page in PAGES}


STARTED = """
import gc, json, sys, threading, app
print(json.dumps([name for name in NAMES if name in sys.modules]))
for thread in threading.enumerate():
    if thread.name == "slow parts":
        thread.join()
assert gc.get_freeze_count() > 100_000
print(json.dumps([name for name in NAMES if name in sys.modules]))
"""


def test_the_workbench_starts_without_what_only_single_figures_need_and_loads_what_pages_need_meanwhile(tmp_path):
    slow = ("torch", "scipy.optimize", "scipy.signal", "scipy.stats", "sklearn", "onnxruntime", "faiss")
    meanwhile = ("huey", "scipy.special", "pandas")
    environment = os.environ | {"FACET_HOME": str(tmp_path), "PYTHONPATH": str(ROOT)}
    program = STARTED.replace("NAMES", repr(slow + meanwhile[::-1]))
    shown = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, env=environment, timeout=300, check=True
    )
    at_start, later = map(json.loads, shown.stdout.splitlines()[-2:])
    assert set(at_start) <= {"pandas"}
    assert sorted(later) == sorted(meanwhile)
