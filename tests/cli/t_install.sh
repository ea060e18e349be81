# Install into a folder: everything that belongs there, the shipped library and the dictionary
# found from there, a C program built with pkg-config alone; uninstall leaves nothing.
b=${LTM%/ltm}; b=build/${b##*/build/}
unset LTM_DICT
case $b in *asan|*ubsan|*tsan) echo "a sanitizer's library is not for installing"; exit 77 ;; esac
t 'make -s -C "$ROOT" B="$b" FLAVOUR="${b##*/}" PREFIX="$PWD/p" install > o 2>&1 || cat o; find p -type f | grep -v "share/ltm/library\|man1/ltm-\|words.dict" | sort'
t 'ls p/share/man/man1 | wc -l; ls p/share/man/ru/man1 | wc -l; ls p/share/ltm/library | head -3'
t 'p/bin/ltm words --tsv "Он ушёл." | cut -f 2 | head -2'
t 'p/bin/ltm live -q -o m --epochs 1 | head -1'
cat > x.c <<'END'
#include <ltm.h>
#include <stdio.h>
static void write_out(void *ctx, const char *p, size_t n) { fwrite(p, 1, n, ctx); }
int main(void)
{
	struct ltm_words_opts o = LTM_OPTS(struct ltm_words_opts);
	struct ltm_sink out = { write_out, stdout };
	struct ltm_error e = { 0 };

	o.text = "Мастер завесил зеркало.";
	if (ltm_words(&o, &out, &e))
		return puts(e.msg), e.code;
	return ltm_words(&(struct ltm_words_opts){ 0 }, &out, &e) == LTM_USAGE && puts(e.msg) ? 0 : 1;
}
END
t 'PKG_CONFIG_PATH=p/lib/pkgconfig; export PKG_CONFIG_PATH; cc -std=c11 x.c -o x $(pkg-config --cflags --libs ltm) -Wl,-rpath,$PWD/p/lib && LTM_DICT=p/share/ltm/words.dict ./x'
t 'printf "#include <ltm.h>\nint main() { ltm_read_opts o = LTM_OPTS(ltm_read_opts); return !o.size; }\n" > y.cc; if command -v c++ > /dev/null; then c++ -fsyntax-only -Ip/include y.cc; fi && echo the header is C++ too'
t 'make -s -C "$ROOT" B="$b" FLAVOUR="${b##*/}" PREFIX="$PWD/p" uninstall; find p -type f | wc -l'
