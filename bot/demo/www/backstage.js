// Beside the chat: the clock, faults, jobs, ledger and the wire.

import { $, clockTime, element } from "./dom.js";
import { about, attempt, messagesOf, post, store, view, watch } from "./store.js";

const WIDE = matchMedia("(min-width: 1100px)");
const ENDED = new Set(["done", "failed", "expired", "cancelled"]);
let faults = [];

// ---- open and close

function fold(open) {
  $("backstage").hidden = !open;
  document.body.classList.toggle("behind", open);
  $("backstage-toggle").setAttribute("aria-expanded", String(open));
}

$("backstage-toggle").addEventListener("click", () => fold($("backstage").hidden));
$("backstage-close").addEventListener("click", () => { fold(false); $("backstage-toggle").focus(); });
fold(WIDE.matches);

// ---- clock, reset

function renderClock() {
  const { speed, credit } = about();
  $("credit").textContent = `The operator’s account at KIE: ${credit} credits.`;
  $("pace").textContent = speed === 1 ? "KIE works in real time." : `KIE works × ${speed} as fast as the real one.`;
  for (const choice of $("clock").querySelectorAll("input")) choice.checked = Number(choice.value) === speed;
}

$("clock").addEventListener("change", (event) => attempt(() => post("speed", { speed: Number(event.target.value) })));
$("reset").addEventListener("click", () => $("sure").showModal());
$("sure-no").addEventListener("click", () => $("sure").close());
$("sure-yes").addEventListener("click", () => { $("sure").close(); attempt(() => post("reset", {})); });

// ---- faults

let faultsShown;
function renderFaults() {
  const person = store.people.get(String(view.chat));
  const now = JSON.stringify([faults.length, [...store.faults], person, person && messagesOf(person.id).length > 0]);
  if (now === faultsShown) return; // a button that goes away under the pointer cannot be pressed
  faultsShown = now;
  const sides = new Map();
  for (const fault of faults) {
    const toCome = store.faults.get(fault.key)?.to_come ?? 0;
    const made = element("button", {
      type: "button", className: toCome ? "armed" : "", title: fault.about, "aria-pressed": String(toCome > 0),
      "aria-label": `${fault.at}: ${fault.label}. ${fault.about}`, "data-fault": fault.key,
      text: toCome > 1 ? `${fault.label} · ${toCome} to come` : toCome ? `${fault.label} · to come` : fault.label,
    });
    made.addEventListener("click", () => attempt(() => post("fault", { key: fault.key })));
    sides.set(fault.at, [...(sides.get(fault.at) ?? []), made]);
  }
  sides.get("Telegram")?.push(...blocking());
  const focused = document.activeElement?.dataset?.fault;
  $("faults").replaceChildren(...[...sides].flatMap(([side, buttons]) => [
    element("h3", { text: side }),
    element("div", {}, ...buttons),
  ]));
  if (focused) $("faults").querySelector(`[data-fault="${focused}"]`)?.focus();
}

// Whoever's chat is open can block the bot; at the bottom of that chat it is let in again.
function blocking() {
  const person = store.people.get(String(view.chat));
  if (!person || !messagesOf(person.id).length) return [];
  const about = `${person.name} blocks the bot until it is let in again.`;
  const made = element("button", {
    type: "button", className: person.blocks ? "armed" : "", title: about, "aria-pressed": String(person.blocks),
    "aria-label": `Telegram: Blocked by ${person.name}. ${about}`, "data-fault": "blocked", text: `Blocked by ${person.name}`,
  });
  made.addEventListener("click", () => attempt(() => post("block", { as: person.id, block: !person.blocks })));
  return [made];
}

// ---- jobs and ledger, as the database has them

const nameOf = (id) => store.people.get(String(id))?.name ?? String(id);

function renderJobs() {
  const jobs = [...store.jobs.values()].sort((a, b) => b.id - a.id);
  $("jobs-count").textContent = jobs.length ? `(${jobs.length}, ${jobs.filter((job) => !ENDED.has(job.state)).length} open)` : "";
  if (jobs.length) $("jobs").replaceChildren(...jobs.map(drawJob));
}

function drawJob(job) {
  const begun = job.events[0]?.at ?? 0;
  const states = job.events.map((event) => element("li", {
    className: event.state, title: event.note ?? "", text: `${event.state} ${(event.at - begun).toFixed(1)} s`,
  }));
  const attempts = job.attempt > 1 ? ` · attempt ${job.attempt}` : "";
  return element("article", { className: "job", "aria-label": `Job ${job.ref}` },
    element("p", { text: `${job.ref} · ${nameOf(job.user_id)} · ${job.kind} · ${job.model} · ${job.price} credits${attempts}` }),
    element("p", { className: "prompt", text: job.prompt }),
    element("ol", { className: "states", "aria-label": "States" }, ...states));
}

