/* cmd_dict.c - builds the dictionary's file. */
#include "app/cmd/cmd.h"

static int run(struct call *c)
{
	struct ltm_dict_opts *o = c->own;

	o->az_dicts = c->arg[0];
	return ltm_dict(o, &c->out, &c->e);
}

static const struct opt opts[] = {
	{ "output", 'o', OPT_STR, offsetof(struct ltm_dict_opts, file), "FILE",
	  { "the file to write (default: words.dict)", "куда писать (по умолчанию words.dict)" }, 0, 0 },
	{ 0 },
};

extern const struct cmd cmd_dict;
const struct cmd cmd_dict = {
	.name = "dict",
	.args = { "FOLDER -o FILE", "ПАПКА -o ФАЙЛ" },
	.brief = { "build the dictionary (at set-up)", "собрать словарь (при установке)" },
	.about = { "Turns the dictionary files of the npm package az (its folder dicts) into the one file "
	           "that LTM maps. The dictionary is OpenCorpora's, CC BY-SA 3.0. At run time it is "
	           "looked for in: --dict, $LTM_DICT, beside the program, the install prefix.",
	           "Превращает словари npm-пакета az (его папку dicts) в один файл, который отображает "
	           "LTM. Словарь — OpenCorpora, CC BY-SA 3.0. При работе он ищется так: --dict, "
	           "$LTM_DICT, рядом с программой, в папке установки." },
	.example = "ltm dict node_modules/az/dicts -o build/words.dict",
	.min = 1, .max = 1, .opts = opts, .own_size = sizeof(struct ltm_dict_opts), .run = run,
};
