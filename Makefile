# `make run` and `make test` install everything they need into .venv; the logic is in scripts/.
.PHONY: help run test test-long bench bench-stack bench-inference lint lock options sample screenshots notice eval render test-nixos test-stack test-vm clean
.DEFAULT_GOAL := help
# The lab needs the standard library alone, and root for what runs in its Debian root.
LAB = @PYTHONPATH=tests/nix exec sh scripts/python.sh -m
SETUP = @sh scripts/python.sh scripts/setup

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-15s %s\n", $$1, $$2}' Makefile

run: ## install, bring the models, make the sample household, start the house
	$(SETUP) run
	@exec .venv/bin/hearth up --config var/hearth.toml

test: ## install, lint, run every test of the commit (TESTS="…" narrows)
	$(SETUP) test
	@exec sh scripts/test.sh $(TESTS)

test-long: ## soaks and long loads, before a release
	$(SETUP) test
	@.venv/bin/pytest -c app/pyproject.toml tests/long tests/vm
	@HEARTH_OFFLINE_SECONDS=600 exec .venv/bin/pytest -c app/pyproject.toml tests/stack -k offline

bench: ## measure; rows go to build/bench/, figures to docs/benchmarks.md
	$(SETUP) test
	@exec sh scripts/bench.sh

bench-stack: ## measure the booted box (as root)
	$(SETUP) test
	@exec .venv/bin/python tests/bench/stack.py

bench-inference: ## compare the model server with others (ARGS="--rounds 1" narrows)
	$(SETUP) test
	@exec .venv/bin/python tests/bench/inference.py $(ARGS)

lint: ## ruff, mypy, import-linter
	$(SETUP) test
	@exec sh scripts/lint.sh

lock: ## renew poetry.lock and the requirements exported from it
	@sh scripts/python.sh scripts/lock.py

sample: ## write the sample household anew, dated around today
	$(SETUP) run
	@exec .venv/bin/hearth sample --into var

screenshots: ## renew the pictures that the documentation shows
	$(SETUP) test
	@sh scripts/test.sh tests/app/web -k screenshot
	@for picture in docs/screenshots/*.png; do cp "build/screenshots/$${picture##*/}" "$$picture"; done

options: ## renew docs/options.md from the NixOS modules (needs nix-instantiate and NIXPKGS=dir)
	@sh scripts/options.sh "$(NIXPKGS)"

notice: ## write NOTICE and build/sbom.cdx.json anew
	$(SETUP) test
	@PYTHONPATH=scripts exec .venv/bin/python -m licences

eval: ## evaluate every host, the template and the VM tests (NIXPKGS=dir, as root)
	$(LAB) lab.evaluate

render: ## write tests/rendered anew (NIXPKGS=dir, as root)
	$(LAB) lab.render

test-nixos: ## run the VM tests as containers on NixOS's own stage 2 (NIXPKGS=dir, as root)
	$(LAB) lab.test_scripts $(TESTS)

test-stack: ## boot tests/rendered under real systemd and run the scenarios (as root; TESTS="-k chat" narrows)
	$(SETUP) test
	@exec .venv/bin/pytest -c app/pyproject.toml tests/stack $(TESTS)

test-vm: ## limits, boot counting, with NIXPKGS=dir the disk's layout, in emulated machines (as root; many minutes)
	$(SETUP) test
	@exec .venv/bin/pytest -c app/pyproject.toml tests/vm $(TESTS)

clean: ## remove what was installed and built here; var/ and the caches stay
	rm -rf .venv build app/hearth/web/static/vendor
