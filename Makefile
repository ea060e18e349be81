# Makefile - builds libltm, the command ltm, tests, benchmarks and fuzzers.
#
#   make            release build: build/release/ltm
#   make demo       the main job on the shipped library, from a bare machine
#   make test       everything a user relies on;  make check = the same without set-up
#   make FLAVOUR=debug|asan|ubsan|tsan …   the same targets, other builds
#   make help       all targets

FLAVOUR ?= release
B       := build/$(FLAVOUR)
PREFIX  ?= /usr/local
VERSION := 0.1.0

PKGS    := libxml-2.0 libzip uchardet libutf8proc sqlite3 libzstd libxxhash yaml-0.1 jansson
PKG_CFLAGS := $(shell pkg-config --cflags $(PKGS) 2>/dev/null)
PKG_LIBS   := $(shell pkg-config --libs $(PKGS) 2>/dev/null)
# OpenBLAS in its OpenMP flavour: named by folder, so that another alternative cannot slip in.
BLAS_DIR   := /usr/lib/$(shell gcc -print-multiarch 2>/dev/null)/openblas-openmp
BLAS_CFLAGS:= -I/usr/include/$(shell gcc -print-multiarch 2>/dev/null)/openblas-openmp

CC      ?= cc
# Lines of the build are short; make V=1 shows whole commands.
V       ?= 0
Q       := $(if $(filter 1,$(V)),,@)
hush    := $(filter 1,$(V))$(findstring s,$(firstword -$(MAKEFLAGS)))
say      = $(if $(hush),,@printf '  %-5s %s\n' $(1) $(2))
WARN    := -Wall -Wextra -Wshadow -Wpointer-arith -Wstrict-prototypes -Wmissing-prototypes -Wvla
OPT_release := -O3 -g -fno-math-errno
OPT_debug   := -O0 -g3
OPT_asan    := -O1 -g -fsanitize=address,undefined -fno-omit-frame-pointer
OPT_ubsan   := -O1 -g -fsanitize=undefined -fno-sanitize-recover=undefined
OPT_tsan    := -O1 -g -fsanitize=thread
ifeq ($(FLAVOUR),tsan)
CC      := clang
endif
CFLAGS  := -std=c11 -D_GNU_SOURCE -DLTM_VERSION='"$(VERSION)"' -DLTM_PREFIX='"$(PREFIX)"' \
           -DLTM_BLAS='"$(BLAS_DIR)/libopenblas.so.0"' \
           $(OPT_$(FLAVOUR)) $(WARN) -fopenmp -fPIC -fvisibility=hidden -Isrc -Iinclude \
           $(PKG_CFLAGS) $(BLAS_CFLAGS) $(EXTRA_CFLAGS)
LIBS    := $(PKG_LIBS) -fopenmp -lpthread -ldl -lm

