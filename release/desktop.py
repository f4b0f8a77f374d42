"""Starts QGIS with the plugin in a separate profile: for trying the plugin, and for the desktop test.

    python3 release/desktop.py [RASTER ...]                          # on your screen; your own QGIS profile is not changed
    python3 release/desktop.py --drive tests/desktop/drive.py --out .build/desktop RASTER
    python3 release/desktop.py --drive tests/desktop/installed.py --zip dist/zoomearth-0.1.0.zip

With --drive, QGIS runs on a virtual screen (xvfb-run) with a new profile, and the exit code is the driver's.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
INI = """[PythonPlugins]
{active}processing=true
MetaSearch=false
db_manager=false
grassprovider=false
sagaprovider=false
otbprovider=false
[app]
plugin_installer\\checkOnStart=false
askToSaveMemoryLayers=false
askToSaveProjectChanges=false
projections\\unknownCrsBehavior=NoAction
[core]
NewsFeed\\disabled=true
[qgis]
checkVersion=false
showTips=false
enableMacros=Never
[locale]
overrideFlag=true
userLocale={locale}
globalLocale={locale}
[zoomearth]
python={python}
"""
LIMIT = 240  # seconds: the time limit of a driven QGIS


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("rasters", nargs="*", type=Path)
    parser.add_argument("--drive", type=Path, help="a script that QGIS runs on a virtual screen; the exit code is the script's")
    parser.add_argument("--out", type=Path, default=ROOT / ".build" / "desktop", help="where a driver leaves its pictures and its log")
    parser.add_argument("--plugin", type=Path, default=ROOT, help="the plugin's folder (default: this checkout)")
    parser.add_argument("--zip", type=Path, help="no plugin is there at first: the driver installs this one")
    parser.add_argument("--python", type=Path, default=ROOT / ".venv" / "bin" / "python", help="the backend's Python")
    parser.add_argument("--locale", default="en_US")
    options = parser.parse_args()
    if shutil.which("qgis") is None:
        sys.exit("desktop.py: QGIS is not installed: `make setup-desktop` installs it on Debian and Ubuntu.")
    options.out.mkdir(parents=True, exist_ok=True)
    if options.drive:
        with tempfile.TemporaryDirectory(prefix="zoomearth-desktop-") as folder:
            return _run(Path(folder), options)
    return _run(ROOT / ".build" / "qgis-profile", options)


def _run(folder: Path, options: argparse.Namespace) -> int:
    """Starts QGIS with the profile in `folder`, which is created if necessary."""
    profile = folder / "profiles" / "default"
    plugins = profile / "python" / "plugins"
    ini = profile / "QGIS" / "QGIS3.ini"
    plugins.mkdir(parents=True, exist_ok=True)
    ini.parent.mkdir(exist_ok=True)
    if not ini.exists():
        active = "" if options.zip else "zoomearth=true\n"
        ini.write_text(INI.format(active=active, python=options.python.absolute(), locale=options.locale))
    link = plugins / "zoomearth"
    link.unlink(missing_ok=True)
    if not options.zip:
        link.symlink_to(options.plugin.resolve())
    rasters = [str(raster.resolve()) for raster in options.rasters]
    environment = {
        **os.environ,
        "PATH": os.pathsep.join(["/usr/bin", os.environ.get("PATH", "")]),
    }  # QGIS takes the first python3 for its own
    command = ["qgis", "--profiles-path", str(folder), "--profile", "default", "--nologo", "--noversioncheck"]
    if not options.drive:
        return subprocess.run([*command, *rasters], env=environment).returncode
    runtime = folder / "run"
    runtime.mkdir(mode=0o700)
    environment |= {
        "XDG_RUNTIME_DIR": str(runtime),
        "LIBGL_ALWAYS_SOFTWARE": "1",
        "QT_X11_NO_MITSHM": "1",
        "ZOOMEARTH_HOME": str(folder / "home"),
        "ZOOMEARTH_CACHE": str(folder / "cache"),
        "PYTHONPATH": os.pathsep.join(filter(None, [str(options.drive.resolve().parent), os.environ.get("PYTHONPATH")])),
        "DRIVE_NAME": options.drive.stem,
        "DRIVE_OUT": str(options.out.resolve()),
        "DRIVE_RASTERS": os.pathsep.join(rasters),
        "DRIVE_ZIP": str(options.zip.resolve()) if options.zip else "",
    }
    environment.pop("QT_QPA_PLATFORM", None)  # the desktop itself does not run offscreen
    screen = ["xvfb-run", "-a", "-s", "-screen 0 1600x1000x24 -nolisten tcp"]
    script = ["--code", str(options.drive.resolve())]
    try:
        return subprocess.run([*screen, *command, *script], env=environment, timeout=LIMIT).returncode
    except subprocess.TimeoutExpired:
        sys.exit(f"desktop.py: QGIS was not done after {LIMIT} s; {options.out} has its log and pictures so far.")


if __name__ == "__main__":
    sys.exit(main())
