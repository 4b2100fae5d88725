# OneRing. `make` lists what there is; everything is thin: what Ansible can do, Ansible does.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
INVENTORY ?= inventories/laptop
CONTENT ?= platform
ARGS ?=
export PATH := $(CURDIR)/.venv/bin:$(PATH)
export ANSIBLE_CONFIG := $(CURDIR)/ansible.cfg
# Where it is set, every process would compile Ansible again.
unexport PYTHONDONTWRITEBYTECODE
# sudo asks for a password only where it must.
BECOME ?= $(shell ops/scripts/become $(INVENTORY))
PLAY = ansible-playbook -i $(INVENTORY) $(BECOME)

help: ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-14s %s\n", $$1, $$2}'

up: bootstrap ## Install, wire and prove the platform; ends with the medallion run and a summary
	@begun=$$(date +%s); $(PLAY) site.yml $(ARGS); took=$$(($$(date +%s) - begun)); \
	echo "make up took $$((took / 60)) min $$((took % 60)) s. Next: make verify, make status, make demo"

verify: bootstrap ## Check from outside that every component does its work
	$(PLAY) playbooks/verify.yml $(ARGS)

demo: bootstrap ## Run the flow again for a new date
	$(PLAY) playbooks/demo.yml $(ARGS)

status: bootstrap ## What runs: versions, uptime, memory, last runs
	$(PLAY) playbooks/status.yml $(ARGS)

report: bootstrap ## Draw the platform's report anew and say where it is
	$(PLAY) playbooks/report.yml -e '{"report_force": true}' $(ARGS)

down: bootstrap ## Stop the platform; PURGE=1 removes all of it, CACHE=1 the build caches too
	$(PLAY) playbooks/down.yml -e '{"down_purge": $(if $(PURGE),true,false), "down_cache": $(if $(CACHE),true,false)}' $(ARGS)

conformance: bootstrap ## Verify, and write down in evidence/ what passed, against which product
	$(PLAY) playbooks/conformance.yml $(ARGS)
	ops/scripts/reference

dataset: bootstrap ## A dataset out of a CSV or Parquet file: NAME=invoices FROM=file.csv; DRY=1 only shows
	@python -m ops.dataset --name "$${NAME-}" --from "$${FROM-}" --key "$${KEY-}" --title "$${TITLE-}" \
	  --encoding "$${ENCODING-}" --separator "$${SEPARATOR-}" --header "$${HEADER-}" \
	  $(if $(HAS_HEADER),--has-header) $(if $(DRY),--dry) $(if $(FORCE),--force) --content $(CONTENT)

test: bootstrap ## Lint, unit, convention, mutation, integration and Molecule tests
	ops/scripts/test

lint: bootstrap ## ruff, mypy, yamllint, ansible-lint
	ops/scripts/test lint

unit: bootstrap ## Unit and convention tests, and what the preflight finds on this machine
	ops/scripts/test preflight
	ops/scripts/test unit

browser: bootstrap ## The report in a real browser: both themes, two widths, keyboard, print
	ops/scripts/test browser

mutation: bootstrap ## Small faults in what decides and compares: how many the unit tests notice
	ops/scripts/test mutation

newest: bootstrap ## The collection's tests on the newest ansible-core; WITH=python3.13 names its Python; INTEGRATION=1 for real servers
	INTEGRATION=$(INTEGRATION) ops/scripts/newest $(WITH)

molecule: bootstrap ## One scenario a role; ROLE=name for one
	ops/scripts/test molecule $(ROLE)

integration: bootstrap ## The collection's modules against real servers in a project of their own: targets, faults, request counts
	ops/scripts/test integration

platform-test: bootstrap ## The whole platform in a project of its own: site, second run, verify, faults, purge
	ops/scripts/test platform

benchmark: bootstrap ## Times and memory against their budgets, in the tests' project
	ops/benchmarks/spine

vm: bootstrap ## A Debian machine in a container, provisioned over SSH; VM_DEBIAN=13 for the other Debian
	ops/scripts/test vm

faults: bootstrap ## Bad input and faults on a thousand rows, in a project of their own; prints a count of cases
	ops/scripts/test faults

package: bootstrap ## The collection's tarball, in build/
	ops/scripts/package

lock: bootstrap ## Compile pyproject.toml's groups to requirements/*.txt
	ops/scripts/lock

bootstrap:
	@ops/scripts/bootstrap

.PHONY: help up verify demo status report down conformance dataset test lint unit browser mutation newest molecule integration platform-test faults vm benchmark package lock bootstrap
