// hf.mjs - does Hugging Face's library encode with our tokenizer.json as we do?
//
//   in    the program ltm, a tokenizer of scheme byte, a folder where the packages are installed
//         (@anush008/tokenizers: the Rust library itself; @huggingface/tokenizers: its JavaScript
//         twin), texts
//   out   a line a text and library: tokens, whether all ids are equal, the first that differs
//
// Beside the texts a page of hard cases is tried: spaces of all kinds, marks, numbers, old letters,
// accents, other scripts, control characters. The exit code is 1 when anything differs.
import { readFileSync, writeFileSync, mkdtempSync } from "node:fs";
import { execFileSync } from "node:child_process";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { tmpdir } from "node:os";
const [ltm, tokenizer, at, ...files] = process.argv.slice(2);
const dir = mkdtempSync(tmpdir() + "/ltm-hf-");
const json = dir + "/tokenizer.json";
execFileSync(ltm, ["tokens", "export", tokenizer, "-o", json]);
const need = createRequire(at + "/x.js");
const hard = "  a  b \n\n  c\t\td\r\n\r\n «Слово»,—слово… 1234567 12.5% №7 е\u0301ж мiръ ѣѳѵ \u00a0\u00a0x\u2003y \u2028z " +
	"漢字かな ١٢٣٤ Ⅳ½ नमस्ते 👍🏽👨‍👩‍👧 ﬁ İ ß \u0000\u0001\u007f\u0085\u200b\ufeff a\u0488б (x)(y)--z что-то, кто-нибудь!?..\n" +
	"   \n\t\n конец   ";
const ours = (text) => {
	const out = execFileSync(ltm, ["tokens", "encode", tokenizer, "-", "--quiet"], { input: text, maxBuffer: 1 << 30 });
	return out.toString().trim().split(/\s+/).filter((s) => s).map(Number);
};
const libraries = [];
const rust = need("@anush008/tokenizers");
const r = await rust.Tokenizer.fromFile(json);
libraries.push(["rust", 1 << 30, async (text) => Array.from((await r.encode(text, null, { addSpecialTokens: false })).getIds())]);
const all = await import(pathToFileURL(need.resolve("@huggingface/tokenizers")).href);
const js = all.Tokenizer ? all : all.default;
const t = new js.Tokenizer(JSON.parse(readFileSync(json, "utf8")), {});
libraries.push(["js", 300000, async (text) => Array.from(t.encode(text, { add_special_tokens: false }).ids)]);
let bad = 0;
for (const [name, limit, encode] of libraries)
	for (const f of [null, ...files]) {
		const text = (f ? readFileSync(f, "utf8") : hard).slice(0, limit);
		const a = ours(text), b = await encode(text);
		let i = 0;
		while (i < a.length && i < b.length && a[i] === b[i]) i++;
		const same = i === a.length && i === b.length;
		bad |= !same;
		console.log([name, f ?? "hard cases", a.length, b.length, same ? "equal" :
			`differ at ${i}: ours ${a.slice(i, i + 4)} theirs ${b.slice(i, i + 4)}`].join("\t"));
	}
process.exitCode = bad ? 1 : 0;
