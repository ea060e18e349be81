// report.js - opens passages from the arcs and lights an actor's meetings.
// Book text only ever moves from textContent to textContent. The page works without this file.
(() => {
	"use strict";
	const card = document.getElementById("passage");
	const part = name => card.querySelector("." + name);
	let on = null, pinned = false;

	// A strip's <title>: place, glyph line, first words, one a line. The card shows it instead of
	// the browser's own tip.
	const text = new Map();
	for (const strip of document.querySelectorAll(".hit")) {
		const title = strip.querySelector("title");
		text.set(strip, title.textContent.split("\n"));
		title.remove();
	}
	function show(strip, pin) {
		if (on) on.classList.remove("on");
		on = strip;
		pinned = pin;
		on.classList.add("on");
		const lines = text.get(on);
		const book = on.closest("figure").querySelector("figcaption b").textContent;
		part("where").textContent = book + " · " + lines[0];
		part("line").textContent = lines[1] || "";
		part("words").textContent = lines.slice(2).join(" ");
		card.hidden = false;
	}
	function hide() {
		if (on) on.classList.remove("on");
		on = null;
		pinned = false;
		card.hidden = true;
	}
	function step(svg, by) {
		const strips = [...svg.querySelectorAll(".hit")];
		const at = strips.indexOf(on);
		const to = at < 0 ? 0 : Math.min(strips.length - 1, Math.max(0, at + by));
		show(strips[to], true);
	}
	for (const svg of document.querySelectorAll(".arc svg")) {
		svg.setAttribute("tabindex", "0");
		svg.addEventListener("click", e => {
			if (!e.target.matches(".hit")) return;
			if (pinned && on === e.target) hide(); else show(e.target, true);
		});
		svg.addEventListener("pointerover", e => {
			if (!pinned && e.target.matches(".hit")) show(e.target, false);
		});
		svg.addEventListener("pointerleave", () => { if (!pinned) hide(); });
		svg.addEventListener("keydown", e => {
			const by = { ArrowLeft: -1, ArrowRight: 1 }[e.key];
			if (!by) return;
			e.preventDefault();
			step(svg, by);
		});
	}
	card.querySelector("button").addEventListener("click", hide);
	document.addEventListener("keydown", e => { if (e.key === "Escape") hide(); });

	for (const net of document.querySelectorAll(".net")) {
		const actors = [...net.querySelectorAll(".actor")];
		const meets = [...net.querySelectorAll(".meet")];
		let held = null;
		const light = i => {
			const near = new Set([i]);
			for (const m of meets) {
				const mine = m.dataset.a === i || m.dataset.b === i;
				m.classList.toggle("on", mine);
				if (mine) near.add(m.dataset.a).add(m.dataset.b);
			}
			for (const a of actors) a.classList.toggle("on", near.has(a.dataset.i));
			net.classList.toggle("some", i !== null);
		};
		for (const a of actors) {
			a.addEventListener("pointerenter", () => light(a.dataset.i));
			a.addEventListener("pointerleave", () => light(held));
			a.addEventListener("click", () => {
				held = held === a.dataset.i ? null : a.dataset.i;
				light(held);
			});
		}
	}

	// The contents show where the reader is.
	const links = new Map();
	for (const a of document.querySelectorAll("nav a")) links.set(a.getAttribute("href").slice(1), a);
	const seen = new IntersectionObserver(entries => {
		for (const e of entries) links.get(e.target.id)?.classList.toggle("here", e.isIntersecting);
	}, { rootMargin: "-20% 0px -70% 0px" });
	for (const s of document.querySelectorAll("section[id]")) if (links.has(s.id)) seen.observe(s);
})();
