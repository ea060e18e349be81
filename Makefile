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
BLAS_LIBS  := -L$(BLAS_DIR) -Wl,-rpath,$(BLAS_DIR) -lopenblas

CC      ?= cc
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
           $(OPT_$(FLAVOUR)) $(WARN) -fopenmp -fPIC -fvisibility=hidden -Isrc -Iinclude \
           $(PKG_CFLAGS) $(BLAS_CFLAGS) $(EXTRA_CFLAGS)
LIBS    := $(PKG_LIBS) $(BLAS_LIBS) -fopenmp -lpthread -lm

ROOMS   := base num text words scenes concepts glyphs order model thought io app
SRC     := $(foreach r,$(ROOMS),$(sort $(wildcard src/$(r)/*.c)))
CMD_SRC := $(filter src/app/main.c src/app/cmd_%.c,$(SRC))
LIB_SRC := $(filter-out $(CMD_SRC),$(SRC))
LIB_OBJ := $(LIB_SRC:%.c=$(B)/%.o) $(B)/data.o
CMD_OBJ := $(CMD_SRC:%.c=$(B)/%.o)
UNIT    := $(patsubst tests/unit/%.c,$(B)/tests/%,$(sort $(wildcard tests/unit/t_*.c)))
BENCH   := $(patsubst bench/%.c,$(B)/bench/%,$(sort $(wildcard bench/*.c)))
DATA    := $(sort $(wildcard data/ru/*.tsv)) $(sort $(wildcard web/*.css web/*.js)) $(wildcard src/io/schema/*.sql)

.PHONY: all lib demo test check unit cli help clean setup dict rooms format lint bench fuzz install uninstall man

all: $(B)/ltm build/words.dict
lib: $(B)/libltm.a $(B)/libltm.so

-include $(LIB_OBJ:.o=.d) $(CMD_OBJ:.o=.d)

$(B)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -MMD -MP -c $< -o $@

# data/ru, web and the SQL schema as bytes of the library (base/data.h)
$(B)/data.c: $(DATA) scripts/embed.sh
	@mkdir -p $(@D)
	sh scripts/embed.sh $(DATA) > $@.tmp && mv $@.tmp $@
$(B)/data.o: $(B)/data.c $(DATA)
	$(CC) $(CFLAGS) -c $< -o $@

$(B)/libltm.a: $(LIB_OBJ)
	@rm -f $@
	ar rcs $@ $^
$(B)/libltm.so: $(LIB_OBJ)
	$(CC) $(CFLAGS) -shared -Wl,-soname,libltm.so.0 $^ $(LIBS) -o $@
$(B)/ltm: $(CMD_OBJ) $(B)/libltm.a
	$(CC) $(CFLAGS) $^ $(LIBS) -o $@

$(B)/tests/%: tests/unit/%.c tests/unit/check.h $(B)/libltm.a
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -Itests/unit $< $(B)/libltm.a $(LIBS) -o $@
$(B)/bench/%: bench/%.c $(B)/libltm.a
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $< $(B)/libltm.a $(LIBS) -o $@
