/* report_words.c - the report's phrases and the names of kinds in both languages.
 *
 * Russian names of kinds are the taxonomy's own (data/ru/taxonomy.tsv); English ones stand
 * here in its pinned order. A kind newer than this list shows its Russian name.
 */
#include "app/report/report_page.h"

/* Agrees with enum phrase. */
static const char *const words[P_N][2] = {
	[P_REPORT] = { "Отчёт о разуме", "Report on a mind" },
	[P_SEED] = { "зерно", "seed" },
	[P_BOOKS] = { "книги", "books" },
	[P_SCENES] = { "сцены", "scenes" },
	[P_CHARS] = { "знаки", "characters" },
	[P_CONCEPTS] = { "понятия", "concepts" },
	[P_EDGES] = { "связи", "edges" },
	[P_TRAIN] = { "обучение", "train" },
	[P_DEV] = { "настройка", "dev" },
	[P_TEST] = { "проверка", "test" },
	[P_ARCS] = { "Дуги напряжения и чувства", "Arcs of tension and feeling" },
	[P_ARCS_WHAT] = {
		"Каждая книга от первой сцены до последней. Сверху напряжение; снизу чувство: светлое выше "
		"черты, тёмное ниже. Кривые сглажены, масштаб у всех книг один. Наведите или нажмите, чтобы "
		"прочесть место; стрелки ← → ведут по сценам.",
		"Every book from its first scene to its last. Above, tension; below, feeling: bright over the "
		"line, dark under it. Curves are smoothed, the scale is the same for all. Hover or press to "
		"read the passage; the arrow keys ← → walk along the scenes." },
	[P_ARCS_SOME] = { "Показаны самые длинные книги:", "The longest books are shown:" },
	[P_TENSION] = { "напряжение", "tension" },
	[P_VALENCE] = { "чувство", "feeling" },
	[P_SCENE] = { "сцена", "scene" },
	[P_TENSEST] = { "Самые напряжённые места", "The most tense passages" },
	[P_DARK] = { "тёмное", "dark" },
	[P_BRIGHT] = { "светлое", "bright" },
	[P_NET] = { "Кто с кем встречается", "Who meets whom" },
	[P_NET_WHAT] = {
		"Лица, которые действуют в одних сценах; у каждого показаны самые частые встречи. Чем толще дуга, "
		"тем чаще встречи; чем больше точка, тем чаще лицо; цвет показывает круг общения.",
		"Actors who act in the same scenes, with the most frequent meetings of each. The thicker the "
		"arc, the more often they meet; the larger the dot, the more scenes; colours are circles of "
		"acquaintance." },
	[P_LIBRARY] = { "Вся библиотека", "The whole library" },
	[P_MEET_TABLE] = { "Встречи таблицей", "Meetings as a table" },
	[P_ACTOR] = { "лицо", "actor" },
	[P_TOGETHER] = { "сцен вместе", "scenes together" },
	[P_KINDS] = { "Напряжения и развязки", "Tensions and resolutions" },
	[P_KINDS_WHAT] = {
		"Сколько сцен какого рода нашлось. Где род не определён, он не выдуман.",
		"How many scenes of each kind were found. Where no kind was found, none is invented." },
	[P_RESOLUTION] = { "развязка", "resolution" },
	[P_EMOTION] = { "чувство", "feeling" },
	[P_FUNCTION] = { "место в истории", "part in the story" },
	[P_TRANSITION] = { "ход", "way through" },
	[P_MATRIX] = { "Чем кончается какое напряжение", "How each tension ends" },
	[P_MATRIX_WHAT] = {
		"Строка: напряжение, столбец: развязка, число: сцены. Цвет показывает долю в строке.",
		"Row: tension, column: resolution, number: scenes. Colour is the share within the row." },
	[P_UNKNOWN] = { "не определено", "not found" },
	[P_GLYPHS] = { "Сцены строкой значков", "Scenes as glyph lines" },
	[P_GLYPHS_WHAT] = {
		"Строка читается так: лица, поле, напряжение → развязка.",
		"A line reads: actors, field, tension → resolution." },
	[P_LINE] = { "строка", "line" },
	[P_READS] = { "читается", "reads" },
	[P_PASSAGE] = { "место", "passage" },
	[P_BOOK] = { "книга", "book" },
	[P_PAIRS] = { "Созвучные понятия", "Resonant concepts" },
	[P_PAIRS_WHAT] = {
		"Пары, которые встречаются намного чаще случая: в одной сцене (—) и от сцены к следующей (→).",
		"Pairs that meet far more often than by chance: within a scene (—) and from a scene to the "
		"next (→)." },
	[P_OCCURS] = { "В одной сцене", "Within a scene" },
	[P_LEADS] = { "От сцены к сцене", "From scene to scene" },
	[P_STRENGTH] = { "сила", "strength" },
	[P_LEARN] = { "Как он учился", "How it learned" },
	[P_LEARN_WHAT] = {
		"Потери и точность на книгах, по которым не учились, по шагам обучения.",
		"Loss, and accuracy on books it did not learn from, by training step." },
	[P_LOSS] = { "потери", "loss" },
	[P_ACC] = { "точность", "accuracy" },
	[P_STEP] = { "шаг", "step" },
	[P_EVAL] = { "Что он умеет", "What it can do" },
	[P_EVAL_WHAT] = {
		"Только книги, которых разум не видел. Доля верных ответов с 95 % интервалом; пунктир: "
		"случайный выбор; лучшее выделено.",
		"Only books the mind has not seen. Share of right answers with its 95 % interval; dashed: "
		"chance; the best is bold." },
	[P_TASK] = { "задача", "task" },
	[P_SYSTEM] = { "система", "system" },
	[P_CHANCE] = { "случайный выбор", "chance" },
	[P_QUESTIONS] = { "вопросов", "questions" },
	[P_EXTRA] = { "MRR или τ", "MRR or τ" },
	[P_INTERVAL] = { "95 % интервал", "95 % interval" },
	[P_DIFF] = { "Разности на тех же вопросах", "Differences on the same questions" },
	[P_HOLDS] = { "преимущество доказано", "the advantage holds" },
	[P_HOLDS_NOT] = { "различие не доказано", "no proven difference" },
	[P_WORSE] = { "хуже, и это доказано", "worse, and that holds" },
	[P_BOOKS_WHAT] = { "Всё, что прочитано.", "Everything that was read." },
	[P_BOOKS_SOME] = { "Показаны первые книги:", "The first books are shown:" },
	[P_TITLE] = { "название", "title" },
	[P_AUTHOR] = { "автор", "author" },
	[P_PART] = { "для чего", "used for" },
	[P_WARNING] = { "замечания", "remarks" },
	[P_FAILED] = { "Что не прочиталось", "What could not be read" },
	[P_FAILED_WHAT] = {
		"Эти файлы оставлены в стороне; остальная библиотека от этого не пострадала.",
		"These files were left out; the rest of the library did not suffer." },
	[P_FILE] = { "файл", "file" },
	[P_REASON] = { "причина", "reason" },
	[P_NOTES] = { "Заметки", "Notes" },
	[P_NOTHING] = { "Пока ничего не известно.", "Nothing is known yet." },
	[P_FOOT] = {
		"Написано программой LTM. Страница ничего не загружает из сети.",
		"Written by LTM. The page loads nothing from the network." },
	[P_CLOSE] = { "закрыть", "close" },
	[P_NAV] = { "Разделы", "Sections" },
	[P_UNTITLED] = { "Без названия", "Untitled" },
	[P_SCENES_N] = { "сцен:", "scenes:" },
	[P_LEDGER] = { "Ведомость сжатия", "The ledger of compression" },
	[P_LEDGER_WHAT] = {
		"Сколько позиций остаётся от 1000 знаков на каждой ступени, и что теряется. Посчитано на "
		"отложенных книгах, токенизаторы учились на других. Шкала логарифмическая.",
		"How many positions each stage leaves of 1,000 characters, and what is lost. Counted on books set "
		"aside, the tokenizers learnt from others. The scale is logarithmic." },
	[P_LEDGER_WHOLE] = {
		"Сколько позиций остаётся от 1000 знаков на каждой ступени, и что теряется. Книг мало: "
		"токенизаторы учились на том же тексте. Шкала логарифмическая.",
		"How many positions each stage leaves of 1,000 characters, and what is lost. Few books: the "
		"tokenizers learnt from the same text. The scale is logarithmic." },
	[P_LOSSLESS] = { "без потерь", "without loss" },
	[P_LOSSY] = { "с потерей слов", "words are lost" },
	[P_PEERS] = { "чужие токенизаторы", "tokenizers of others" },
	[P_PER1000] = { "позиций на 1000 знаков", "positions per 1,000" },
	[P_VOCAB] = { "словарь", "vocabulary" },
	[P_BITS] = { "бит на знак", "bits a character" },
	[P_BITS_VOCAB] = { "и со словарём", "and vocabulary" },
	[P_LOST_FORM] = { "теряется форм", "forms lost" },
	[P_LOST_ORDER] = { "порядка", "order" },
	[P_LOST_WORD] = { "самих слов", "words" },
	[P_CLAIMS] = { "Утверждения и приговоры", "Claims and verdicts" },
	[P_N_LEDGER] = { "Сжатие", "Ledger" },
	[P_N_ARCS] = { "Дуги", "Arcs" },
	[P_N_EVAL] = { "Умения", "Skills" },
	[P_N_NET] = { "Встречи", "Meetings" },
	[P_N_KINDS] = { "Напряжения", "Tensions" },
	[P_N_GLYPHS] = { "Значки", "Glyphs" },
	[P_N_PAIRS] = { "Понятия", "Concepts" },
	[P_N_LEARN] = { "Учение", "Learning" },
	[P_N_BOOKS] = { "Книги", "Books" },
	[P_N_FAILED] = { "Непрочитанное", "Left out" },
};

