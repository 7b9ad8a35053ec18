# make demo        install, train one translator on the embedded corpus, test it, look at its attention
# make test        what every change must pass, in minutes
# make test-slow   the tests that train for longer
# make table       every attention at the demo's budget, side by side
# make table-mechanisms   every further mechanism on the embedded corpus, an hour or two
# make table-multi30k   the recipes of recipes/multi30k, some hours; ATTNCLI_DATA must hold it
# make results     Luong's ladder and the core attentions on Multi30k, some hours; what docs/results
#                  keeps is not trained again
# make bench       attncli beside its peers on this machine: docs/performance.md
# make profile     where attncli's own time goes in these: docs/profile.md
# make bench-memory  memory and speed of preparing and training on corpora of several sizes
# make pictures    the pictures in README.md and docs/looking.md, from the demo's run and one more
# make clean       what can be made again; runs/ stays

PYTHON ?= python3
BIN := .venv/bin
ATTNCLI := $(BIN)/attncli
export ATTNCLI_DATA

.PHONY: bench bench-memory demo pictures profile results test test-slow
.PHONY: table table-mechanisms table-multi30k clean
.DELETE_ON_ERROR:

.venv: .venv/installed

.venv/installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --constraint constraints.txt --editable '.[dev]'
	@touch $@

DEMO := --attention luong-general --run-name demo
SENTENCE := the old dog has seen the cat which sleeps in the garden .

demo: .venv
ifeq ($(wildcard runs/demo/finished.json),)
	$(ATTNCLI) train $(if $(wildcard runs/demo),--resume demo,$(DEMO))
endif
	$(ATTNCLI) evaluate --run demo --tokenize none
	echo '$(SENTENCE)' | $(ATTNCLI) translate --run demo
	$(ATTNCLI) visualize --run demo '$(SENTENCE)'

LOOKING := --attention local-p --set train.epochs=1 --run-name looking

pictures: .venv
	$(ATTNCLI) visualize --run demo '$(SENTENCE)' -o docs/attention.png
ifeq ($(wildcard runs/looking/finished.json),)
	$(ATTNCLI) train $(if $(wildcard runs/looking),--resume looking,$(LOOKING))
endif
	$(BIN)/python docs/pictures.py runs/looking

test: .venv
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	OMP_NUM_THREADS=1 $(BIN)/pytest -n auto --dist loadfile

test-slow: .venv
	$(BIN)/pytest -m slow

table: .venv
	$(BIN)/python docs/table.py recipes/attention/*.yaml --out docs/table --runs runs/table

APART := base hierarchical% copy% pointer-sort
MECHANISMS := $(filter-out $(APART),$(basename $(notdir $(wildcard recipes/mechanisms/*.yaml))))

table-mechanisms: .venv
	$(BIN)/python docs/table.py $(MECHANISMS:%=recipes/mechanisms/%.yaml) \
		--out docs/mechanisms-table --runs runs/mechanisms

MULTI30K := transformer additive-between bahdanau none

table-multi30k: .venv
	$(BIN)/python docs/table.py $(MULTI30K:%=recipes/multi30k/%.yaml) --out docs/multi30k \
		--runs runs/multi30k --tests test_2016_flickr

ON_MULTI30K := --data multi30k-lc-tok --tokenize none --keep docs/results
CORE := none bahdanau dot general local-p transformer
SGD := optimizer=sgd optimizer.lr=1.0 clip=5 schedule=halving schedule.start=4

results: .venv
	$(ATTNCLI) compare luong2015 $(ON_MULTI30K) -o docs/results/luong2015.md
	$(ATTNCLI) compare $(CORE:%=attention/%) $(ON_MULTI30K) --name core \
		--set subword.vocab_size=8000 --set train.epochs=8 -o docs/results/core.md
	$(ATTNCLI) compare luong2015/6-local-p luong2015/5-feed $(ON_MULTI30K) --name luong-sgd \
		--baseline 5-feed $(SGD:%=--set train.%) -o docs/results/luong-sgd.md

# ATTNCLI_DATA must hold multi30k; ARGS="--only training --systems attncli,eole" measures a part.
bench: .venv
	$(BIN)/python -m benchmarks $(ARGS)

profile: .venv
	$(BIN)/python -m benchmarks.profile $(ARGS)

bench-memory: .venv
	$(BIN)/python -m benchmarks.memory $(ARGS)

clean:
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache build dist *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
