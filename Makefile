# make demo          sets everything up and asks three questions over a scene made on the spot
# make quick         lint, types, core and backend without a model: one to two minutes once everything is set up
# make test          sets everything up and runs the whole suite, the desktop run and the documentation included
# make docs          the documentation as a site in .build/site
# make qgis          opens QGIS with the plugin, in a profile of its own
# make desktop-test  the real QGIS on a virtual screen: asked by mouse and keyboard, its pictures in .build/desktop
# make package       the plugin's zip in dist/, examined as the plugin site does, installed into an empty profile and asked
# make compat        the plugin's tests under QGIS 3.40 and 3.44, in Debian chroots (root, 4 GB, the first time half an hour)
# All of them go on where they were interrupted.

.DEFAULT_GOAL := help
.PHONY: help setup setup-qgis setup-desktop demo qgis lint quick quick-tests docs test desktop-test package compat clean

VENV := .venv
QGIS_VENV := .venv-qgis
DOCS_VENV := .venv-docs
PY := $(VENV)/bin/python
VERSIONS := --constraint tests/oldest.txt
AS_ROOT := $(shell [ "$$(id -u)" = 0 ] || echo sudo)
IN_TWO := --numprocesses 2 --dist loadfile
QGIS_PYTEST := QT_QPA_PLATFORM=offscreen $(QGIS_VENV)/bin/python -m pytest
APT := $(AS_ROOT) env DEBIAN_FRONTEND=noninteractive apt-get

help:
	@sed -n 's/^# //p' Makefile

setup: $(VENV)/.installed .build/path/zoomearth

# A pure environment: no system packages, so that numpy and torch are the ones pyproject.toml names.
$(VENV)/.installed: pyproject.toml $(wildcard */requirements.txt) tests/oldest.txt resources/requirements/backend.txt
	@python3 -c 'import ensurepip, venv' 2>/dev/null || { $(APT) update -q && $(APT) install -y -q python3-venv; }
	@[ -e /usr/share/wordnet/data.noun ] || { $(APT) update -q && $(APT) install -y -q --no-install-recommends wordnet-base; }
	$(PY) -m pip --version >/dev/null 2>&1 || python3 -m venv --clear $(VENV)
	$(PY) -m pip install -q --disable-pip-version-check $(VERSIONS) --editable '.[backend,training,dev]'
	@touch $@

# mypy does not see editable installs; it finds the package here under its name.
.build/path/zoomearth:
	@mkdir -p $(@D) && ln -sfn ../.. $@

# QGIS's own Python, which has the system's GDAL: the same reader is tested there too.
setup-qgis: $(QGIS_VENV)/.installed

$(QGIS_VENV)/.installed: Makefile
	@/usr/bin/python3 -c 'import qgis.core, osgeo.gdal, numpy, PIL, ensurepip' 2>/dev/null || \
	  { $(APT) update -q && $(APT) install -y -q --no-install-recommends python3-qgis qgis-providers python3-gdal python3-numpy python3-pil python3-venv; }
	$(QGIS_VENV)/bin/python -m pip --version >/dev/null 2>&1 || /usr/bin/python3 -m venv --clear --system-site-packages $(QGIS_VENV)
	$(QGIS_VENV)/bin/python -m pip install -q --disable-pip-version-check \
	  pytest==9.2.0 pytest-qt==4.5.0 pytest-qgis==5.0.2 pytest-timeout pytest-xdist hypothesis psutil uv
	@touch $@

# The desktop itself, a virtual screen for it, and what its tests read files back with.
setup-desktop: setup-qgis
	@for program in qgis xvfb-run xauth ogrinfo pdftotext pdftoppm ps; do command -v $$program >/dev/null || missing=1; done; [ -z "$$missing" ] || \
	  { $(APT) update -q && $(APT) install -y -q --no-install-recommends qgis xvfb xauth gdal-bin poppler-utils procps fonts-open-sans; }
	@command -v chromium >/dev/null || $(APT) install -y -q --no-install-recommends chromium || echo "no chromium: the tests of reports in a browser are skipped"

demo: setup
	$(VENV)/bin/zoomearth demo demo-run

lint: setup
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy

# Of the tests that need neither a model nor QGIS, the quick ones; `make test` runs the others too.
QUICK := address commands complaints dialect exchange files georeference imports look protocol records region scene stretch texts wire

