#!/usr/bin/env bash
# The plugin's tests under newer QGIS versions: `sudo release/compat.sh trixie forky` runs tests/qgis in one Debian chroot after the other
# (trixie: QGIS 3.40; forky: the version in Debian testing), or the tests after `--`. The backend runs there too, in the chroot's own Python
# with numpy, Pillow, httpx and GDAL; without torch, so that the demo model can't answer. The chroots stay in .build/compat, 3 GB each.
# ZOOMEARTH_TEST_DATA: a folder with larger test rasters, which is copied into the chroots (optional).
set -euo pipefail
cd "$(dirname "$0")/.."

[ "$(id -u)" = 0 ] || exec sudo "$0" "$@"
renice -n 10 $$ >/dev/null

suites=()
while [ $# -gt 0 ] && [ "$1" != -- ]; do suites+=("$1"); shift; done
[ $# -gt 0 ] && shift
tests=("$@")  # by default all but the tests of the installation, which do not depend on QGIS
[ $# -gt 0 ] || tests=(tests/qgis --ignore-glob="tests/qgis/test_install*" --ignore=tests/qgis/test_options.py)
home=$PWD/.build/compat
packages=(python3-qgis qgis-providers python3-gdal gdal-bin python3-numpy python3-pil python3-psutil python3-httpx python3-opencv python3-rasterio poppler-utils procps qgis)
mkdir -p "$home"

# The Debian mirror of this machine's apt.
mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Origin: Debian' | head -n 1)
[ -n "$mirror" ] || { echo "compat: apt has no Debian archive in its sources; run this on Debian." >&2; exit 2; }

make_chroot() {  # suite; the file .made lists the packages of a finished chroot
  local root=$home/$1
  [ "$(cat "$root/.made" 2>/dev/null)" != "${packages[*]}" ] || return 0
  command -v debootstrap >/dev/null || apt-get install -y -q debootstrap
  if [ ! -e "$root/.made" ]; then
    rm -rf "$root"
    debootstrap --variant=minbase "$1" "$root" "$mirror" /usr/share/debootstrap/scripts/sid
    cp /etc/apt/apt.conf.d/* "$root/etc/apt/apt.conf.d/"
  fi
  inside "$root" 'apt-get update -q && apt-get install -y -q --no-install-recommends "$@" && apt-get clean' "${packages[@]}"
  echo "${packages[*]}" > "$root/.made"
}

inside() {  # root, command line, arguments; with mounts and processes of its own, which end with it
  local root=$1 line=$2
  shift 2
  unshare --mount --pid --fork --kill-child bash -c '
    mount -t proc proc "$0/proc" && mount --bind /dev "$0/dev" && mount -t tmpfs tmpfs "$0/dev/shm" && mount -t tmpfs tmpfs "$0/tmp"
    exec chroot "$0" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 DEBIAN_FRONTEND=noninteractive bash -c "$@"
  ' "$root" "$line" inside "$@"
}

# The test tools are pure Python, so that one folder serves every chroot.
tools=$home/tools
[ -e "$tools/pytest" ] || python3 -m pip install -q --disable-pip-version-check --target "$tools" \
  pytest==9.2.0 pytest-qt==4.5.0 pytest-qgis==5.0.2 pytest-timeout hypothesis==6.100.0

status=0
for suite in "${suites[@]}"; do
  make_chroot "$suite"
  root=$home/$suite
  rm -rf "$root/zoomearth" && mkdir "$root/zoomearth" && rm -rf "$root/tools" && cp -r "$tools" "$root/tools"
  git -c safe.directory='*' ls-files -z --cached --others --exclude-standard | tar --null --ignore-failed-read -T - -cf - | tar -xf - -C "$root/zoomearth"
  if [ -n "${ZOOMEARTH_TEST_DATA:-}" ]; then rm -rf "$root/shared" && mkdir "$root/shared" && cp -r "$ZOOMEARTH_TEST_DATA" "$root/shared/data"; fi
  inside "$root" 'python3 -c "from qgis.core import Qgis; from qgis.PyQt.QtCore import QT_VERSION_STR; import sys
print(\"compat:\", sys.argv[1], \"QGIS\", Qgis.QGIS_VERSION, \"Qt\", QT_VERSION_STR, \"Python\", sys.version.split()[0])" "$1"' "$suite" 2>/dev/null
  inside "$root" '
    export QT_QPA_PLATFORM=offscreen XDG_RUNTIME_DIR=/tmp/xdg PYTHONPATH=/tools ZOOMEARTH_TEST_PYTHON=/usr/bin/python3 OMP_NUM_THREADS=1
    mkdir -m 700 "$XDG_RUNTIME_DIR" && cd /zoomearth || exit 2
    python3 -B -m pytest -q -rs --timeout 120 -p no:cacheprovider "$@"
    exit $?  # bash stays as the parent that reaps killed processes' "${tests[@]}" || status=1
done
exit $status
