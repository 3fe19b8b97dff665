// The few things that every part of the page does to the document.

export const $ = (id) => document.getElementById(id);

export function element(tag, { text, className, ...attributes } = {}, ...children) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

// The drawings stand in index.html, each a symbol.
const SVG = "http://www.w3.org/2000/svg";
export function icon(name) {
  const made = document.createElementNS(SVG, "svg");
  made.setAttribute("aria-hidden", "true");
  made.append(document.createElementNS(SVG, "use"));
  made.firstChild.setAttribute("href", `#icon-${name}`);
  return made;
}

export function clockTime(seconds, precise = false) {
  const options = { hour: "2-digit", minute: "2-digit", hour12: false };
  return new Date(seconds * 1000).toLocaleTimeString("en-GB", precise ? { ...options, second: "2-digit" } : options);
}

export function dayOf(seconds) {
  const day = new Date(seconds * 1000);
  const today = new Date().toDateString() === day.toDateString();
  return today ? "Today" : day.toLocaleDateString("en-GB", { day: "numeric", month: "long" });
}

export function minutes(seconds) {
  return `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;
}

// Moving a video in the document stops it: only what is new is inserted, only what is gone removed.
export function keepChildren(parent, wanted) {
  const nodes = wanted.filter(Boolean);
  for (const child of [...parent.childNodes]) if (!nodes.includes(child)) child.remove();
  nodes.forEach((node, index) => {
    if (parent.childNodes[index] !== node) parent.insertBefore(node, parent.childNodes[index] ?? null);
  });
}

let toastTimer;
export function toast(text) {
  $("toast").textContent = text;
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => { $("toast").textContent = ""; }, 3500);
}

export function showAlert(text) {
  $("alert-text").textContent = text;
  if (!$("alert").open) $("alert").showModal();
}
$("alert-ok").addEventListener("click", () => $("alert").close());
