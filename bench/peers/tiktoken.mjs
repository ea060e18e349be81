// tiktoken.mjs - tokens of gpt2, cl100k and o200k on a folder of texts, by npm's js-tiktoken.
//
//   in    a folder of UTF-8 texts (from clean_text.c), the folder where js-tiktoken is installed
//   out   a table: text, tokenizer, characters (code points), tokens; then a row "*" a tokenizer
//
// The package encodes a paragraph at a time here: its merge loop is quadratic in the length of
// a pre-token and slow on a whole book. A line end is given to the paragraph before it, which is
// where all three patterns put it when no blank line follows; so the counts are the package's own.
import { readFileSync, readdirSync } from "node:fs";
import { createRequire } from "node:module";
const [dir, at] = process.argv.slice(2);
const { getEncoding } = createRequire(at + "/x.js")("js-tiktoken");
const files = readdirSync(dir).filter((f) => f.endsWith(".txt")).sort();
for (const name of ["gpt2", "cl100k_base", "o200k_base"]) {
	const enc = getEncoding(name);
	let chars = 0, tokens = 0;
	for (const f of files) {
		const text = readFileSync(dir + "/" + f, "utf8");
		let n = 0;
		for (const para of text.match(/[^\n]*\n+|[^\n]+/g) ?? [])
			n += enc.encode(para, "all").length;
		const c = [...text].length;
		console.log([f, name, c, n].join("\t"));
		chars += c;
		tokens += n;
	}
	console.log(["*", name, chars, tokens].join("\t"));
}