quick: setup
	@start=$$(date +%s); $(MAKE) --no-print-directory --jobs=2 --output-sync lint quick-tests && echo "make quick: $$(($$(date +%s) - start)) s"

quick-tests:
	OMP_NUM_THREADS=1 $(PY) -m pytest -q $(IN_TWO) $(QUICK:%=tests/test_%.py)

docs: setup $(DOCS_VENV)/.installed
	NO_MKDOCS_2_WARNING=1 $(DOCS_VENV)/bin/mkdocs build --quiet
	@echo "the documentation is in .build/site/index.html"

$(DOCS_VENV)/.installed: docs/requirements.txt
	$(DOCS_VENV)/bin/python -m pip --version >/dev/null 2>&1 || python3 -m venv --clear $(DOCS_VENV)
	$(DOCS_VENV)/bin/python -m pip install -q --disable-pip-version-check -r $<
	@mkdir -p .build/docs/zoomearth && ln -sfn $(addprefix ../../../,__init__.py core backend training) .build/docs/zoomearth/
	@touch $@

# Two processes, a file of tests in one of them; each computes with one thread, or four threads would wait for two cores.
test: lint $(DOCS_VENV)/.installed setup-desktop
	OMP_NUM_THREADS=1 $(PY) -m pytest $(IN_TWO)
	$(QGIS_PYTEST) $(IN_TWO) -p no:pytest_qgis tests/test_scene.py tests/test_pixels.py tests/test_scene_remote.py tests/test_scan.py tests/test_stretch.py tests/test_georeference.py \
	  tests/test_complaints.py tests/test_raster_campaign.py tests/test_look.py tests/test_dialect.py
	$(QGIS_PYTEST) $(IN_TWO) tests/qgis
	$(MAKE) desktop-test package

SCENE := .build/desktop/scene-900000010.tif
SMALL_SCENE := .build/desktop/scene-900000013.tif

$(SCENE): $(VENV)/.installed
	@mkdir -p $(@D)
	$(VENV)/bin/zoomearth demo scene $(@D) --size 8192 --seed 900000010

$(SMALL_SCENE): $(VENV)/.installed
	@mkdir -p $(@D)
	$(VENV)/bin/zoomearth demo scene $(@D) --size 4096 --seed 900000013

desktop-test: setup setup-desktop $(SCENE) $(SMALL_SCENE)
	/usr/bin/python3 release/desktop.py --drive tests/desktop/drive.py $(SCENE); status=$$?; cat .build/desktop/drive.log; exit $$status
	/usr/bin/python3 release/desktop.py --drive tests/desktop/tools.py $(SCENE); status=$$?; cat .build/desktop/tools.log; exit $$status
	/usr/bin/python3 release/desktop.py --drive tests/desktop/answers.py $(SCENE); status=$$?; cat .build/desktop/answers.log; exit $$status
	rm -f .build/desktop/killed.json
	-/usr/bin/python3 release/desktop.py --drive tests/desktop/labels.py $(SCENE)  # ends with a kill
	/usr/bin/python3 release/desktop.py --drive tests/desktop/labels.py $(SCENE); status=$$?; cat .build/desktop/labels.log; exit $$status
	rm -f .build/desktop/run_killed.json
	-/usr/bin/python3 release/desktop.py --drive tests/desktop/run.py $(SMALL_SCENE)  # ends with a kill
	-/usr/bin/python3 release/desktop.py --drive tests/desktop/run.py $(SMALL_SCENE)  # ends with a kill
	/usr/bin/python3 release/desktop.py --drive tests/desktop/run.py $(SMALL_SCENE); status=$$?; cat .build/desktop/run.log; exit $$status

qgis: setup setup-desktop $(SCENE)
	/usr/bin/python3 release/desktop.py $(SCENE)

package: setup setup-desktop
	$(PY) release/package.py
	/usr/bin/python3 release/desktop.py --drive tests/desktop/installed.py --zip $$(ls -t dist/*.zip | head -1); status=$$?; cat .build/desktop/installed.log; exit $$status

compat:
	release/compat.sh trixie forky

clean:
	rm -rf $(VENV) $(QGIS_VENV) $(DOCS_VENV) .build demo-run dist
