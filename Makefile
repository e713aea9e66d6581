# SPDX-License-Identifier: GPL-2.0-or-later
# make deps|all|check|check-all|demo|lint|asan|fuzz|bench|bench-capture|bench-netdump|install|deb|clean; V=1 shows the commands.

VERSION := 0.1.0
PREFIX ?= /usr/local
UNIT_DIRECTORY ?= $(PREFIX)/lib/systemd/system
DESTDIR ?=
CC ?= gcc
BUILD ?= build
CFLAGS ?= -O2 -g
FUZZ_SECONDS ?= 60
ifeq ($(strip $(BUILD)),)
$(error BUILD is empty: name the folder to build in, or leave it out)
endif
ifneq ($(words $(CURDIR)/$(BUILD)),1)
$(error make cannot work with a space in the name of a folder: $(CURDIR)/$(BUILD))
endif
PKGS := libkdumpfile libaddrxlat libdeflate lzo2 libzstd snappy libdw libelf yaml-0.1 nettle json-c

WARNINGS := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith \
	    -Wwrite-strings -Wundef -Wvla -Werror
KM_CFLAGS := -std=gnu17 -D_GNU_SOURCE -Ianalyze -Inetdump-server -I. $(WARNINGS) $(CFLAGS) \
	     -DKMORTEM_VERSION='"$(VERSION)"' -DKMORTEM_RULES='"$(PREFIX)/share/kmortem/rules"' \
	     $(shell pkg-config --cflags $(PKGS) 2>/dev/null)
KM_LIBS := $(shell pkg-config --libs $(PKGS) 2>/dev/null) -lm $(LDFLAGS)

NETDUMP_LIBS := -lsodium -lzstd -llzo2 -lz -lseccomp -ljson-c -pthread $(LDFLAGS)

Q := $(if $(V),,@)
is_silent := $(findstring s,$(filter-out --%,$(firstword $(MAKEFLAGS))))
say = $(if $(V)$(is_silent),,@echo "  $(1)	$(2)")

SOURCES := $(sort $(wildcard analyze/*.c analyze/*/*.c reports/*.c))
OBJECTS := $(SOURCES:%.c=$(BUILD)/%.o)
LIBRARY := $(filter-out $(BUILD)/analyze/main.o,$(OBJECTS))
UNIT := $(sort $(wildcard tests/unit/test_*.c))
NETDUMP_OBJECTS := $(patsubst %.c,$(BUILD)/%.o,$(sort $(wildcard netdump-server/*/*.c)))
NETDUMP_LIBRARY := $(filter-out %/main.o,$(NETDUMP_OBJECTS)) $(filter $(BUILD)/analyze/base/%,$(OBJECTS))
SEND_OBJECTS := $(filter $(foreach part,send wire seal,$(BUILD)/netdump-server/$(part)/%) %/session/extents.o,\
		  $(NETDUMP_OBJECTS)) $(filter $(BUILD)/analyze/base/%,$(OBJECTS))
SERVER_OBJECTS := $(filter-out $(BUILD)/netdump-server/send/%,$(NETDUMP_LIBRARY)) $(BUILD)/netdump-server/server/main.o
NETDUMP_UNIT := $(sort $(wildcard tests/netdump/test_*.c))
UNIT_PROGRAMS := $(UNIT:%.c=$(BUILD)/%) $(NETDUMP_UNIT:%.c=$(BUILD)/%)
FUZZ := $(sort $(wildcard tests/fuzz/fuzz_*.c))
FUZZ_PROGRAMS := $(FUZZ:%.c=$(BUILD)/%)
HEADERS := $(sort $(wildcard analyze/*.h analyze/*/*.h reports/*.h netdump-server/*/*.h))
HEADER_CHECKS := $(HEADERS:%=$(BUILD)/headers/%.ok)

PROGRAMS := $(BUILD)/kmortem $(BUILD)/kmortem-open $(BUILD)/netdump-send $(BUILD)/netdump-server/netdump-server

all: $(PROGRAMS)

$(BUILD)/kmortem: $(OBJECTS)
	$(call say,LINK,$@)
	$(Q)$(CC) $(KM_CFLAGS) -o $@ $^ $(KM_LIBS)
	$(Q)ln -sfn $(CURDIR)/rules $(BUILD)/rules # where the executable looks first
	$(Q)ln -sfn $(CURDIR)/capture $(BUILD)/capture

# Without an object: $(BUILD)/capture is the source's.
$(BUILD)/kmortem-open: capture/kmortem-open.c
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D) && $(CC) $(KM_CFLAGS) -MMD -MP -o $@ $< $(LDFLAGS)

# Static: it is to run in a capture kernel's initramfs, where there is nothing else. Sanitizers do not go with that.
$(BUILD)/netdump-send: $(SEND_OBJECTS)
	$(call say,LINK,$@)
	$(Q)$(CC) $(KM_CFLAGS) $(if $(findstring -fsanitize,$(CFLAGS)),,-static) -o $@ $^ -lsodium -pthread $(LDFLAGS)

