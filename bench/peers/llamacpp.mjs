// llamacpp.mjs - does llama.cpp say what we say? The same model as GGUF, the same ids, greedy.
//
//   use   node llamacpp.mjs LTM FOLDER MODEL... [-- TEXT...]
//   in    the program ltm; the folder where node-llama-cpp is installed (its prebuilt llama.cpp is used, on
//         one processor core, nothing is fetched or built); folders of tellers; texts to encode
//   out   a line a model and type (f32, f16): prompts whose N ids are all equal, and for the first
//         other id how far llama.cpp and we were; with texts, how many tokens of each are ours
//
// Keys and values are kept in float32 there too; llama.cpp's own default is float16. The exit code is 1
// when an id of the float32 file differs.
import { readFileSync, mkdtempSync, rmSync } from "node:fs";
import { execFileSync } from "node:child_process";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { tmpdir } from "node:os";
const args = process.argv.slice(2), cut = args.indexOf("--");
const [ltm, at, ...models] = cut < 0 ? args : args.slice(0, cut);
const texts = cut < 0 ? [] : args.slice(cut + 1);
const N = Number(process.env.N ?? 96), PROMPTS = Number(process.env.PROMPTS ?? 8);
const entry = createRequire(at + "/x.js").resolve("node-llama-cpp");
const { getLlama, LlamaLogLevel } = await import(pathToFileURL(entry).href);
const llama = await getLlama({ gpu: false, build: "never", skipDownload: true, maxThreads: 1,
	logLevel: process.env.VERBOSE ? LlamaLogLevel.debug : LlamaLogLevel.error });
const dir = mkdtempSync(tmpdir() + "/ltm-gguf-");
const run = (...a) => execFileSync(ltm, [...a, "--quiet"], { maxBuffer: 1 << 30 }).toString();

// Prompts: ids from a small fixed generator, lengths 1, 3, 5, …
const prompts = (vocab) => {
	let x = 12345;
	const next = () => (x = (x * 1103515245 + 12345) % 2147483648) >> 8;
	return Array.from({ length: PROMPTS }, (_, i) => Array.from({ length: 1 + 2 * i }, () => next() % vocab));
};
const ours = (model, ids) => JSON.parse(run("tell", model, "--ids", ids.join(" "), "--greedy", "--json",
	"--length", String(N))).ids;
const theirs = async (context, ids) => {
	const sequence = context.getSequence(), out = [];
	for await (const id of sequence.evaluate(ids, { temperature: 0, yieldEogToken: true })) {
		out.push(id);
		if (out.length === N) break;
	}
	sequence.dispose();
	return out;
};

const encoded = (model, folder, text) => {
	const s = readFileSync(text, "utf8").slice(0, 200000);
	const a = execFileSync(ltm, ["tokens", "encode", folder + "/tokenizer.ltmt", "-", "--quiet"],
		{ input: s, maxBuffer: 1 << 30 }).toString().trim().split(/\s+/).map(Number);
	const b = model.tokenize(s);
	// Walk both; where they part, on from the nearest place where three ids are equal again.
	const again = (i, j) => [0, 1, 2].every((k) => a[i + k] === b[j + k]);
	let same = 0, i = 0, j = 0;
	while (i < a.length && j < b.length) {
		if (a[i] === b[j]) { same++; i++; j++; continue; }
		let d = 1, at = -1;
		for (; d < 200 && at < 0; d++)
			for (let k = 0; k <= d && at < 0; k++) if (again(i + k, j + d - k)) at = k;
		if (at < 0) break;
		i += at;
		j += d - 1 - at;
	}
	return `${text}: ${a.length} tokens of ours, ${b.length} of llama.cpp's, ${(100 * same / a.length).toFixed(2)} % of ours the same`;
};

let bad = 0;
for (const folder of models) {
	const shape = JSON.parse(run("show", folder + "/model.safetensors").match(/ltm\.shape = (.*)/)[1]);
	for (const type of ["f32", "f16"]) {
		const file = dir + "/model.gguf";
		run("export", folder, "--gguf", file, "--type", type);
		const model = await llama.loadModel({ modelPath: file, gpuLayers: 0, useMmap: false });
		const context = await model.createContext({ contextSize: shape.context, batchSize: 64, threads: 1,
			flashAttention: false, experimentalKvCacheKeyType: "F32", experimentalKvCacheValueType: "F32" });
		let equal = 0, ids = 0, first = "";
		for (const p of prompts(shape.vocab)) {
			const a = ours(folder, p), b = await theirs(context, p);
			let i = 0;
			while (i < N && a[i] === b[i]) i++;
			ids += i;
			if (i === N) equal++;
			else first ||= `; prompt of ${p.length}: id ${i} is ${a[i]} here, ${b[i]} there`;
		}
		console.log(`${folder} ${type}: ${equal} of ${PROMPTS} prompts, ${ids} ids equal before the first other${first}`);
		if (type === "f32" && equal < PROMPTS) bad = 1;
		if (type === "f32") for (const t of texts) console.log("  " + encoded(model, folder, t));
		await context.dispose();
		await model.dispose();
	}
}
rmSync(dir, { recursive: true });
process.exit(bad);