ROOMS   := base num text words scenes concepts glyphs order model thought io app
SRC     := $(foreach r,$(ROOMS),$(sort $(wildcard src/$(r)/*.c src/$(r)/*/*.c)))
CMD_SRC := $(filter src/app/cmd/%.c,$(SRC))
LIB_SRC := $(filter-out $(CMD_SRC),$(SRC))
LIB_OBJ := $(LIB_SRC:%.c=$(B)/%.o) $(B)/data.o
CMD_OBJ := $(CMD_SRC:%.c=$(B)/%.o)
UNIT    := $(patsubst tests/unit/%.c,$(B)/tests/%,$(sort $(wildcard tests/unit/t_*.c)))
BENCH   := $(patsubst bench/%.c,$(B)/bench/%,$(sort $(wildcard bench/*.c)))
DATA    := $(sort $(wildcard data/ru/*.tsv data/ru/*.bin)) $(sort $(wildcard web/*.css web/*.js)) $(wildcard src/io/store/schema/*.sql)

.PHONY: all lib demo test check unit cli help clean setup dict rooms format lint bench fuzz install uninstall man

all: $(B)/ltm build/words.dict
lib: $(B)/libltm.a $(B)/libltm.so

-include $(LIB_OBJ:.o=.d) $(CMD_OBJ:.o=.d)

$(B)/%.o: %.c
	@mkdir -p $(@D)
	$(call say,cc,$<)
	$(Q)$(CC) $(CFLAGS) -MMD -MP -c $< -o $@

# data/ru, web and the SQL schema as bytes of the library (base/data.h)
$(B)/data.c: $(DATA) scripts/embed.sh
	@mkdir -p $(@D)
	$(Q)sh scripts/embed.sh $(DATA) > $@.tmp && mv $@.tmp $@
$(B)/data.o: $(B)/data.c $(DATA)
	$(call say,data,$@)
	$(Q)$(CC) $(CFLAGS) -c $< -o $@

$(B)/libltm.a: $(LIB_OBJ)
	@rm -f $@
	$(call say,ar,$@)
	$(Q)ar rcs $@ $^
$(B)/libltm.so: $(LIB_OBJ)
	$(call say,link,$@)
	$(Q)$(CC) $(CFLAGS) -shared -Wl,-soname,libltm.so.0 $^ $(LIBS) -o $@
$(B)/ltm: $(CMD_OBJ) $(B)/libltm.a
	$(call say,link,$@)
	$(Q)$(CC) $(CFLAGS) $^ $(LIBS) -o $@

$(B)/tests/%: tests/unit/%.c tests/unit/check.h tests/unit/golden.h $(B)/libltm.a
	@mkdir -p $(@D)
	$(call say,test,$<)
	$(Q)$(CC) $(CFLAGS) -Itests/unit $< $(B)/libltm.a $(LIBS) -lcmocka -o $@
$(B)/bench/%: bench/%.c $(B)/libltm.a
	@mkdir -p $(@D)
	$(call say,bench,$<)
	$(Q)$(CC) $(CFLAGS) -Ibench $< $(B)/libltm.a $(LIBS) -o $@

# bench/fit: what makes the learnt tables of data/ru; make build/release/fit/fit_words
$(B)/fit/%: bench/fit/%.c $(B)/libltm.a
	@mkdir -p $(@D)
	$(call say,fit,$<)
	$(Q)$(CC) $(CFLAGS) -Ibench $< $(B)/libltm.a $(LIBS) -o $@

# ---- set-up ------------------------------------------------------------------------------
# The dictionary is fetched and converted once, and again when its form changes; never at run time.
build/words.dict: src/words/dict/dictbuild.c src/words/dict/gramtag.c src/words/dict/dict.h | $(B)/ltm
	sh scripts/dict.sh $(B)/ltm $@
setup: ; sh scripts/setup.sh
dict: build/words.dict

# ---- the main job and its tests ----------------------------------------------------------
help:
	@sed -n 's/^#   //p' Makefile | head -8
	@echo "make demo         build, live on the shipped library, think"
	@echo "make test         set-up if needed, then everything that is tested"
	@echo "make check        the same without set-up and without the sanitizer run"
	@echo "make unit cli     only the unit tests, only the commands as a user types them"
	@echo "make asan ubsan tsan   unit and command tests under sanitizers"
	@echo "make hostile      hostile files through the address-sanitizer build"
	@echo "make fuzz         libFuzzer targets in build/fuzz (clang)"
	@echo "make bench        benchmarks, one after the other"
	@echo "make lint format  house rules; clang-format on the lines changed since the last commit"
	@echo "make man          man pages from the tables of options, docs/man"
	@echo "make install      PREFIX=$(PREFIX), DESTDIR= ; uninstall takes it away"

demo:
	sh scripts/demo.sh
test:
	sh scripts/test.sh all
check:
	sh scripts/test.sh check
unit: $(UNIT) build/words.dict
	B=$(B) sh scripts/test.sh unit
cli: $(B)/ltm build/words.dict
	B=$(B) sh scripts/test.sh cli
hostile:
	sh scripts/test.sh hostile
asan ubsan tsan:
	$(MAKE) FLAVOUR=$@ build/$@/ltm unit-tests
	TSAN_OPTIONS=ignore_noninstrumented_modules=1 B=build/$@ sh scripts/test.sh unit cli
unit-tests: $(UNIT)
rooms:
	sh scripts/rooms.sh
lint:
	sh scripts/lint.sh
format:
	git clang-format --style=file --extensions c,h HEAD
bench: $(BENCH) build/words.dict
	@for b in $(BENCH); do echo "== $$(basename $$b)"; $$b || exit 1; done

# ---- fuzzing: libFuzzer with clang; the same targets replay their corpus with any compiler --
FUZZ    := $(patsubst fuzz/%.c,%,$(filter-out fuzz/replay.c,$(sort $(wildcard fuzz/*.c))))
REPLAY  := $(FUZZ:%=$(B)/replay/%)
$(B)/replay/%: fuzz/%.c fuzz/replay.c $(B)/libltm.a
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) fuzz/replay.c $< $(B)/libltm.a $(LIBS) -o $@
replay: $(REPLAY)
fuzz: $(FUZZ:%=build/fuzz/%)
build/fuzz/%: fuzz/%.c
	@mkdir -p $(@D)
	$(MAKE) B=build/fuzzlib FLAVOUR=asan CC=clang EXTRA_CFLAGS=-fsanitize=fuzzer-no-link build/fuzzlib/libltm.a
	clang $(subst $(OPT_$(FLAVOUR)),$(OPT_asan),$(CFLAGS)) -fsanitize=fuzzer $< build/fuzzlib/libltm.a $(LIBS) -o $@

# ---- man pages ---------------------------------------------------------------------------
man: $(B)/ltm
	sh scripts/man.sh $(B)/ltm docs/man

# docs/walk.md: one scene through every room, by the program itself
walk: $(B)/ltm build/words.dict
	sh scripts/walk.sh $(B)/ltm > docs/walk.md.tmp && mv docs/walk.md.tmp docs/walk.md

# ---- install: the command, the library, its header, data, man pages, completion ------------
D       := $(DESTDIR)$(PREFIX)
install: $(B)/ltm $(B)/libltm.a $(B)/libltm.so build/words.dict
	install -d $(D)/bin $(D)/lib/pkgconfig $(D)/include $(D)/share/ltm/library \
	  $(D)/share/bash-completion/completions $(D)/share/man/man1 $(D)/share/man/ru/man1 $(D)/share/doc/ltm
	install -m 755 $(B)/ltm $(D)/bin/ltm
	install -m 644 $(B)/libltm.a $(D)/lib/libltm.a
	install -m 755 $(B)/libltm.so $(D)/lib/libltm.so.0
	ln -sf libltm.so.0 $(D)/lib/libltm.so
	install -m 644 include/ltm.h $(D)/include/ltm.h
	install -m 644 build/words.dict $(D)/share/ltm/words.dict
	cp -R library/. $(D)/share/ltm/library
	install -m 644 LICENSE README.md README.ru.md $(D)/share/doc/ltm
	$(B)/ltm help --bash > $(D)/share/bash-completion/completions/ltm
	sh scripts/man.sh $(B)/ltm $(D)/share/man/man1 $(D)/share/man/ru/man1
	printf '%s\n' 'prefix=$(PREFIX)' 'libdir=$${prefix}/lib' 'includedir=$${prefix}/include' '' \
	  'Name: ltm' 'Description: Large Thought Model: scenes of Russian books' 'Version: $(VERSION)' \
	  'Requires.private: $(PKGS)' 'Libs: -L$${libdir} -lltm' \
	  'Libs.private: $(PKG_LIBS) -fopenmp -lpthread -ldl -lm' 'Cflags: -I$${includedir}' \
	  > $(D)/lib/pkgconfig/ltm.pc
uninstall:
	rm -f $(D)/bin/ltm $(D)/lib/libltm.a $(D)/lib/libltm.so $(D)/lib/libltm.so.0 $(D)/include/ltm.h \
	  $(D)/lib/pkgconfig/ltm.pc $(D)/share/bash-completion/completions/ltm \
	  $(D)/share/man/man1/ltm.1 $(D)/share/man/man1/ltm-*.1 \
	  $(D)/share/man/ru/man1/ltm.1 $(D)/share/man/ru/man1/ltm-*.1
	rm -rf $(D)/share/ltm $(D)/share/doc/ltm
clean:
	rm -rf build/release build/debug build/asan build/ubsan build/tsan build/fuzz build/fuzzlib build/test
.PHONY: walk asan ubsan tsan unit-tests replay hostile