# $(BUILD)/netdump-server is the folder of its objects.
$(BUILD)/netdump-server/netdump-server: $(SERVER_OBJECTS)
	$(call say,LINK,$@)
	$(Q)$(CC) $(KM_CFLAGS) -o $@ $^ $(NETDUMP_LIBS)

$(BUILD)/%.o: %.c
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D) && $(CC) $(KM_CFLAGS) -MMD -MP -c -o $@ $<

# .incbin: make has to know of the file, and link-time optimisation would lose the symbol.
$(BUILD)/reports/style.o: reports/report.css reports/list.css
$(BUILD)/reports/style.o: KM_CFLAGS += -fno-lto

# A unit test includes the .c it tests, so that file's own object must not be linked to it again:
# the objects stand in an archive, of which the linker takes only what is still missing.
$(BUILD)/libkmortem.a: $(LIBRARY)
	$(call say,AR,$@)
	$(Q)rm -f $@ && $(AR) rcs $@ $^

$(BUILD)/tests/unit/%: tests/unit/%.c $(BUILD)/libkmortem.a
	$(call say,TEST,$<)
	$(Q)mkdir -p $(@D) && $(CC) $(KM_CFLAGS) -Itests/unit -MMD -MP -o $@ $< $(BUILD)/libkmortem.a $(KM_LIBS)

$(BUILD)/libnetdump.a: $(NETDUMP_LIBRARY)
	$(call say,AR,$@)
	$(Q)rm -f $@ && $(AR) rcs $@ $^

$(BUILD)/tests/netdump/%: tests/netdump/%.c $(BUILD)/libnetdump.a
	$(call say,TEST,$<)
	$(Q)mkdir -p $(@D) && $(CC) $(KM_CFLAGS) -Itests/unit -Itests/netdump -MMD -MP -o $@ $< $(BUILD)/libnetdump.a $(NETDUMP_LIBS)

$(BUILD)/tests/netdump/kdump_memory: NETDUMP_LIBS += $(KM_LIBS)

$(BUILD)/tests/fuzz/%: tests/fuzz/%.c $(BUILD)/libkmortem.a $(BUILD)/libnetdump.a
	$(call say,FUZZ,$<)
	$(Q)mkdir -p $(@D) && $(CC) $(KM_CFLAGS) -fsanitize=fuzzer -MMD -MP -o $@ $< \
		$(BUILD)/libkmortem.a $(BUILD)/libnetdump.a $(KM_LIBS) $(NETDUMP_LIBS)

# Each header stands alone.
$(BUILD)/headers/%.ok: %
	$(Q)mkdir -p $(@D) && $(CC) $(KM_CFLAGS) -fsyntax-only -x c -include $< /dev/null && touch $@

unit: $(UNIT_PROGRAMS)
	$(Q)for program in $^; do $$program || exit 1; done

unit-programs: $(UNIT_PROGRAMS)
headers: $(HEADER_CHECKS)
fuzzers: $(FUZZ_PROGRAMS)

# Installs what is missing of the packages that building and testing need.
deps:
	$(Q)tests/deps

# Everything, in a make of its own: pkg-config has to be asked after `deps`. The last line counts.
check: deps
	$(Q)+BUILD='$(BUILD)' MAKE='$(MAKE)' CC='$(CC)' FUZZ_SECONDS='$(FUZZ_SECONDS)' tests/check

# With a dump for every recipe of the lab, and longer fuzzing; takes hours.
check-all: deps
	$(Q)+BUILD='$(BUILD)' MAKE='$(MAKE)' CC='$(CC)' FUZZ_SECONDS=1800 tests/check --all

# The same as check without fuzzing, with sanitizers, in a build folder of its own. What a sanitizer finds must not look
# like an answer of kmortem (0 to 3) or of a test (1); that ASAN_OPTIONS is set tells the tests that memory is no measure.
asan: deps
	$(Q)+BUILD='$(BUILD)/asan' MAKE='$(MAKE)' CC='$(CC)' FUZZ_SECONDS=0 \
		ASAN_OPTIONS=exitcode=98 UBSAN_OPTIONS=exitcode=98:print_stacktrace=1 \
		CFLAGS='-O1 -g -fsanitize=address,undefined -fno-sanitize-recover=undefined' tests/check

# FUZZ_SECONDS in all, or FUZZ_INPUTS for each target.
fuzz: deps
	$(Q)+BUILD='$(BUILD)' MAKE='$(MAKE)' tests/fuzz/run $(if $(FUZZ_INPUTS),--inputs $(FUZZ_INPUTS),$(FUZZ_SECONDS))

lint: deps
	$(Q)BUILD='$(BUILD)' tests/lint $(SOURCES) capture/kmortem-open.c $(NETDUMP_OBJECTS:$(BUILD)/%.o=%.c)