const char *page_phrase(const struct page *p, enum phrase id)
{
	return words[id][p->ru ? 0 : 1];
}

static const char *const english[SC_N][KINDS_MAX + 1] = {
	[SC_TENSION] = { "", "rift", "loss", "want", "mystery", "trial", "struggle", "guilt", "pursuit",
		"love", "loneliness", "taboo", "duty", "temptation", "deceit", "death", "home", "choice",
		"humiliation", "dream", "fear", "dispute", "encounter", "stillness", "craft" },
	[SC_TRANSITION] = { "", "line", "fork", "merge", "loop", "break", "spiral", "mirror" },
	[SC_RESOLUTION] = { "", "change", "acceptance", "discovery", "victory", "defeat", "departure",
		"return", "gift", "punishment", "pact", "refusal", "delay", "escalation", "reversal" },
	[SC_LOGIC] = { "", "cause", "contrast", "condition", "concession", "purpose", "sequence",
		"generalization", "analogy", "none" },
	[SC_EMOTION] = { "", "joy", "sorrow", "fear", "anger", "surprise", "disgust", "shame",
		"tenderness", "longing", "hope", "calm", "irony", "delight", "despair" },
	[SC_FUNCTION] = { "", "exposition", "inciting", "rising", "turn", "climax", "denouement",
		"reflection", "description", "dialogue" },
};

