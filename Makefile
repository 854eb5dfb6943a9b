# SPDX-License-Identifier: Apache-2.0
# Thin targets: what they do stands in tools/ and pyproject.toml. ARGS passes options on: make demo ARGS=--keep
# Tests run file by file in three processes: half of their time is the kernel's, taking namespaces and maps apart.

PREFIX ?= /usr/local
DESTDIR ?=
ARGS ?=
bin := .venv/bin

MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help demo test lint unit matrix bench build format install uninstall clean bootstrap venv

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## /  make \1\t/p' Makefile | expand -t 20

demo: build ## NAT, DR, tunnels, marks, keepalived and a tour of the rest in network namespaces, start to end (root)
	@$(bin)/xlvs lab demo $(ARGS)

test: build lint ## linters, then every test (root)
	@tools/bootstrap peers
	@$(bin)/python -m pytest -n 3 --dist loadfile $(ARGS)

lint: venv ## style, types, layers
	@$(bin)/ruff check
	@$(bin)/ruff format --check
	@$(bin)/mypy
	@$(bin)/lint-imports --config pyproject.toml
	@find bpf bench tests -name '*.[ch]' -exec $(bin)/clang-format --dry-run --Werror {} +

unit: venv ## tests that need neither root nor network: seconds
	@$(bin)/python -m pytest -q tests/unit $(ARGS)

matrix: build ## every forwarding method carries 1 GB and 10,000 connections, on tc and XDP (root)
	@$(bin)/python -m tests.matrix $(ARGS)

bench: build ## speed and memory, beside their baselines (root)
	@$(bin)/python -m bench $(ARGS)

build: bootstrap ## compile the packet path to build/bpf
	@$(bin)/python tools/build_bpf.py
	@$(bin)/python -m compileall -q src/xlvs

format: venv ## rewrite Python and C in the project's style
	@$(bin)/ruff check --fix-only -q
	@$(bin)/ruff format
	@find bpf bench tests -name '*.[ch]' -exec $(bin)/clang-format -i {} +

install: ## after make build: commands, man page and unit under PREFIX, without a virtual environment
	@tools/install "$(DESTDIR)" "$(PREFIX)"

uninstall: ## remove what install put there
	@tools/install --remove "$(DESTDIR)" "$(PREFIX)"

clean: ## remove build products; .venv stays
	@rm -rf build dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	@find src tests tools bench -name __pycache__ -type d -prune -exec rm -rf {} +

bootstrap:
	@tools/bootstrap

venv:
	@tools/bootstrap venv
