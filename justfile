# Commands for people; .ci/run calls the same scripts. `just` lists them.

_list:
    @just --list

# make .venv with everything that the tests, the linters and the documentation need
setup:
    python3 -m venv .venv
    .venv/bin/pip install -q -e ".[test,lint,docs]"
    .venv/bin/pre-commit install

# ruff and mypy
lint:
    .ci/lint

# the quick tests; arguments go to pytest: just test tests/codecs -k regions
test *arguments:
    .ci/test {{arguments}}

# the tests that take longer
long *arguments:
    .ci/long {{arguments}}

# the tests that need PyTorch
torch:
    .ci/torch

# build the documentation into site/, strictly
docs:
    .ci/docs

# write the generated tables of README and docs
generate:
    .venv/bin/python docs/generate.py

# everything, in a clean checkout
ci:
    .ci/run