struct str page_kind(const struct page *p, enum scene_code f, int kind)
{
	if (kind <= 0 || kind > kind_count(f))
		return str_of(page_phrase(p, P_UNKNOWN));
	if (!p->ru && english[f][kind])
		return str_of(english[f][kind]);
	return kind_get(f, kind)->name;
}

/* What each task of eval asks (DESIGN.md, How it is measured). */
static const struct { const char *task, *ru, *en; } tasks[] = {
	{ "next6-far", "какая из 6 сцен идёт следующей; пять неверных взяты из той же книги издалека",
	  "which of 6 scenes comes next; the five wrong ones are from far away in the same book" },
	{ "next6-near", "то же; неверные стоят в 2–12 сценах впереди",
	  "the same; the wrong ones stand 2 to 12 scenes ahead" },
	{ "next6-matched", "то же; неверные столь же похожи на прочитанное, как верная",
	  "the same; the wrong ones are as like what was read as the true one" },
	{ "next32", "какая из 32 сцен идёт следующей", "which of 32 scenes comes next" },
	{ "order4", "поставить четыре сцены в их порядок", "put four scenes in their order" },
	{ "swap", "отличить верное продолжение от подменённого",
	  "tell the true continuation from an exchanged one" },
};

const char *page_task(const struct page *p, struct str task)
{
	for (size_t i = 0; i < sizeof tasks / sizeof *tasks; i++)
		if (str_eq(task, str_of(tasks[i].task)))
			return p->ru ? tasks[i].ru : tasks[i].en;
	return "";
}
