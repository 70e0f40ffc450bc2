# watchdesk. `make` builds build/watchdesk (console, headless commands) and build/watchdesk-worker
# (everything that talks to a source). Targets: README.

BUILD   ?= build
CC      ?= gcc
PKGS    := libcurl jansson libssh2 sqlite3 yaml-0.1 libpq ncursesw libcrypto zlib
VERSION := $(shell git describe --always --dirty 2>/dev/null || echo unknown)

# pkg-config may be missing before `make deps`; the goals that compile come after it.
PKG_CFLAGS := $(shell pkg-config --cflags $(PKGS) 2>/dev/null)
PKG_LIBS   := $(shell pkg-config --libs $(PKGS) 2>/dev/null) -lm

PYTHON   ?= python3
JOBS     ?= $(shell nproc)
SUBMAKE   = $(MAKE) --no-print-directory BUILD=$(BUILD) CC="$(CC)"
# Parallel by itself; what a recipe does with $(SUBMAKE) shares the same jobs ("+" before it).
ifeq ($(MAKELEVEL),0)
MAKEFLAGS += -j$(JOBS)
endif
CLANG    ?= clang
QUIET    := tests/check/quiet
VENV     := $(BUILD)/venv
PREFIX   ?= /usr/local

WARN := -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla -Wwrite-strings \
	-Wpointer-arith -Wcast-qual -Wformat=2 -Wundef -Wold-style-definition -Wswitch-enum \
	-Wno-missing-field-initializers
HARDEN := -fstack-protector-strong -D_FORTIFY_SOURCE=2 -fPIE -fno-common
CSTD   := -std=c11 -D_GNU_SOURCE -I.
LINK   := -pie -Wl,-z,relro,-z,now,-z,noexecstack -Wl,--as-needed -Wl,--gc-sections

OPT_release := -O2 -g -ffunction-sections -fdata-sections $(HARDEN)
OPT_asan    := -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all -fPIE -DWD_HOSTILE_BUFFERS
MODE ?= release
O    := $(BUILD)/$(MODE)
OPT_fuzz    := -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined,fuzzer-no-link -fno-sanitize-recover=all -fPIE
LINK_asan := -fsanitize=address,undefined -pie

REAL_CFLAGS = $(CSTD) $(WARN) $(OPT_$(MODE)) $(PKG_CFLAGS) -DWD_VERSION='"$(VERSION)"' $(CFLAGS)
REAL_LINK   = $(if $(filter asan,$(MODE)),$(LINK_asan),$(LINK)) $(LDFLAGS)

