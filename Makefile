# SPDX-License-Identifier: GPL-2.0-or-later
# make deps|all|check|check-all|demo|lint|asan|fuzz|bench|install|clean; V=1 shows the commands.

VERSION := 0.1.0
PREFIX ?= /usr/local
DESTDIR ?=
CC ?= gcc
BUILD ?= build
CFLAGS ?= -O2 -g
PKGS := libkdumpfile libaddrxlat zlib lzo2 libzstd snappy libdw libelf yaml-0.1 nettle json-c

WARNINGS := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith \
	    -Wwrite-strings -Wundef -Wvla -Werror
KM_CFLAGS := -std=gnu17 -D_GNU_SOURCE -Ianalyze -I. $(WARNINGS) $(CFLAGS) \
	     -DKMORTEM_VERSION='"$(VERSION)"' -DKMORTEM_RULES='"$(PREFIX)/share/kmortem/rules"' \
	     $(shell pkg-config --cflags $(PKGS) 2>/dev/null)
KM_LIBS := $(shell pkg-config --libs $(PKGS) 2>/dev/null) $(LDFLAGS)

Q := $(if $(V),,@)
say = $(if $(V),,@echo "  $(1)	$(2)")

SOURCES := $(sort $(wildcard analyze/*.c analyze/*/*.c reports/*.c))
OBJECTS := $(SOURCES:%.c=$(BUILD)/%.o)
LIBRARY := $(filter-out $(BUILD)/analyze/main.o,$(OBJECTS))
UNIT := $(sort $(wildcard tests/unit/test_*.c))
UNIT_PROGRAMS := $(UNIT:%.c=$(BUILD)/%)

all: $(BUILD)/kmortem

$(BUILD)/kmortem: $(OBJECTS)
	$(call say,LINK,$@)
	$(Q)$(CC) $(KM_CFLAGS) -o $@ $^ $(KM_LIBS)
	$(Q)ln -sfn $(CURDIR)/rules $(BUILD)/rules # where the executable looks first

$(BUILD)/%.o: %.c
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D) && $(CC) $(KM_CFLAGS) -MMD -MP -c -o $@ $<

# .incbin: make has to know of the file, and link-time optimisation would lose the symbol.
$(BUILD)/reports/style.o: reports/report.css
$(BUILD)/reports/style.o: KM_CFLAGS += -fno-lto

# A unit test includes the .c it tests, so that file's own object must not be linked to it again:
# the objects stand in an archive, of which the linker takes only what is still missing.
$(BUILD)/libkmortem.a: $(LIBRARY)
	$(call say,AR,$@)
	$(Q)rm -f $@ && $(AR) rcs $@ $^

$(BUILD)/tests/unit/%: tests/unit/%.c $(BUILD)/libkmortem.a
	$(call say,TEST,$<)
	$(Q)mkdir -p $(@D) && $(CC) $(KM_CFLAGS) -Itests/unit -MMD -MP -o $@ $< $(BUILD)/libkmortem.a $(KM_LIBS)

unit: $(UNIT_PROGRAMS)
	$(Q)for program in $^; do $$program || exit 1; done

clean:
	$(Q)rm -rf $(BUILD)

-include $(OBJECTS:.o=.d) $(UNIT_PROGRAMS:=.d)

.PHONY: all unit clean
.SECONDARY:
