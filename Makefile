# The README names two of these: `make run` and `make test`. `make help` lists the rest.
# A fresh machine needs git, make and Python 3.11; everything else comes from requirements.txt, by hash.

PYTHON ?= python3.11
VERSION := $(shell sed -n 's/^version = "\(.*\)"/\1/p' pyproject.toml)
VENV := $(CURDIR)/.venv
SYNTH_VENV := $(CURDIR)/.venv-synth
BIN := $(VENV)/bin
READY := $(VENV)/.ready
EMBEDDED := data/embedded.dvc data/checkpoints.dvc data/checkpoints-0.1.0.dvc data/sample-exam.dvc
EXTRAS := train notebooks dev curate audit
SHELL := /bin/sh

export PATH := $(BIN):$(PATH)
export VIRTUAL_ENV := $(VENV)
# Nothing here phones home, installs by itself, or asks for an update.
export DVC_NO_ANALYTICS := 1
export ORT_DISABLE_TELEMETRY := 1
export MLFLOW_DISABLE_TELEMETRY := true
export MLFLOW_SERVER_ENABLE_JOB_EXECUTION := false
export YOLO_OFFLINE := true
export YOLO_AUTOINSTALL := false
export YOLO_CONFIG_DIR := $(CURDIR)/.ultralytics
export NO_ALBUMENTATIONS_UPDATE := 1
export FIFTYONE_DO_NOT_TRACK := true
export FIFTYONE_DATABASE_VALIDATION := false
export RAY_USAGE_STATS_ENABLED := 0
export PYTHONUNBUFFERED := 1
# A package index set for pip serves uv too.
ifdef PIP_INDEX_URL
export UV_DEFAULT_INDEX ?= $(PIP_INDEX_URL)
endif

.DEFAULT_GOAL := help
.PHONY: help env synth-env data run test lint notebooks curate mlflow faces evaluation release lock lock-synth clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# uv itself comes from the lock, by hash, and is installed once with pip; the rest is uv's, ten times faster.
$(READY): requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' \
		|| { echo "make: Python 3.11 is needed, '$(PYTHON)' is not it; set PYTHON=/path/to/python3.11" >&2; exit 1; }
	@echo "setting up .venv from requirements.txt (several GB on the first time; about a minute with a fast line)" >&2
	@test -x $(BIN)/uv || { \
		$(PYTHON) -m venv --clear $(VENV) \
		&& sed -n '/^uv==/,/[^\\]$$/p' requirements.txt > $(VENV)/uv.txt \
		&& $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $(VENV)/uv.txt; }
	uv pip sync --require-hashes requirements.txt
	uv pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

env: $(READY) ## set up .venv from the hashed lock; nothing to do while the lock is unchanged

# Blender and MediaPipe want older companions than training does. `proctor synth` finds this environment by itself.
$(SYNTH_VENV)/.ready: requirements-synth.txt $(READY)
	@echo "setting up .venv-synth from requirements-synth.txt (about 2 GB)" >&2
	uv venv --quiet --allow-existing --python $(BIN)/python $(SYNTH_VENV)
	uv pip sync --python $(SYNTH_VENV)/bin/python --require-hashes requirements-synth.txt
	@touch $@

synth-env: $(SYNTH_VENV)/.ready ## set up .venv-synth for `proctor synth`: Blender as a module, MediaPipe, made-up people

data: $(READY) ## bring the embedded dataset, checkpoints and sample exam into place
	dvc pull --quiet $(EMBEDDED)

run: data ## the whole road on the embedded data: dataset to review page
	dvc repro evaluate@demo watch@demo
	@echo
	@echo "review page   $(CURDIR)/export/demo/review/review.html"
	@echo "pack          $(CURDIR)/export/proctor-pack-demo"
	@echo "figures       $(CURDIR)/export/demo/evaluation/metrics.json  (or: dvc metrics show)"
	@echo "MLflow store  $(CURDIR)/mlflow/mlflow.db  (look at it: make mlflow)"

lint: $(READY) ## format, style, types and import contracts
	ruff format --check .
	ruff check .
	mypy
	lint-imports

test: data synth-env lint ## every check: lint, types, contracts, unit tests, doctests, notebooks, miniature pipeline
	OMP_NUM_THREADS=1 pytest --numprocesses 2 --dist loadgroup

notebooks: $(READY) ## open the seven questions in JupyterLab, on this machine only
	@test -f export/demo/review/session.json \
		|| echo "make: what the notebooks read of the demo is not there yet; run \`make run\` first, or change RECIPE in them" >&2
	PROCTOR_ROOT=$(CURDIR) JUPYTER_PREFER_ENV_PATH=1 jupyter lab --config notebooks/lab_config.py

