# SPDX-License-Identifier: Apache-2.0
SHELL := bash
STATE := .build/fleet
FLEET := deploy/local-fleet/fleet
# What a watcher can follow with the eye: a replacement takes about eight seconds.
PACE := --ec2-delay 1 --notice 2 --boot 2 --launch 3 --drain 1

.DEFAULT_GOAL := help
.PHONY: help setup build release deb test fuzz demo fleet fleet-down bench clean

help: ## say what the targets do
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 20

setup: ## install what is missing (Debian packages, a Python environment in .build/venv)
	@scripts/setup

build: setup ## build the programs, in debug
	swift build

release: setup ## build the programs as they are shipped: optimised, with Swift's libraries inside, in .build/release
	scripts/build-release rebound
	scripts/build-release rebound-controller

deb: release ## build the Debian packages of both programs, in .build/deb
	scripts/build-deb

test: setup ## everything that must hold: layout, house rules, fleet, Swift's tests, the documents' commands
	@scripts/test

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
