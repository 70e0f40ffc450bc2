# watchdesk. `make` builds build/watchdesk (console, headless commands) and build/watchdesk-worker
# (everything that talks to a source). `make help` lists the targets.

BUILD   ?= build
CC      ?= gcc
PKGS    := libcurl jansson libssh2 sqlite3 yaml-0.1 libpq ncursesw libcrypto
VERSION := $(shell git describe --always --dirty 2>/dev/null || echo unknown)

# pkg-config may be missing before `make deps`; the goals that compile come after it.
PKG_CFLAGS := $(shell pkg-config --cflags $(PKGS) 2>/dev/null)
PKG_LIBS   := $(shell pkg-config --libs $(PKGS) 2>/dev/null)

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
ARCHIVES      := $(LAYERS:%=$(O)/libwd-%.a)
# Linking goes from the top layer down.
LINK_ORDER    := $(O)/libwd-tui.a $(O)/libwd-runbooks.a $(O)/libwd-triage.a $(O)/libwd-connector.a \
	$(O)/libwd-transport.a $(O)/libwd-store.a $(O)/libwd-base.a

all: $(BUILD)/watchdesk $(BUILD)/watchdesk-worker

.SECONDARY:
.DELETE_ON_ERROR:

define layer
$(O)/libwd-$(1).a: $(SRC_$(1):%.c=$(O)/%.o)
	@rm -f $$@ && ar rcs $$@ $$^
endef
$(foreach l,$(LAYERS),$(eval $(call layer,$(l))))

$(O)/%.o: %.c
	@mkdir -p $(@D)
	@$(CC) $(REAL_CFLAGS) -MMD -MP -c -o $@ $<

$(O)/watchdesk: $(O)/tui/main.o $(ARCHIVES)
	@$(CC) -o $@ $< $(LINK_ORDER) $(REAL_LINK) $(PKG_LIBS)
$(O)/watchdesk-worker: $(O)/runbooks/engine/main.o $(ARCHIVES)
	@$(CC) -o $@ $< $(LINK_ORDER) $(REAL_LINK) $(PKG_LIBS)

$(BUILD)/watchdesk $(BUILD)/watchdesk-worker: $(BUILD)/%: $(O)/%
	@ln -sfn $(MODE)/$* $@

# ---- tests -----------------------------------------------------------------------------------
# `make unit` runs every program of tests/unit under ASan+UBSan; `make unit T=jmespath` runs one.
UNIT := $(patsubst tests/unit/%_test.c,%,$(wildcard tests/unit/*_test.c))
T    ?= $(UNIT)

ifneq ($(MODE),asan)
unit:
	@$(MAKE) --no-print-directory MODE=asan BUILD=$(BUILD) unit T="$(T)"
else
unit: $(T:%=$(O)/tests/unit/%_test.ran)
endif

$(O)/tests/unit/%_test: $(O)/tests/unit/%_test.o $(ARCHIVES)
	@$(CC) -o $@ $< $(LINK_ORDER) $(REAL_LINK) $(PKG_LIBS) -lcmocka
$(O)/tests/unit/%_test.ran: $(O)/tests/unit/%_test
	@tests/check/quiet $< && touch $@

clean:
	rm -rf $(BUILD)

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)

.PHONY: all unit clean
