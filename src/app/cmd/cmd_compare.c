/* cmd_compare.c - token, latent, concept and fractal on equal terms; the core beside its rivals. */
#include "app/cmd/cmd.h"

static int run(struct call *c)
{
	struct ltm_compare_opts *o = c->own;

	o->path = (const char *const *)c->arg;
	o->n_path = (size_t)c->n_arg;
	o->threads = c->common.threads;
	o->seed = c->common.seed;
	return ltm_compare(o, &c->out, &c->watch, &c->e);
}

#define AT(field) offsetof(struct ltm_compare_opts, field)
static const struct opt opts[] = {
	{ "output", 'o', OPT_STR, AT(dir), "DIR",
	  { "the folder for all that is trained and measured", "папка для всего обученного и измеренного" }, 0, 0 },
	{ "quick", 0, OPT_FLAG, AT(quick), NULL,
	  { "a smaller model and budget, at most 20 MB of books: minutes instead of an hour",
	    "модель и бюджет поменьше, не более 20 МБ книг: минуты вместо часа" }, 0, 0 },
	{ "tokens", 0, OPT_REAL, AT(tokens), "N",
	  { "millions of tokens the token model learns from; all others get the same operations (default: 3 where the chip "
	    "multiplies bf16, else 0.4; quick: 0.2)",
	    "на скольких миллионах токенов учится модель по токенам; остальным — столько же операций (по умолчанию 3, если "
	    "процессор умножает bf16, иначе 0.4; quick: 0.2)" }, 0, 1000000 },
	{ "seeds", 0, OPT_INT, AT(seeds), "N",
	  { "train each format so many times, with intervals (default: 1)",
	    "обучить каждый вид столько раз, с интервалами (по умолчанию 1)" }, 1, 10 },
	{ "formats", 0, OPT_STR, AT(formats), "LIST",
	  { "of token, latent, concept, fractal, long (default: all but long, a control; token and fractal always)",
	    "из token, latent, concept, fractal, long (по умолчанию все, кроме контроля long; token и fractal всегда)" }, 0, 0 },
	{ "layers", 0, OPT_INT, AT(layers), "N", { "layers (default: 6; quick: 2)", "слоёв (по умолчанию 6; quick: 2)" }, 2, 256 },
	{ "width", 0, OPT_INT, AT(width), "N", { "width (default: 256; quick: 128)", "ширина (по умолчанию 256; quick: 128)" }, 32, 16384 },
	{ "vocab", 'v', OPT_INT, AT(vocab), "N",
	  { "vocabulary (default: 8192; quick: 4096)", "словарь (по умолчанию 8192; quick: 4096)" }, 300, 1 << 18 },
	{ "likelihood", 0, OPT_STR, AT(likelihood), "DIR",
	  { "ask the likelihood of the token model in DIR (ltm train --format token), not of the comparison's own",
	    "спрашивать правдоподобие у модели в DIR (ltm train --format token), а не у обученной здесь" }, 0, 0 },
	{ "optimizer", 0, OPT_STR, AT(optimizer), "NAME",
	  { "of the decoders: muon (default), adamw", "для декодеров: muon (по умолчанию), adamw" }, 0, 0 },
	{ "json", 0, OPT_FLAG, AT(json), NULL, { "as JSON", "в JSON" }, 0, 0 },
	{ "dict", 0, OPT_STR, AT(dict), "FILE",
	  { "the dictionary (default: found by itself)", "словарь (по умолчанию находится сам)" }, 0, 0 },
	{ 0 },
};

extern const struct cmd cmd_compare;
const struct cmd cmd_compare = {
	.name = "compare",
	.args = { "[MIND|LIBRARY…] -o DIR", "[РАЗУМ|КНИГИ…] -o ПАПКА" },
	.brief = { "token, latent, concept and fractal on equal terms", "токены, вектора, понятия и фракталы на равных" },
	.about = { "Trains four decoders of equal size with equal floating-point operations on the same text: one over tokens "
	           "alone, one that reads a vector of each past scene, one that reads their symbols, and LTM, which "
	           "remembers the book's past scenes word for word and keeps registers of them; then LTM's network of scenes beside Base-LCM, Quant-LCM, "
	           "diffusion LCM and a k-means planner over the same vectors. Prints bits a character, LCM's metrics, "
	           "recall from codes, next6, order4, seconds and bytes; DIR gets compare.txt, .json and .svg.\n"
	           "Run it again after a stop and it goes on. Without books: the shipped library.",
	           "Обучает четыре декодера равного размера за равное число операций на одном тексте: по одним токенам; "
	           "читающий вектор каждой прошлой сцены; читающий их символы; и LTM — помнящий прошлые сцены книги дословно и их "
	           "регистры; затем сеть сцен LTM рядом с Base-LCM, Quant-LCM, диффузионной LCM и планировщиком k-средних "
	           "на тех же векторах. Печатает биты на знак, метрики LCM, поиск по кодам, next6, order4, секунды и байты; "
	           "в ПАПКЕ — compare.txt, .json и .svg.\n"
	           "После остановки запустите снова: продолжит. Без книг — на поставляемой библиотеке." },
	.example = "ltm compare --quick -o try\nltm compare ~/books -o compare --seeds 3",
	.min = 0, .max = -1, .opts = opts, .own_size = sizeof(struct ltm_compare_opts), .run = run,
};
