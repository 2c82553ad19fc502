# SPDX-License-Identifier: Apache-2.0
SHELL := bash
STATE := .build/fleet
LIVES ?= 100
FLEET := deploy/local-fleet/fleet
# What a watcher can follow with the eye: a replacement takes about eight seconds.
PACE := --ec2-delay 1 --notice 2 --boot 2 --launch 3 --drain 1

.DEFAULT_GOAL := help
.PHONY: help setup build release deb test soak crash fuzz demo fleet fleet-down bench clean

help: ## say what the targets do
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 20

setup: ## install what is missing (Debian packages, a Python environment in .build/venv)
	@scripts/setup

build: setup ## build the programs, in debug
	swift build

release: setup ## build the programs as they are shipped: optimised, with Swift's libraries inside, in .build/release
	scripts/build-release rebound
	scripts/build-release rebound-controller

deb: release ## build the Debian packages of both programs, in .build/deb, and let lintian look at them where it is
	scripts/build-deb
	@if command -v lintian >/dev/null; then lintian --fail-on error,warning --allow-root .build/deb/*.deb; \
	else echo "deb: lintian is not here (apt install lintian): nobody looked at the packages"; fi

test: ## everything that must hold: layout, house rules, fleet, Swift's tests, the documents' commands
	@scripts/setup test
	@scripts/test

soak: setup ## months of a controller's life in an hour (SOAK_SECONDS): nothing but its audit may grow
	swift build --product soak-runner
	@cd Tests/EndToEnd && SOAK_SECONDS=$${SOAK_SECONDS:-3600} ../../.build/venv/bin/python3 -m unittest -v test_soak

crash: build ## kill a serving controller LIVES times (100), at its writes, at any moment, and one of two, with 50 runs
	REBOUND_TEST_LIVES=$(LIVES) REBOUND_TEST_HOLD=45s Tests/EndToEnd/run -j 1 test_crash_under_load

fuzz: setup ## feed every decoder that meets the outside for ten minutes each, or FUZZ_SECONDS
	@scripts/fuzz

demo: setup ## kill a real server on a small AWS on this machine and watch it being measured
	swift build --product rebound
	@$(FLEET) run $(PACE) -- scripts/demo

fleet: setup ## bring the local fleet up and leave it up, to play with
	@$(FLEET) up --state $(STATE) $(PACE) >/dev/null
	@echo "The fleet is up. In a shell:   . $(STATE)/env"
	@echo "Look into it:                  $(FLEET) status --state $(STATE)"
	@echo "An experiment for it:          $(STATE)/experiments/web-loses-an-instance.yaml"
	@echo "Take it down:                  make fleet-down"

fleet-down: ## take the fleet of `make fleet` down
	@$(FLEET) down --state $(STATE)

bench: setup ## compare with a boto3 script and with Chaos Toolkit, and the other benchmarks
	@scripts/setup bench
	@scripts/bench

clean: ## take the fleet down and remove everything that was built
	-@$(FLEET) down --state $(STATE) 2>/dev/null
	rm -rf .build
