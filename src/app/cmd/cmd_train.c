/* cmd_train.c - trains: the core of a mind, or a token model from a library. */
#include <string.h>

#include "app/cmd/cmd.h"

struct train_call {
	size_t size;			/* of this struct, as the table of options wants it */
	struct ltm_train_token_opts t;
	const char *format;
	long steps;
};

static int core(struct call *c, const struct ltm_train_token_opts *t)
{
	struct ltm_train_opts o = LTM_OPTS(struct ltm_train_opts);

	if (c->n_arg != 1) {
		c->e.code = LTM_USAGE;
		snprintf(c->e.msg, sizeof c->e.msg, c->common.l == RU ? "нужен один разум: ltm train РАЗУМ; модель по "
		         "токенам учат так: ltm train --format token КНИГИ… -o ПАПКА" : "one mind is wanted: ltm train "
		         "MIND; a token model is trained by: ltm train --format token BOOKS… -o DIR");
		return LTM_USAGE;
	}
	o.mind = c->arg[0];
	o.threads = c->common.threads;
	o.seed = c->common.seed;
	o.epochs = (int)t->epochs;
	o.resume = t->resume;
	o.stop_after = t->stop_after;
	return ltm_train(&o, &c->out, &c->watch, &c->e);
}

static int run(struct call *c)
{
	struct train_call *own = c->own;
	struct ltm_train_token_opts *t = &own->t;

	t->size = sizeof *t;
	t->steps = (uint64_t)own->steps;
	if (!own->format || !strcmp(own->format, "core"))
		return core(c, t);
	t->scenes = !strcmp(own->format, "ltm");
	if (!t->scenes && strcmp(own->format, "token")) {
		c->e.code = LTM_USAGE;
		snprintf(c->e.msg, sizeof c->e.msg, c->common.l == RU ? "--format: core, token или ltm" :
		         "--format takes core, token or ltm");
		return LTM_USAGE;
	}
	if (t->scenes && c->n_arg != 1) {
		c->e.code = LTM_USAGE;
		snprintf(c->e.msg, sizeof c->e.msg, c->common.l == RU ? "нужен один разум со сценами: ltm read КНИГИ -o РАЗУМ; "
		         "ltm train --format ltm РАЗУМ -o ПАПКА" : "one mind with its scenes is wanted: ltm read BOOKS -o MIND; "
		         "ltm train --format ltm MIND -o DIR");
		return LTM_USAGE;
	}
	t->path = (const char *const *)c->arg;
	t->n_path = (size_t)c->n_arg;
	t->threads = c->common.threads;
	t->seed = c->common.seed;
	return ltm_train_token(t, &c->out, &c->watch, &c->e);
}

#define AT(field) offsetof(struct train_call, field)
static const struct opt opts[] = {
	{ "format", 'f', OPT_STR, AT(format), "NAME",
	  { "what to train: core (default), a mind's core; token, a token model of books or of a mind; ltm, "
	    "a teller that reads a mind's past scenes",
	    "что учить: core (по умолчанию) — ядро разума; token — модель по токенам из книг или разума; ltm — "
	    "рассказчик, читающий прошлые сцены разума" }, 0, 0 },
	{ "output", 'o', OPT_STR, AT(t.dir), "DIR",
	  { "token: the model's folder", "token: папка модели" }, 0, 0 },
	{ "epochs", 0, OPT_REAL, AT(t.epochs), "N",
	  { "passes over the training books (default: by the plan; token: 1)",
	    "проходов по учебным книгам (по умолчанию по плану; token: 1)" }, 0, 100000 },
	{ "steps", 0, OPT_LONG, AT(steps), "N",
	  { "token: so many steps", "token: столько шагов" }, 1, 1000000000 },
	{ "minutes", 0, OPT_REAL, AT(t.minutes), "N",
	  { "token: as many steps as take so long here", "token: столько шагов, сколько займут столько минут" }, 0, 100000 },
	{ "tokenizer", 0, OPT_STR, AT(t.tokenizer), "FILE",
	  { "token: a tokenizer (default: one is trained)", "token: токенизатор (по умолчанию учится)" }, 0, 0 },
	{ "scheme", 's', OPT_STR, AT(t.scheme), "NAME",
	  { "token: scheme to train: byte (default), morph, hyper, fold",
	    "token: схема токенизатора: byte (по умолчанию), morph, hyper, fold" }, 0, 0 },
	{ "vocab", 'v', OPT_INT, AT(t.vocab), "N",
	  { "token: vocabulary (default: 8192)", "token: словарь (по умолчанию 8192)" }, 300, 1 << 18 },
	{ "layers", 0, OPT_INT, AT(t.layers), "N", { "token: layers (default: 6)", "token: слоёв (по умолчанию 6)" }, 1, 256 },
	{ "width", 0, OPT_INT, AT(t.width), "N",
	  { "token: width (default: 256)", "token: ширина (по умолчанию 256)" }, 8, 16384 },
	{ "heads", 0, OPT_INT, AT(t.heads), "N",
	  { "token: heads of attention (default: width / 32)", "token: голов внимания (по умолчанию ширина / 32)" }, 1, 1024 },
	{ "hidden", 0, OPT_INT, AT(t.hidden), "N",
	  { "token: width within a layer (default: 8/3 of the width)", "token: ширина внутри слоя (по умолчанию 8/3 ширины)" },
	  1, 65536 },
	{ "context", 0, OPT_INT, AT(t.context), "N",
	  { "token: tokens of a sequence (default: 256)", "token: токенов в отрезке (по умолчанию 256)" }, 1, 65536 },
	{ "batch", 0, OPT_INT, AT(t.batch), "N",
	  { "token: sequences of a step (default: 16)", "token: отрезков в шаге (по умолчанию 16)" }, 1, 65536 },
	{ "window", 0, OPT_INT, AT(t.window), "N",
	  { "token, ltm: tokens that attention sees (default: all of the sequence; ltm: 256)",
	    "token, ltm: сколько токенов видит внимание (по умолчанию весь отрезок; ltm: 256)" }, 1, 65536 },
	{ "registers", 0, OPT_INT, AT(t.registers), "N",
	  { "ltm: pooled vectors kept of a scene (default: 0)", "ltm: сколько векторов помнить от сцены (по умолчанию 0)" }, 0, 64 },
	{ "words", 0, OPT_REAL, AT(t.words), "X",
	  { "ltm: share of tokens, the rarest, kept of a scene as states and read by attention (default: 0)",
	    "ltm: доля токенов, самых редких, что помнятся от сцены состояниями и читаются вниманием (по умолчанию 0)" }, 0, 1 },
	{ "no-echo", 0, OPT_FLAG, AT(t.no_echo), NULL,
	  { "ltm: do not remember ended scenes word for word", "ltm: не помнить прошедшие сцены дословно" }, 0, 0 },
	{ "read-at", 0, OPT_INT, AT(t.read_at), "N",
	  { "ltm: layers below the reading of scenes (default: half)", "ltm: слоёв до чтения сцен (по умолчанию половина)" }, 1, 255 },
	{ "rate", 0, OPT_REAL, AT(t.rate), "X",
	  { "token: learning rate (default: 0.005; adamw: 0.002)", "token: скорость обучения (по умолчанию 0.005; adamw: 0.002)" }, 0, 10 },
	{ "warmup", 0, OPT_REAL, AT(t.warmup), "N",
	  { "token: steps of warm-up (default: a fiftieth, at most 100)",
	    "token: шагов разгона (по умолчанию пятидесятая часть, не больше 100)" }, 0, 1000000000 },
	{ "schedule", 0, OPT_STR, AT(t.schedule), "NAME",
	  { "token: cool (default): constant, then down to 0; cosine; constant, averaged",
	    "token: cool (по умолчанию) — постоянная, затем к нулю; cosine; constant — с усреднением" }, 0, 0 },
	{ "optimizer", 0, OPT_STR, AT(t.optimizer), "NAME",
	  { "token: muon (default): hidden matrices move by their momentum made orthogonal; adamw",
	    "token: muon (по умолчанию) — скрытые матрицы движутся по ортогональной инерции; adamw" }, 0, 0 },
	{ "decay", 0, OPT_REAL, AT(t.decay), "X",
	  { "token: weight decay (default: 0.1)", "token: угасание весов (по умолчанию 0.1)" }, 0, 10 },
	{ "dropout", 0, OPT_REAL, AT(t.dropout), "X",
	  { "token: dropout (default: 0)", "token: прореживание (по умолчанию 0)" }, 0, 1 },
	{ "lanes", 0, OPT_INT, AT(t.lanes), "N",
	  { "token: parts a batch is cut into; part of the run (default: 4)",
	    "token: на сколько частей делится шаг; влияет на результат (по умолчанию 4)" }, 1, 64 },
	{ "precision", 0, OPT_STR, AT(t.precision), "NAME",
	  { "token: auto (default), bf16, float32", "token: auto (по умолчанию), bf16, float32" }, 0, 0 },
	{ "resume", 0, OPT_FLAG, AT(t.resume), NULL,
	  { "go on from the last checkpoint", "продолжить с последней сохранённой точки" }, 0, 0 },
	{ "stop-after", 0, OPT_LONG, AT(t.stop_after), "STEPS",
	  { "stop after so many steps, state saved (exit code 130)",
	    "остановиться через столько шагов с сохранением (код выхода 130)" }, 1, 1000000000 },
	{ "dict", 0, OPT_STR, AT(t.dict), "FILE",
	  { "the dictionary (default: found by itself)", "словарь (по умолчанию находится сам)" }, 0, 0 },
	{ 0 },
};

extern const struct cmd cmd_train;
const struct cmd cmd_train = {
	.name = "train",
	.args = { "MIND | --format token [LIBRARY…] -o DIR", "РАЗУМ | --format token [КНИГИ…] -o ПАПКА" },
	.brief = { "train the core of a mind, or a token model of books", "обучить ядро разума или модель по токенам" },
	.about = { "Trains the core of a mind on its training books. The log is MIND/train.log; the last "
	           "two checkpoints are kept. A training stopped by Ctrl-C, by --stop-after or by a "
	           "kill goes on with --resume to the same bits, with any number of threads.\n"
	           "With --format token: trains a decoder over tokens on the training books (by the table of "
	           "the split), scores it on the books set aside in bits a character, and writes model, "
	           "tokenizer, curve and card to DIR; ltm tell DIR then speaks. Without books: the shipped library.",
	           "Обучает ядро разума на учебных книгах. Журнал — РАЗУМ/train.log; хранятся две "
	           "последние точки. Обучение, остановленное Ctrl-C, ключом --stop-after или сбоем, "
	           "продолжается с --resume до тех же битов при любом числе потоков.\n"
	           "С --format token учит декодер по токенам на учебных книгах (по таблице деления), измеряет его на "
	           "отложенных в битах на знак и пишет модель, токенизатор, кривую и карточку в ПАПКУ; затем "
	           "говорит ltm tell ПАПКА. Без книг — на поставляемой библиотеке." },
	.example = "ltm train mind --seed 1\nltm train mind --resume\n"
	           "ltm train --format token ~/books -o model --minutes 60\nltm tell model \"Была зима.\"",
	.min = 0, .max = -1, .opts = opts, .own_size = sizeof(struct train_call), .run = run,
};
