# make demo, make test: both set up .venv by themselves; nothing but Python >= 3.10 is needed.
PYTHON ?= python3
VENV ?= .venv
STACK ?= openmmlab
JOBS ?= 2
WORK ?= work_dirs/demo
SEEDS ?= 1200 1201 1202
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
METHODS := an ll-r ll-ct ll-cp
EXTRAS_demo := demo
EXTRAS_test := demo,cam,export,fast,test
EXTRAS_bench := bench,fast
EXTRAS_lint := lint
EXTRAS_docs := docs

.PHONY: help demo test smoke bench lint docs clean
help:
	@echo 'make demo   AN, LL-R, LL-Ct, LL-Cp and full labels on drawn scenes: table and figure'
	@echo 'make test   the test suite'
	@echo 'make test ARGS="-m slow"   its long part'
	@echo 'make smoke  its quickest end-to-end part: make smoke STACK=onedl VENV=.venv-onedl'
	@echo 'make bench  speed beside what users have today: ARGS="-k losses", --heavy, --list, --help'
	@echo 'make lint   ruff and mypy'
	@echo 'make docs   the documentation, in work_dirs/site'
	@echo 'make clean  remove .venv and work_dirs'

demo: $(VENV)/.demo
	OMP_NUM_THREADS=1 $(BIN)/python -W ignore tools/compare.py \
		scenes/lite0_linear.py --methods $(METHODS) --upper-bound \
		--seeds $(SEEDS) --jobs $(JOBS) --work-dir $(WORK) --title 'composed scenes, one label each'

test: $(VENV)/.test
	$(BIN)/python -m pytest -n $(JOBS) $(ARGS)

smoke: $(VENV)/.test
	$(BIN)/python -m pytest -m smoke $(ARGS)

bench: $(VENV)/.bench
	PYTHONPATH=.:dev:tests OMP_NUM_THREADS=1 $(BIN)/python -W ignore -m bench $(ARGS)

lint: $(VENV)/.lint
	$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy

docs: $(VENV)/.docs
	NO_MKDOCS_2_WARNING=1 PYTHONPATH=. $(BIN)/python -W ignore -m mkdocs build --quiet

clean:
	rm -rf $(VENV) work_dirs

$(VENV)/.venv:
	$(PYTHON) -m venv $(VENV)
	@touch $@

# opencv-python needs system libraries of a desktop; without them its headless twin takes its place.
$(VENV)/.%: $(VENV)/.venv pyproject.toml setup.py requirements/tested.txt
	@echo 'Installing into $(VENV) (torch is large: some minutes) ...'
	$(PIP) -c requirements/tested.txt -e '.[$(STACK),$(EXTRAS_$*)]'
	@$(BIN)/python -c 'import cv2' 2>/dev/null || \
		{ $(BIN)/python -m pip uninstall --quiet -y opencv-python; $(PIP) opencv-python-headless; }
	@touch $@