curate: $(READY) ## look at the embedded dataset in FiftyOne and decide, on 127.0.0.1:5151
	@test -f data/demo/split/manifest.jsonl && test -f export/proctor-pack-demo/manifest.json \
		|| { echo "make: data/demo/split and export/proctor-pack-demo are not there yet; run \`make run\` first" >&2; exit 1; }
	proctor curate open --data data/demo/split --pack export/proctor-pack-demo

mlflow: $(READY) ## look at runs, models and packs on 127.0.0.1:5000
	set -a; . mlflow/server.env; set +a; exec mlflow server

# Folders outside the repository cannot be DVC dependencies by name, so their content is: one hash a file; with it
# what was made of them, and the embedded frames that the same recipes read.
data/outside.sha256: FORCE
	@test -d "$${PROCTOR_FRAMES:-}" || { echo "make: set PROCTOR_FRAMES to the folder of labelled frames that the recipe names" >&2; exit 1; }
	@test -d "$${PROCTOR_WEIGHTS:-}" || { echo "make: set PROCTOR_WEIGHTS to the folder of base weights that the recipe names" >&2; exit 1; }
	@for folder in $(FACES); do test -d "$$folder" || { echo "make: $$folder is not there yet; run \`make faces\` first" >&2; exit 1; }; done
	@for folder in "$$PROCTOR_FRAMES" "$$PROCTOR_WEIGHTS" $(FACES) data/embedded; do \
		(cd "$$folder" && find -L . -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum) || exit 1; done > $@.part
	@mv $@.part $@

# Runs in pairs, as there are two cores on the least machine; 25 minutes in all. To paint anew, remove them.
FACES := $(addprefix data/faces-,1 2 3 4 5 6 9)
faces: synth-env ## phones, notebooks, earphones, masks and glasses painted on the real frames: data/faces-1 to -6 and -9
	@test -d "$${PROCTOR_FRAMES:-}" || { echo "make: set PROCTOR_FRAMES to the folder of labelled frames that the recipe names" >&2; exit 1; }
	proctor ingest --recipe evaluation --only curated,webcam,webcam_val,synthetic_headphones --out data/real
	proctor curate replay --recipe evaluation --data data/real --out data/real-curated
	$(MAKE) --jobs 2 $(FACES)

data/faces-3 data/faces-4: DEEDS := --deeds in_ear,over_ear
data/faces-5: DEEDS := --deeds glasses
data/faces-6: DEEDS := --deeds in_ear
data/faces-7 data/faces-8: DEEDS := --deeds over_ear # tried and dropped, see docs/experiments.md
data/faces-9: DEEDS := --deeds phone,no_phone,notebook
data/faces-5: BASE := data/real-curated
data/faces-%: BASE := data/real
data/faces-%:
	proctor synth-faces --data $(BASE) --frames 350 --seed $* $(DEEDS) --cutouts "$$PROCTOR_FRAMES/cutouts" --out $@

evaluation: data data/outside.sha256 ## real frames, whole people held out, in two halves: PROCTOR_FRAMES and PROCTOR_WEIGHTS name folders
	dvc repro evaluate@evaluation evaluate@evaluation-swapped
	proctor targets --fold evaluation --fold evaluation-swapped --out export/targets

release: data data/outside.sha256 ## the released pack, trained on all real frames (same two variables)
	@test ! -e export/proctor-pack-$(VERSION) && test ! -e export/proctor-pack-$(VERSION).dvc \
		|| { echo "make: export/proctor-pack-$(VERSION) is released already; raise the version in pyproject.toml and configs/release.yaml" >&2; exit 1; }
	dvc repro pack@release
	cp -R export/release/pack export/.proctor-pack-$(VERSION).part
	mv export/.proctor-pack-$(VERSION).part export/proctor-pack-$(VERSION)
	@echo "export/proctor-pack-$(VERSION) is ready; publish it: dvc add export/proctor-pack-$(VERSION) && dvc push"

lock: $(READY) ## resolve pyproject.toml again into requirements.txt, with hashes and no addresses
	UV_CUSTOM_COMPILE_COMMAND="make lock" uv pip compile pyproject.toml $(EXTRAS:%=--extra %) --upgrade --quiet \
		--generate-hashes --no-emit-index-url --no-emit-find-links --no-annotate --python-version 3.11 --output-file requirements.txt

lock-synth: $(READY) ## pin the packages of requirements-synth.in by hash; they are all named there, none is resolved
	UV_CUSTOM_COMPILE_COMMAND="make lock-synth" uv pip compile requirements-synth.in --no-deps --quiet --generate-hashes \
		--no-emit-index-url --no-emit-find-links --no-annotate --python-version 3.11 --output-file requirements-synth.txt

clean: ## remove what runs wrote: outputs, caches, training records; keep .venv, data and released packs
	rm -rf data/demo data/evaluation data/evaluation-swapped data/release data/real data/real-curated export/targets export/demo export/evaluation export/evaluation-swapped export/release export/proctor-pack-demo
	rm -rf mlflow/mlflow.db mlflow/artifacts lightning_logs review .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis

FORCE:
