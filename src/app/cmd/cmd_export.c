/* cmd_export.c - a trained token model as a file of another program. */
#include "app/cmd/cmd.h"

static int run(struct call *c)
{
	struct ltm_export_opts *o = c->own;

	o->size = sizeof *o;
	o->model = c->arg[0];
	return ltm_export(o, &c->out, &c->e);
}

static const struct opt opts[] = {
	{ "gguf", 'o', OPT_STR, offsetof(struct ltm_export_opts, gguf), "FILE",
	  { "the GGUF file to write", "куда писать GGUF" }, 0, 0 },
	{ "type", 0, OPT_STR, offsetof(struct ltm_export_opts, type), "TYPE",
	  { "of matrices: f32 (default) or f16, half as large",
	    "тип матриц: f32 (по умолчанию) или f16, вдвое меньше" }, 0, 0 },
	{ "name", 0, OPT_STR, offsetof(struct ltm_export_opts, name), "NAME",
	  { "the model's name in the file (default: the folder's)",
	    "имя модели в файле (по умолчанию имя папки)" }, 0, 0 },
	{ "dict", 0, OPT_STR, offsetof(struct ltm_export_opts, dict), "FILE",
	  { "the dictionary, for tokenizers that need it (default: found by itself)",
	    "словарь, если он нужен токенизатору (по умолчанию находится сам)" }, 0, 0 },
	{ 0 },
};

extern const struct cmd cmd_export;
const struct cmd cmd_export = {
	.name = "export",
	.args = { "MODEL --gguf FILE", "МОДЕЛЬ --gguf ФАЙЛ" },
	.brief = { "write a trained token model for llama.cpp", "записать обученную модель для llama.cpp" },
	.about = { "GGUF version 3, architecture llama. The same token ids follow the same ids there as in "
	           "`ltm tell --greedy`. Of tokenizers, byte and hyper turn text into nearly the same ids "
	           "there, morph into others; docs/teller.md says where they part. Written whole or not at all.",
	           "GGUF версии 3, архитектура llama. За одними номерами токенов там следуют те же номера, что "
	           "в `ltm tell --greedy`. Токенизаторы byte и hyper дают там почти те же номера для текста, "
	           "morph — другие; где они расходятся, сказано в docs/teller.md. Файл пишется целиком или никак." },
	.example = "ltm export model --gguf model.gguf\n"
	           "ltm export model --gguf small.gguf --type f16",
	.min = 1, .max = 1, .opts = opts, .own_size = sizeof(struct ltm_export_opts), .run = run,
};
