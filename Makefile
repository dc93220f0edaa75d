# Every command does its own set-up: on a fresh machine with Python 3.11 or newer and make, start with any of them.
#
#   make demo     see a graph go from a failing build to a release: well, refused by a gate, and killed on the way
#   make demo-cluster   the same on PostgreSQL by several workers, of which one is killed in the middle
#   make test     run the tests
#   make simulate run graphs drawn from seeds under schedules drawn from seeds (SEEDS=1:100000, or the one that failed)
#   make chaos    kill and stop a fleet of workers on PostgreSQL at random, and judge what is left (SEED=7, RUNS=5000 …)
#   make check    format, lint, types, layers, pages: each is a command too
#   make sdk      build, check and try the TypeScript client (needs Node 20 or newer)
#   make fix      let the formatter and the linter mend what they can, and pages repeat what the code says
#   make setup    install everything into .venv, as the lock says (with another interpreter: PYTHON=python3.12)
#   make sandbox  install bubblewrap, a package of the system, where programs that models write can run (needs root)
#   make bench    Interlock beside the raw limit and its peers, on SQLite and PostgreSQL (ROUNDS=5, QUICK=1 to see that it runs)
#   make bench-gateway   what the gateway to models adds to a call, beside LiteLLM, and what an agent's steps cost
#   make bench-api  the server under load beside a bare FastAPI endpoint and DBOS, and 1,000 listeners; twenty minutes (QUICK=1, ONLY=streams)
#   make bench-openai   the endpoint that speaks OpenAI's protocol, beside LiteLLM's proxy
#   make bench-core   what the core costs a node, from 100 to 50,000 nodes
#   make bench-long   what a run of a million events costs to go on with and to keep
#   make lock     resolve the dependencies of pyproject.toml anew (to the newest that fit: UPGRADE=1)

.DEFAULT_GOAL := test
.NOTPARALLEL:
.SUFFIXES:
export PYTHON UPGRADE

BIN := .venv/bin
READY := .venv/ready
STEP = @printf '%-8s%s\n' '$@' '$(strip $(1))'

.PHONY: setup sandbox demo demo-cluster test check format lint types layers pages client sdk fix lock bench bench-gateway bench-openai bench-api bench-core bench-long simulate chaos

setup: $(READY)

# Made again only when what is to be installed has changed, so set-up costs nothing the second time.
$(READY): requirements.lock pyproject.toml dev/setup.sh
	@bash dev/setup.sh
	@touch $@

sandbox:
	@bash dev/sandbox.sh

demo: $(READY)
	@$(BIN)/python examples/git-to-prod/demo

demo-cluster: $(READY)
	@PYTHONPATH=. $(BIN)/python examples/git-to-prod/demo/cluster.py

# Spread over the processors. One file is quicker without that: .venv/bin/pytest tests/core/test_values.py
test: $(READY)
	$(call STEP,running all tests)
	@$(BIN)/pytest --quiet --numprocesses auto --dist worksteal --durations 5

# A seed is a graph and everything that happens to it; the one that breaks a rule is told with how to see it again.
SEEDS ?= 1:20000
simulate: $(READY)
	$(call STEP,seeds $(SEEDS))
	@$(BIN)/python -m tests.simulation.run --seeds $(SEEDS)

# Five minutes with nothing else to do on the machine. What is wrong in the end is told, and its exit code says so.
SEED ?= 1
RUNS ?= 1000
KILLS ?= 100
STOPS ?= 20
MINUTES ?= 4
chaos: $(READY)
	$(call STEP,$(RUNS) runs; $(KILLS) workers killed and $(STOPS) stopped; seed $(SEED))
	@folder=$$(mktemp -d) && $(BIN)/python -m tests.chaos.fleet "$$folder" --seed $(SEED) --runs $(RUNS) --kills $(KILLS) \
		--stops $(STOPS) --minutes $(MINUTES) && rm -r "$$folder"

check: format lint types layers pages client
	@find src tests -name '*.py' -exec awk 'END { if (NR > 500) print "check   " FILENAME " has " NR " lines: is there an idea in it to name?" }' {} ';'

format: $(READY)
	$(call STEP,every file as the formatter writes it (else: make fix))
	@$(BIN)/ruff format --quiet --check --output-format concise .

lint: $(READY)
	$(call STEP,ruff)
	@$(BIN)/ruff check --quiet .

types: $(READY)
	$(call STEP,pyright in strict mode)
	@$(BIN)/pyright --warnings

layers: $(READY)
	$(call STEP,imports point downwards)
	@$(BIN)/lint-imports --no-logo
	@$(BIN)/pytest --quiet tests/test_layers.py

pages: $(READY)
	$(call STEP,links and examples of the documentation)
	@$(BIN)/pytest --quiet tests/docs tests/test_repository.py

# The lock of the TypeScript client names no registry; what is installed stays where it is.
SDK := sdk/typescript
$(SDK)/node_modules/ready: $(SDK)/package-lock.json $(SDK)/package.json
	@cd $(SDK) && npm ci --silent --no-progress
	@touch $@

$(SDK)/dist/ready: $(SDK)/node_modules/ready $(wildcard $(SDK)/src/*.ts)
	@cd $(SDK) && npm run --silent build
	@touch $@

# Without Node there is nothing to check it with: `make test` then tells a test that was skipped.
NODE := $(shell node -p 'process.versions.node.split(".")[0] >= 20' 2>/dev/null)

client: $(if $(filter true,$(NODE)),$(SDK)/node_modules/ready)
	$(call STEP,the TypeScript client$(if $(filter true,$(NODE)),, (skipped: there is no Node 20 or newer)))
	@$(if $(filter true,$(NODE)),cd $(SDK) && npm run --silent check,true)

sdk: $(READY) client $(SDK)/dist/ready
	$(call STEP,its scenarios on a real server)
	@cd $(SDK) && npm run --silent test

fix: $(READY)
	@$(BIN)/ruff check --quiet --fix . || true
	@$(BIN)/ruff format --quiet .
	@$(BIN)/python -m tests.docs.generated
	@[ ! -e $(SDK)/node_modules/ready ] || (cd $(SDK) && npm run --silent fix)

# The peers live in an environment of their own: nothing of them is a dependency.
.venv-peers/ready: benchmarks/requirements-peers.txt
	$(call STEP,installing the peers beside it)
	@$(BIN)/python -m venv .venv-peers
	@.venv-peers/bin/python -m pip install --quiet --requirement benchmarks/requirements-peers.txt
	@touch $@

bench: $(READY) .venv-peers/ready
	@$(BIN)/python benchmarks/run.py --rounds $(or $(ROUNDS),5) $(if $(QUICK),--quick) $(if $(FORKS),--forks) $(if $(STORE),--store $(STORE))

build/gateway-peers/ready: benchmarks/requirements-gateway-peers.txt
	$(call STEP,installing its peers beside it)
	@mkdir -p build && $(BIN)/python -m venv build/gateway-peers
	@build/gateway-peers/bin/python -m pip install --quiet --requirement benchmarks/requirements-gateway-peers.txt
	@touch $@

bench-gateway: $(READY) build/gateway-peers/ready
	@$(BIN)/python benchmarks/gateway.py --rounds $(or $(ROUNDS),5) $(if $(QUICK),--quick) $(if $(ONLY),--only $(ONLY))

bench-api: $(READY) .venv-peers/ready
	@$(BIN)/python benchmarks/api_load.py $(if $(QUICK),--quick) $(if $(ONLY),--only $(ONLY)) $(if $(RATE),--rate $(RATE))

bench-openai: $(READY) build/gateway-peers/ready
	@$(BIN)/python benchmarks/openai_endpoint.py --rounds $(or $(ROUNDS),5) $(if $(QUICK),--quick)

bench-core: $(READY)
	@$(BIN)/python benchmarks/core_cost.py

bench-long: $(READY)
	@$(BIN)/python benchmarks/long_life.py

lock: $(READY)
	@bash dev/lock.sh
