# The front door. Every target only calls `nereus` or a tool of the same environment.
.DEFAULT_GOAL := help
.PHONY: verify help provision status plan lab provider-mirror doctor bench images bundle fidelity secret usecases stop destroy test test-infra cluster-sim verify-cluster lint format lock

PYTHON ?= python3
NEREUS := .venv/bin/nereus
READY := .venv/.installed
export TARGET NAME YES ROOM

$(READY): locks/nereus.txt pyproject.toml tools/bootstrap.py
	@$(PYTHON) tools/bootstrap.py

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-16s %s\n", $$1, $$2}' Makefile

provision: $(READY) ## stand the platform up; again: changes nothing and says so  [TARGET=local|vms|hosts|cluster]
	@$(NEREUS) provision $(if $(TARGET),--target $(TARGET))

status: $(READY) ## what is up, since when, its memory, a real probe, its URL
	@$(NEREUS) status

plan: $(READY) ## what the declared platform needs and costs, year by year, and what machines would change; changes nothing
	@$(NEREUS) plan $(if $(TARGET),--target $(TARGET))

lab: $(READY) ## a private libvirt to try TARGET=vms in: namespaces of its own, one folder, one process
	@$(NEREUS) lab up

provider-mirror: $(READY) ## build Terraform's libvirt provider from pinned sources, where its registry is out of reach
	@$(NEREUS) provider-mirror

doctor: $(READY) ## what this machine, and the target's machines or cluster, lack; changes nothing  [TARGET=local|vms|hosts|cluster]
	@$(NEREUS) doctor $(if $(TARGET),--target $(TARGET))

usecases: $(READY) ## the use cases, their state and their quality checks
	@$(NEREUS) usecase list

bench: $(READY) ## measure the warehouse and compare with the last result
	@$(NEREUS) bench run

verify: $(READY) ## whether it works: a real query, dashboard and notebook
	@$(NEREUS) verify

images: $(READY) ## build the platform's container images and save them with checksums
	@$(NEREUS) images build

bundle: $(READY) ## gather what machines without a way out need: k3s, charts, images, packages, with checksums
	@$(NEREUS) bundle make

fidelity: $(READY) ## compare the embedded warehouse with recorded answers of Apache Doris
	@$(NEREUS) fidelity

secret: $(READY) ## print one generated password; without NAME list their names  [NAME=warehouse-root]
	@$(NEREUS) secret $(NAME)

stop: $(READY) ## stop every service; the data stays
	@$(NEREUS) stop

destroy: $(READY) ## stop everything and, with consent, delete the data  [YES=1]
	@$(NEREUS) destroy $(if $(filter 1,$(YES)),--yes)

test: $(READY) ## prove it (needs no root)
	@.venv/bin/pytest -n logical --maxprocesses 4 --dist loadgroup

test-infra: $(READY) ## prove machines, roles, k3s, cluster and images (root, Debian)  [ROOM=machines|roles|k3s|cluster|images]
	@.venv/bin/pytest --capture=sys $(addprefix tests/infra/,$(or $(ROOM),.))

cluster-sim: $(READY) ## apply the whole platform to a simulated Kubernetes cluster on loopback, report, take it down
	@$(NEREUS) cluster-sim run

verify-cluster: $(READY) ## on a real cluster: dry run of everything, apply, then ask, draw and compute  [KUBECONFIG=...]
	@$(NEREUS) verify-cluster

lint: $(READY) ## ruff and mypy --strict
	@.venv/bin/ruff check .
	@.venv/bin/ruff format --check .
	@.venv/bin/mypy

format: $(READY) ## let ruff put the code in its form
	@.venv/bin/ruff check --fix . && .venv/bin/ruff format .

lock: $(READY) ## write locks/ anew after a change of versions.yaml
	@.venv/bin/python tools/lock.py
