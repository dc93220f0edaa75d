"""What is installed is what is here: also what no module imports, as the revisions of the stores' schemas."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_the_wheel_holds_every_file_of_the_package(tmp_path: Path) -> None:
    """A revision that is missing there would be missed by the first whose store is older."""
    sources = {
        path.relative_to(ROOT / "src").as_posix()
        for path in (ROOT / "src").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }

    subprocess.run([sys.executable, "-m", "flit_core.wheel", "--outdir", str(tmp_path)], cwd=ROOT, check=True)

    (wheel,) = tmp_path.iterdir()
    packed = {name for name in zipfile.ZipFile(wheel).namelist() if name.startswith("interlock/")}
    assert packed == sources
    assert "interlock/store/sqlite/migrations/versions/0001_runs.py" in packed
