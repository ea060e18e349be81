/* cmd_tell.c - a trained token model goes on from a prompt. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "app/cmd/cmd.h"

struct tell_call {
	struct ltm_tell_opts o;		/* first: begins with its size */
	const char *temperature, *top_k, *top_p, *penalty;
};

/* A decimal in lo..hi; NULL leaves *v as it is. */
static int number(struct call *c, double *v, const char *s, const char *name, double lo, double hi)
{
	char *end;
	double x;

	if (!s)
		return LTM_OK;
	x = strtod(s, &end);
	if (*s && !*end && isfinite(x) && x >= lo && x <= hi) {
		*v = x;
		return LTM_OK;
	}
	c->e.code = LTM_USAGE;
	snprintf(c->e.msg, sizeof c->e.msg, c->common.l == RU ? "--%s: нужно число от %g до %g, с точкой"
	         : "--%s takes a number from %g to %g", name, lo, hi);
	return LTM_USAGE;
}

/* Text is seen as it comes, not when a buffer is full. */
static void at_once(void *ctx, const char *p, size_t n)
{
	const struct ltm_sink *s = ctx;

	s->write(s->ctx, p, n);
	fflush(stdout);
}

static int run(struct call *c)
{
	struct tell_call *t = c->own;
	struct ltm_sink out = { at_once, &c->out };
	double top_k = 0;

	t->o.size = sizeof t->o;
	t->o.model = c->arg[0];
	if (c->n_arg == 1 && !t->o.ids)
		t->o.from = "-";
	else if (c->n_arg == 2 && !strcmp(c->arg[1], "-"))
		t->o.from = "-";
	else if (c->n_arg == 2)
		t->o.prompt = c->arg[1];
	if (number(c, &t->o.temperature, t->temperature, "temperature", 0, 100) ||
	    number(c, &top_k, t->top_k, "top-k", 0, 1 << 20) ||
	    number(c, &t->o.top_p, t->top_p, "top-p", 1e-6, 1) ||
	    number(c, &t->o.penalty, t->penalty, "repeat-penalty", 0.01, 100))
		return LTM_USAGE;
	if (t->temperature && t->o.temperature == 0)
		t->o.greedy = 1;
	t->o.top_k = t->top_k && top_k < 1 ? -1 : (int)top_k;
	t->o.seed = c->common.seed;
	t->o.threads = c->common.threads;
	return ltm_tell(&t->o, &out, &c->watch, &c->e);
}

static const struct opt opts[] = {
	{ "length", 'n', OPT_INT, offsetof(struct tell_call, o.length), "N",
	  { "tokens at most (default: 200)", "сколько токенов, не больше (по умолчанию 200)" }, 1, 1000000 },
	{ "temperature", 0, OPT_STR, offsetof(struct tell_call, temperature), "X",
	  { "below 1 safer, above 1 wilder; 0: always the likeliest token (default: 0.8)",
	    "меньше 1 осторожнее, больше 1 вольнее; 0: всегда вероятнейший токен (по умолчанию 0.8)" }, 0, 0 },
	{ "greedy", 'g', OPT_FLAG, offsetof(struct tell_call, o.greedy), NULL,
	  { "always the likeliest token", "всегда вероятнейший токен" }, 0, 0 },
	{ "top-k", 0, OPT_STR, offsetof(struct tell_call, top_k), "N",
	  { "draw among the N likeliest; 0: all (default: 40)",
	    "выбирать из N вероятнейших; 0: из всех (по умолчанию 40)" }, 0, 0 },
	{ "top-p", 0, OPT_STR, offsetof(struct tell_call, top_p), "X",
	  { "of those, the fewest whose share reaches X; 1: all (default: 0.95)",
	    "из них наименьшее число с долей не меньше X; 1: все (по умолчанию 0.95)" }, 0, 0 },
	{ "repeat-penalty", 0, OPT_STR, offsetof(struct tell_call, penalty), "X",
	  { "makes tokens among the last ones rarer (default: 1, none)",
	    "реже повторять недавние токены (по умолчанию 1: не мешать)" }, 0, 0 },
	{ "repeat-last", 0, OPT_INT, offsetof(struct tell_call, o.last), "N",
	  { "how many last tokens the penalty counts (default: 64)",
	    "сколько недавних токенов считать (по умолчанию 64)" }, 1, 1000000 },
	{ "int8", 0, OPT_FLAG, offsetof(struct tell_call, o.int8), NULL,
	  { "int8 weights: some three times faster, and not quite the same tokens",
	    "веса int8: раза в три быстрее, но токены не совсем те же" }, 0, 0 },
	{ "no-draft", 0, OPT_FLAG, offsetof(struct tell_call, o.no_draft), NULL,
	  { "without int8 running ahead: the same tokens, slower",
	    "без забегания int8 вперёд: токены те же, медленнее" }, 0, 0 },
	{ "ids", 0, OPT_STR, offsetof(struct tell_call, o.ids), "IDS",
	  { "the prompt as ids of tokens: \"17 4 256\"", "начало как номера токенов: «17 4 256»" }, 0, 0 },
	{ "json", 0, OPT_FLAG, offsetof(struct tell_call, o.json), NULL,
	  { "as JSON: ids of the prompt, ids and text of what follows",
	    "в JSON: номера начала, номера и текст продолжения" }, 0, 0 },
	{ "stats", 0, OPT_FLAG, offsetof(struct tell_call, o.stats), NULL,
	  { "tokens a second, on standard error", "токенов в секунду, в поток ошибок" }, 0, 0 },
	{ "dict", 0, OPT_STR, offsetof(struct tell_call, o.dict), "FILE",
	  { "the dictionary, for tokenizers that need it (default: found by itself)",
	    "словарь, если он нужен токенизатору (по умолчанию находится сам)" }, 0, 0 },
	{ 0 },
};

extern const struct cmd cmd_tell;
const struct cmd cmd_tell = {
	.name = "tell",
	.args = { "MODEL [PROMPT|-]", "МОДЕЛЬ [НАЧАЛО|-]" },
	.brief = { "let a trained token model go on from a prompt",
	           "дать обученной токенной модели продолжить текст" },
	.about = { "MODEL is the folder of a trained teller: model.safetensors and tokenizer.ltmt. The prompt "
	           "comes from the argument or from standard input; an empty one is a line end. Text appears "
	           "as it is made; the same seed gives the same text.\n"
	           "A token is drawn by its probability after the repetition penalty, the temperature, "
	           "top-k and top-p, in this order. Weights are float32; int8 copies of them propose a few "
	           "tokens ahead, and what float32 would not have chosen is dropped, so drafts save time and "
	           "change nothing. Beyond the model's context the last half of it is kept and read again.",
	           "МОДЕЛЬ — папка обученного рассказчика: model.safetensors и tokenizer.ltmt. Начало "
	           "берётся из аргумента или со стандартного ввода; пустое — это конец строки. Текст "
	           "появляется по мере рождения; одно зерно даёт один текст.\n"
	           "Токен выбирается по вероятности после штрафа за повтор, температуры, top-k и top-p, в этом "
	           "порядке. Веса — float32; их копии в int8 предлагают несколько токенов вперёд, и то, чего "
	           "float32 не выбрал бы, отбрасывается: черновик бережёт время и ничего не меняет. За "
	           "пределами контекста остаётся его последняя половина и читается заново." },
	.example = "ltm tell model \"Ученик смотрит в зеркало\" --length 100\n"
	           "ltm tell model \"Была зима.\" --temperature 0\n"
	           "ltm tell model --json --int8 --stats < start.txt\n"
	           "ltm tell model --ids \"17 4 256\" --greedy --json",
	.min = 1, .max = 2, .opts = opts, .own_size = sizeof(struct tell_call), .run = run,
};
