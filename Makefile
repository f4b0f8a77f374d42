# make demo   sets everything up and asks three questions over a scene made on the spot
# make test   sets everything up and runs the whole suite
# Both go on where they were interrupted.

.DEFAULT_GOAL := help
.PHONY: help setup setup-qgis demo lint test clean

VENV := .venv
QGIS_VENV := .venv-qgis
PY := $(VENV)/bin/python
AS_ROOT := $(shell [ "$$(id -u)" = 0 ] || echo sudo)
APT := $(AS_ROOT) env DEBIAN_FRONTEND=noninteractive apt-get

help:
	@sed -n 's/^# //p' Makefile

setup: $(VENV)/.installed .build/path/zoomearth

# A pure environment: no system packages, so that numpy and torch are the ones pyproject.toml names.
$(VENV)/.installed: pyproject.toml
	@python3 -c 'import ensurepip, venv' 2>/dev/null || { $(APT) update -q && $(APT) install -y -q python3-venv; }
	$(PY) -m pip --version >/dev/null 2>&1 || python3 -m venv --clear $(VENV)
	$(PY) -m pip install -q --disable-pip-version-check --editable '.[backend,training,dev]'
	@touch $@

# mypy does not see editable installs; it finds the package here under its name.
.build/path/zoomearth:
	@mkdir -p $(@D) && ln -sfn ../.. $@

# QGIS's own Python, which has the system's GDAL: the same reader is tested there too.
setup-qgis: $(QGIS_VENV)/.installed

$(QGIS_VENV)/.installed: Makefile
	@/usr/bin/python3 -c 'import qgis.core, osgeo.gdal, numpy, PIL, ensurepip' 2>/dev/null || \
	  { $(APT) update -q && $(APT) install -y -q --no-install-recommends python3-qgis python3-gdal python3-numpy python3-pil python3-venv; }
	$(QGIS_VENV)/bin/python -m pip --version >/dev/null 2>&1 || /usr/bin/python3 -m venv --clear --system-site-packages $(QGIS_VENV)
	$(QGIS_VENV)/bin/python -m pip install -q --disable-pip-version-check pytest==9.2.0 pytest-timeout hypothesis
	@touch $@

demo: setup
	$(PY) -m zoomearth.training.demo demo-run

lint: setup
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy

test: lint setup-qgis
	$(PY) -m pytest
	$(QGIS_VENV)/bin/python -m pytest tests/test_scene.py tests/test_scene_remote.py tests/test_scan.py tests/test_look.py tests/test_dialect.py

clean:
	rm -rf $(VENV) $(QGIS_VENV) .build demo-run