# The layers, lowest first. An archive may use only the archives before it: tests/check/layers.sh.
LAYERS := base store transport connector triage runbooks tui
SRC_base      := $(wildcard backends/base/*.c)
SRC_store     := $(wildcard backends/store/*.c)
SRC_transport := $(wildcard backends/transport/*.c)
SRC_connector := $(wildcard backends/connector/*.c)
SRC_triage    := $(wildcard backends/triage/*.c)
SRC_runbooks  := $(filter-out runbooks/engine/main.c,$(wildcard runbooks/engine/*.c))
SRC_tui       := $(filter-out tui/main.c,$(wildcard tui/*.c tui/views/*.c tui/term/*.c tui/headless/*.c))
SOURCES       := $(foreach l,$(LAYERS),$(SRC_$(l))) runbooks/engine/main.c tui/main.c
# L="base store" builds and links with these layers only: work on a low layer while a higher one does not compile.
L             ?= $(LAYERS)
ARCHIVES      := $(L:%=$(O)/libwd-%.a)
# Linking goes from the top layer down.
LINK_ORDER    := $(foreach l,tui runbooks triage connector transport store base,$(filter %/libwd-$(l).a,$(ARCHIVES)))

all: $(BUILD)/watchdesk $(BUILD)/watchdesk-worker

.PRECIOUS: $(O)/%.o $(O)/tests/unit/%_test $(O)/tests/fuzz/%
.DELETE_ON_ERROR:

define layer
$(O)/libwd-$(1).a: $(SRC_$(1):%.c=$(O)/%.o)
	@rm -f $$@ && ar rcs $$@ $$^
endef
$(foreach l,$(LAYERS),$(eval $(call layer,$(l))))

$(O)/%.o: %.c
	@mkdir -p $(@D)
	@$(CC) $(REAL_CFLAGS) -MMD -MP -c -o $@ $<

# What names the version is compiled again when it changes.
$(O)/version: FORCE
	@mkdir -p $(@D); echo '$(VERSION)' | cmp -s - $@ || echo '$(VERSION)' >$@
$(O)/tui/main.o $(O)/backends/transport/http_easy.o: $(O)/version
FORCE:

$(O)/watchdesk: $(O)/tui/main.o $(ARCHIVES)
	@$(CC) -o $@ $< $(LINK_ORDER) $(REAL_LINK) $(PKG_LIBS)
$(O)/watchdesk-worker: $(O)/runbooks/engine/main.o $(ARCHIVES)
	@$(CC) -o $@ $< $(LINK_ORDER) $(REAL_LINK) $(PKG_LIBS)

$(BUILD)/watchdesk $(BUILD)/watchdesk-worker: $(BUILD)/%: $(O)/%
	@ln -sfn $(MODE)/$* $@

# ---- dependencies ------------------------------------------------------------------------------
deps:
	@tests/check/deps.sh build

deps-check:
	@tests/check/deps.sh check

# Python tools and test servers from PyPI, pinned; a changed requirements file makes a new environment.
# Airflow and its 130 dependencies come by uv, which installs them in seconds.
PIP_FILE_venv  := tests/requirements.txt
PIP_FILE_live  := /dev/null
PIP_FIRST_live := uv==0.13.9
$(BUILD)/venv.venv: tests/requirements.txt
$(BUILD)/live.venv: tests/live/requirements.txt
$(BUILD)/%.venv:
	@mkdir -p $(BUILD)
	@rm -rf $(BUILD)/$* && $(PYTHON) -m venv $(BUILD)/$*
	@$(QUIET) $(BUILD)/$*/bin/python -m pip install -q --disable-pip-version-check $(PIP_FIRST_$*) -r $(PIP_FILE_$*)
	@$(if $(PIP_FIRST_$*),$(QUIET) $(BUILD)/$*/bin/uv pip install -q --python $(BUILD)/$*/bin/python -r $<)
	@touch $@

# ---- the demo ----------------------------------------------------------------------------------
demo: deps
	+@$(SUBMAKE) all
	@$(PYTHON) tests/demo/demo.py --build $(BUILD)

# ---- check -------------------------------------------------------------------------------------
# Quiet when green; a failing step prints its output. `make check-NAME` runs one step.
STEPS := unit screen fuzz static e2e
check: deps-check
	+@$(SUBMAKE) all
	+@$(SUBMAKE) check-build
	+@for step in $(STEPS); do $(SUBMAKE) check-$$step || exit 1; done

# gcc with sanitizers, and clang: both with warnings as errors.
check-build: $(BUILD)/venv.venv
	+@$(SUBMAKE) MODE=asan programs tests-build
	+@$(SUBMAKE) MODE=fuzz CC="$(CLANG)" archives fuzz-build

check-unit: ; +@$(SUBMAKE) unit
check-screen: ; +@$(SUBMAKE) MODE=asan screen
check-fuzz: ; +@$(SUBMAKE) MODE=fuzz CC="$(CLANG)" fuzz

check-static: $(BUILD)/venv.venv layers limits headers format cppcheck tidy
layers: all ; @tests/check/layers.sh $(O)
limits: $(BUILD)/venv.venv ; @tests/check/limits.sh $(VENV)/bin/lizard
headers: ; @tests/check/headers.sh $(CC) $(CSTD) $(WARN) $(PKG_CFLAGS)
format: ; @tests/check/format.sh
cppcheck:
	@$(QUIET) cppcheck -q -j$(JOBS) --std=c11 --enable=warning,performance,portability --inline-suppr --error-exitcode=1 \
		--suppressions-list=tests/check/cppcheck.txt -D_GNU_SOURCE -I. --include=tests/check/cppcheck_macros.h \
		$(SOURCES)
tidy: $(SOURCES:%.c=$(BUILD)/tidy/%.ok)
$(BUILD)/tidy/%.ok: %.c .clang-tidy
	@mkdir -p $(@D)
	@$(QUIET) clang-tidy --quiet $< -- $(CSTD) $(PKG_CFLAGS) -DWD_VERSION='"tidy"' && touch $@

# They wait more than they compute: three side by side for each core.
check-e2e: $(BUILD)/venv.venv
	@$(VENV)/bin/python -m pytest -q -p no:cacheprovider -n $$(($$(nproc) * 3)) --dist loadgroup tests/connectors tests/e2e tests/torture \
		--build $(BUILD) $(PYTEST)
# The long form of the attacks.
torture: deps-check $(BUILD)/venv.venv
	+@$(SUBMAKE) all
	+@$(SUBMAKE) MODE=asan programs tests-build
	@$(VENV)/bin/python -m pytest -q -p no:cacheprovider -n $$(nproc) --dist loadgroup tests/torture --long --build $(BUILD) $(PYTEST)
check-live: deps-check $(BUILD)/venv.venv $(BUILD)/live.venv
	+@$(SUBMAKE) MODE=asan programs
	@$(VENV)/bin/python -m pytest -q -p no:cacheprovider tests/live --build $(BUILD) $(PYTEST)

bench: deps-check $(BUILD)/venv.venv
	+@$(SUBMAKE) all bench-build
	@$(VENV)/bin/python tests/bench/bench.py --build $(BUILD)

programs: $(O)/watchdesk $(O)/watchdesk-worker
archives: $(ARCHIVES)

# `make unit` runs every program of tests/unit under ASan+UBSan; `make unit T=jmespath` runs one.
UNIT := $(patsubst tests/unit/%_test.c,%,$(wildcard tests/unit/*_test.c))
FUZZ := $(patsubst tests/fuzz/%.c,%,$(wildcard tests/fuzz/*.c))
T    ?= $(UNIT)
F    ?= $(FUZZ)
FUZZ_TIME ?= 3

ifneq ($(MODE),asan)
unit:
	+@$(SUBMAKE) MODE=asan unit T="$(T)"
else
unit: $(T:%=$(O)/tests/unit/%_test.ran)
endif
tests-build: $(UNIT:%=$(O)/tests/unit/%_test) $(O)/tests/screen/runner
fuzz-build: $(FUZZ:%=$(O)/tests/fuzz/%)
bench-build: $(O)/tests/bench/fill $(O)/tests/bench/ingest

$(O)/tests/unit/%_test: $(O)/tests/unit/%_test.o $(ARCHIVES)
	@$(CC) -o $@ $< $(LINK_ORDER) $(REAL_LINK) $(PKG_LIBS) -lcmocka
$(O)/tests/unit/%_test.ran: $(O)/tests/unit/%_test
	@$(QUIET) $< && touch $@
$(O)/tests/screen/runner: $(O)/tests/screen/runner.o $(ARCHIVES)
	@$(CC) -o $@ $< $(LINK_ORDER) $(REAL_LINK) $(PKG_LIBS)
screen: $(O)/tests/screen/runner
	@$(QUIET) $< $(sort $(wildcard tests/screen/*.screen))
$(O)/tests/bench/%: $(O)/tests/bench/%.o $(ARCHIVES)
	@$(CC) -o $@ $< $(LINK_ORDER) $(REAL_LINK) $(PKG_LIBS)
$(O)/tests/fuzz/%: $(O)/tests/fuzz/%.o $(ARCHIVES)
	@$(CC) -o $@ $< $(LINK_ORDER) -fsanitize=address,undefined,fuzzer -pie $(PKG_LIBS)
fuzz: $(F:%=fuzz-%)
fuzz-%: $(O)/tests/fuzz/%
	@mkdir -p $(O)/corpus/$*
	@$(QUIET) $< -max_total_time=$(FUZZ_TIME) -max_len=4096 -timeout=5 -rss_limit_mb=2048 -artifact_prefix=$(O)/corpus/ \
		$(O)/corpus/$* $(wildcard tests/fuzz/seeds/$*)

# ---- install -----------------------------------------------------------------------------------
install: all
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/share/watchdesk
	install -m 755 $(O)/watchdesk $(O)/watchdesk-worker $(DESTDIR)$(PREFIX)/bin/
	for d in backends/catalog runbooks/catalog themes; do \
		install -d $(DESTDIR)$(PREFIX)/share/watchdesk/$$d && \
		cp -R $$d/. $(DESTDIR)$(PREFIX)/share/watchdesk/$$d/ || exit 1; done

clean:
	rm -rf $(BUILD)

-include $(shell find $(O) -name '*.d' -type f 2>/dev/null)

.PHONY: FORCE all deps deps-check demo check check-build check-unit check-screen check-fuzz check-static check-e2e check-live \
	layers limits headers format cppcheck tidy torture bench programs archives unit screen fuzz tests-build fuzz-build bench-build install clean