function renderLedger() {
  const entries = [...store.ledger.values()].sort((a, b) => b.id - a.id);
  $("ledger-count").textContent = entries.length ? `(${entries.length})` : "";
  $("ledger").replaceChildren(...entries.map((entry) => {
    const job = store.jobs.get(String(entry.job_id));
    const moved = Object.entries(entry.postings).map(([account, amount]) => `${account} ${amount > 0 ? "+" : "−"}${Math.abs(amount)}`);
    const cells = [clockTime(entry.at, true), nameOf(entry.user_id), job ? `${entry.kind} ${job.ref}` : entry.kind, moved.join(", ")];
    return element("tr", {}, ...cells.map((text) => element("td", { text })));
  }));
}

// ---- the wire: a line per call; what was sent and answered is fetched when a line is opened

const lines = new Map();

function renderWire(keys, fresh) {
  if (fresh) { lines.clear(); $("wire").replaceChildren(); }
  for (const key of fresh ? store.wire.keys() : keys) {
    const line = store.wire.get(key);
    if (!line) { lines.get(key)?.remove(); lines.delete(key); } else putLine(key, line);
  }
  $("wire-count").textContent = `(${[...store.wire.values()].filter((line) => !line.quiet).length})`;
}

function putLine(key, line) {
  const made = lines.get(key) ?? newLine(key);
  made.className = `${line.outcome}${line.quiet ? " in-vain" : ""}`;
  made.querySelector("summary").replaceChildren(
    element("span", { className: "at", text: clockTime(line.at, true) }),
    element("span", { className: "title", text: line.title }),
    element("span", { className: "way", text: line.way }),
    element("span", { className: "note", text: line.outcome === "ok" ? line.note || "ok" : `${line.outcome}${line.note ? `: ${line.note}` : ""}` }));
  if (made.open) fill(key, made);
}

function newLine(key) {
  const made = element("details", { "data-key": key }, element("summary"), element("pre", { tabindex: "0" }));
  made.addEventListener("toggle", () => { if (made.open) fill(key, made); });
  lines.set(key, made);
  $("wire").prepend(made);
  return made;
}

async function fill(key, made) {
  const details = await attempt(async () => (await fetch(`wire/${key}`)).json());
  if (details) made.querySelector("pre").textContent = JSON.stringify(details, null, 2);
}

$("wire-quiet").addEventListener("change", () => $("wire").classList.toggle("all", $("wire-quiet").checked));

// ---- what is not emulated

function renderStrange() {
  const strange = [...store.strange.values()].map((one) => one.what);
  $("strange-box").hidden = $("strange-count").hidden = strange.length === 0;
  $("strange-count").textContent = `${strange.length} not emulated`;
  $("strange").replaceChildren(...strange.map((text) => element("li", { text })));
}

const list = (items) => element("ul", {}, ...items.map((text) => element("li", { text })));

function renderEmulation(told) {
  $("emulation-text").replaceChildren(
    element("h3", { text: "Not emulated" }), list(told.not),
    element("h3", { text: "Words in a prompt that make something happen" }),
    list(told.words.map(({ word, about: meaning }) => `#${word}: ${meaning}`)),
    element("h3", { text: "KIE’s endpoints" }), list(told.kie),
    element("h3", { text: "Telegram’s methods, with their parameters" }),
    list(Object.entries(told.telegram).map(([method, names]) => (names.length ? `${method}: ${names.join(", ")}` : method))));
}

$("emulation-open").addEventListener("click", () => $("emulation").showModal());
$("emulation-close").addEventListener("click", () => $("emulation").close());

let asked = 0;
async function ask() {
  if (asked === view.show) return;
  asked = view.show;
  const told = await attempt(async () => (await fetch("emulation")).json());
  if (!told) { asked = 0; return; }
  faults = told.faults;
  renderEmulation(told);
  renderFaults();
}

let shown = 0; // the show that all of this belongs to
function render(changed, looksElsewhere) {
  if (!view.show) return;
  const fresh = shown !== view.show;
  shown = view.show;
  if (fresh) ask();
  if (fresh || changed.about) renderClock();
  if (fresh || looksElsewhere || changed.faults || changed.people || changed.messages) renderFaults();
  if (fresh || changed.jobs) renderJobs();
  if (fresh || changed.ledger || changed.jobs) renderLedger();
  if (fresh || changed.wire) renderWire(changed.wire ?? [], fresh);
  if (fresh || changed.strange) renderStrange();
}

watch(render);