# How long the commands take on a dump of the lab.
bench: all
	$(Q)tests/bench/run $(BUILD)/kmortem

# How fast dumps travel, beside scp, nc and socat. BENCH: more words for tests/bench/netdump.py, like --size=256.
bench-netdump: deps
	$(Q)+$(MAKE) --no-print-directory all $(BUILD)/tests/netdump/path $(BUILD)/tests/netdump/freebsd_send
	$(Q)python3 tests/bench/netdump.py $(BUILD) $(BENCH)

# How long a crash takes, beside kdump-tools', how much memory, how large the image: an hour of emulation. BENCH: one of tests/bench/guests.
bench-capture: deps
	$(Q)+$(MAKE) --no-print-directory all
	$(Q)python3 tests/bench/capture.py $(BUILD) $(BENCH)

# A guest is made sick and crashed; its report lies in $(BUILD)/demo afterwards.
demo: deps
	$(Q)+$(MAKE) --no-print-directory all
	$(Q)BUILD='$(BUILD)' tests/demo

install: all
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/sbin $(DESTDIR)$(PREFIX)/share/kmortem/rules/lib \
		$(DESTDIR)$(PREFIX)/share/doc/kmortem $(addprefix $(DESTDIR)$(PREFIX)/share/man/man,1 5 7 8) \
		$(addprefix $(DESTDIR)$(PREFIX)/lib/,sysusers.d tmpfiles.d sysctl.d udev/rules.d) $(DESTDIR)$(UNIT_DIRECTORY)
	install $(BUILD)/kmortem $(DESTDIR)$(PREFIX)/bin
	install $(BUILD)/netdump-send $(BUILD)/netdump-server/netdump-server $(DESTDIR)$(PREFIX)/sbin
	install -m 644 rules/*.yaml $(DESTDIR)$(PREFIX)/share/kmortem/rules
	install -m 644 rules/lib/*.yaml $(DESTDIR)$(PREFIX)/share/kmortem/rules/lib
	install -m 644 reports/*.schema.json $(DESTDIR)$(PREFIX)/share/kmortem
	for page in man/*.?; do install -m 644 $$page $(DESTDIR)$(PREFIX)/share/man/man$${page##*.} || exit 1; done
	install -m 644 netdump-server/netdump.conf $(DESTDIR)$(PREFIX)/share/doc/kmortem
	install -m 644 systemd/*.service systemd/*.path systemd/*.timer $(DESTDIR)$(UNIT_DIRECTORY)
	install -d $(addprefix $(DESTDIR)$(PREFIX)/lib/kmortem/capture/,shared host saving hooks reports)
	for file in capture/*/*; do \
		if [ -x $$file ]; then mode=755; else mode=644; fi; \
		install -m $$mode $$file $(DESTDIR)$(PREFIX)/lib/kmortem/$$file || exit 1; done
	install $(BUILD)/kmortem-open capture/kmortem-reports capture/kmortem-notify $(DESTDIR)$(PREFIX)/lib/kmortem/capture
	install capture/kmortem-capture $(DESTDIR)$(PREFIX)/sbin
	install -m 644 capture/capture.conf $(DESTDIR)$(PREFIX)/share/doc/kmortem
	sed -i 's,/usr/local/,$(PREFIX)/,' $(patsubst systemd/%,$(DESTDIR)$(UNIT_DIRECTORY)/%,$(wildcard systemd/*.service))
	install -m 644 systemd/kmortem.sysusers $(DESTDIR)$(PREFIX)/lib/sysusers.d/kmortem.conf
	install -m 644 systemd/netdump-server.sysusers $(DESTDIR)$(PREFIX)/lib/sysusers.d/netdump-server.conf
	install -m 644 systemd/kmortem.tmpfiles $(DESTDIR)$(PREFIX)/lib/tmpfiles.d/kmortem.conf
	install -m 644 systemd/netdump-server.tmpfiles $(DESTDIR)$(PREFIX)/lib/tmpfiles.d/netdump-server.conf
	install -m 644 systemd/kmortem-capture.rules $(DESTDIR)$(PREFIX)/lib/udev/rules.d/98-kmortem-capture.rules
	install -m 644 systemd/netdump-server.sysctl $(DESTDIR)$(PREFIX)/lib/sysctl.d/90-netdump-server.conf

# The Debian packages, in $(BUILD)/deb.
deb: deps
	$(Q)packaging/deb $(VERSION) $(BUILD)/deb

clean:
	$(Q)rm -rf $(BUILD)

-include $(OBJECTS:.o=.d) $(BUILD)/kmortem-open.d $(NETDUMP_OBJECTS:.o=.d) $(UNIT_PROGRAMS:=.d) $(FUZZ_PROGRAMS:=.d)

.PHONY: all asan bench bench-capture bench-netdump check check-all clean deb demo deps fuzz fuzzers headers install lint unit unit-programs
.SECONDARY:
