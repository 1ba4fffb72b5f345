# Two commands do everything: `make run` starts the gateway, `make test` runs the tests.
# Both install what they need first, or say what is missing.

RELEASE_FLAGS := -c release --static-swift-stdlib --product turnout
BINARY := .build/release/turnout
SOURCES := Package.swift $(shell find Sources)

.PHONY: run test build lint format defaults clean

run: $(BINARY)
	@$(BINARY) serve $(ARGS)

build: $(BINARY)

$(BINARY): $(SOURCES)
	@Scripts/setup.sh build
	@echo "Building turnout in release mode; the first time takes about ten minutes on two cores."
	@swift build $(RELEASE_FLAGS)
	@touch $(BINARY)

# Three runs, so that tests that wait on sockets and clocks do not compete with those that compute.
SOCKETS := TurnoutHubTests|TurnoutProvidersTests|TurnoutGatewayTests|TurnoutServerTests

test:
	@Scripts/setup.sh test
	swift build --build-tests
ifdef ARGS
	swift test --skip-build $(ARGS)
else
	swift test --skip-build --skip '$(SOCKETS)|EndToEndTests'
	swift test --skip-build --filter '$(SOCKETS)'
	swift test --skip-build --filter EndToEndTests
endif

lint:
	swift format lint --strict --parallel --recursive Package.swift Sources Tests Benchmarks/Package.swift Benchmarks/Sources Fuzz/Package.swift Fuzz/Sources

format:
	swift format format --in-place --parallel --recursive Package.swift Sources Tests Benchmarks/Package.swift Benchmarks/Sources Fuzz/Package.swift Fuzz/Sources

clean:
	rm -rf .build .venv

# Trains the embedded default router and task classifier; DATA is the folder of the files that the recipes name. With
# ENCODER, a model's folder or name, the embedded static table is distilled from it first: both fit only the table they
# were trained on.
MODEL_NAME ?= sentence-transformers/all-MiniLM-L6-v2

defaults: $(BINARY)
ifdef ENCODER
	$(BINARY) distill --encoder $(ENCODER) --model-name $(MODEL_NAME) \
		-o Sources/CTurnoutDefaults/static-encoder.safetensors
	@$(MAKE) build
endif
	$(BINARY) train --router difficulty --recipe Recipes/default-router.json --data-dir $(DATA) --leave-one-out \
		-o Sources/CTurnoutDefaults/default-router.safetensors
	$(BINARY) train --router tasks --recipe Recipes/task-classifier.json --data-dir $(DATA) \
		-o Sources/CTurnoutDefaults/task-classifier.safetensors
