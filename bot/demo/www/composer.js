// What the person writes, picks, drags and pastes, and the menus around it.

import { $, element, icon } from "./dom.js";
import { attempt, isGroup, messagesOf, place, post, store, view, watch, wordsOf } from "./store.js";

const FILES_MAX = 10;
let replyTo = null;
let chosen = { files: [], as: "photo" };

// ---- sending

export async function sendText(text) {
  const sent = await attempt(() => post("send", { ...place(), text, reply_to: replyTo?.message_id }));
  if (sent) chooseReply(null);
  return sent;
}

async function sendFiles(caption) {
  const form = new FormData();
  for (const file of chosen.files) form.append("file", file, file.name);
  const fields = { ...place(), caption, as_file: chosen.as === "file" ? "1" : "", reply_to: replyTo?.message_id ?? "" };
  for (const [name, value] of Object.entries(fields)) form.append(name, value);
  const sent = await attempt(() => post("files", form));
  if (sent) { chosen = { files: [], as: "photo" }; chooseReply(null); }
  return sent;
}

$("form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const text = $("text").value.trim();
  if (!text && !chosen.files.length) return;
  $("text").value = "";
  grow();
  closeMenus();
  const sent = chosen.files.length ? await sendFiles(text) : await sendText(text);
  if (!sent && !$("text").value) { $("text").value = text; grow(); }
});

let begun = false; // the text box appears with the first message, and is wanted then
$("start").addEventListener("click", () => { begun = true; sendText("/start"); });

$("unblock").addEventListener("click", () => attempt(() => post("block", { as: view.writer, block: false })));

// ---- what is about to be sent

export function chooseReply(message) {
  replyTo = message;
  renderContext();
  if (message) $("text").focus();
}

function renderContext() {
  const nodes = [];
  if (replyTo) {
    nodes.push(element("span", { className: "what" }, icon("reply"),
      element("span", {}, element("strong", { text: `Reply to ${replyTo.from?.first_name ?? ""}` }), element("span", { text: wordsOf(replyTo) }))));
  }
  nodes.push(...chosen.files.map(preview));
  if (nodes.length) {
    const cancel = element("button", { className: "round", type: "button", "aria-label": "Cancel" }, icon("close"));
    cancel.addEventListener("click", forget);
    nodes.push(cancel);
  }
  $("context").replaceChildren(...nodes);
  $("context").hidden = nodes.length === 0;
}

function forget() { chosen = { files: [], as: "photo" }; chooseReply(null); $("text").focus(); }

function preview(file) {
  const remove = element("button", { type: "button", "aria-label": `Remove ${file.name}` }, icon("close"));
  remove.addEventListener("click", () => { chosen.files = chosen.files.filter((one) => one !== file); renderContext(); });
  if (chosen.as === "file") return element("figure", { className: "named" }, icon("file"), element("span", { text: file.name }), remove);
  const image = element("img", { alt: file.name });
  image.src = URL.createObjectURL(file);
  image.addEventListener("load", () => URL.revokeObjectURL(image.src), { once: true });
  return element("figure", {}, image, remove);
}

function choose(files, as) {
  if (!files.length) return;
  chosen = { files: [...files].slice(0, FILES_MAX), as };
  renderContext();
  $("text").focus();
}

const kindOf = (files) => ([...files].every((file) => file.type.startsWith("image/")) ? "photo" : "file");

for (const [input, as] of [["photos", "photo"], ["files", "file"]]) {
  $(`attach-${as}`).addEventListener("click", () => { closeMenus(); $(input).click(); });
  $(input).addEventListener("change", () => { choose($(input).files, as); $(input).value = ""; });
}
$("text").addEventListener("paste", (event) => {
  const files = [...event.clipboardData.files];
  if (files.length) { event.preventDefault(); choose(files, kindOf(files)); }
});

// ---- dragging files into the chat

const chat = document.querySelector(".chat");
const holdsFiles = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");
chat.addEventListener("dragover", (event) => {
  if (!holdsFiles(event) || $("form").hidden) return;
  event.preventDefault();
  $("drop").hidden = false;
});
chat.addEventListener("dragleave", (event) => { if (!chat.contains(event.relatedTarget)) $("drop").hidden = true; });
chat.addEventListener("drop", (event) => {
  $("drop").hidden = true;
  if (!holdsFiles(event) || $("form").hidden) return;
  event.preventDefault();
  choose(event.dataTransfer.files, kindOf(event.dataTransfer.files));
});

// ---- the text box

function grow() {
  $("text").style.height = "auto";
  $("text").style.height = `${$("text").scrollHeight + 2}px`;
}

$("text").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) { event.preventDefault(); $("form").requestSubmit(); }
  if (event.key === "Escape") { closeMenus(); forget(); }
  if (event.key === "ArrowUp" && !$("commands").hidden) { event.preventDefault(); shownItems($("commands")).at(-1)?.focus(); }
});
$("text").addEventListener("input", () => {
  grow();
  const typed = $("text").value;
  if (/^\/\w*$/.test(typed)) openMenu($("menu"), $("commands"), typed.slice(1), false); else closeMenus();
});

// ---- menus: commands and attaching

const MENUS = [["menu", "commands"], ["attach", "attach-menu"]];
const shownItems = (menu) => [...menu.querySelectorAll("[role=menuitem]:not([hidden])")];

function openMenu(opener, menu, beginning = "", focus = true) {
  for (const item of menu.querySelectorAll("[data-name]")) item.hidden = !item.dataset.name.startsWith(beginning);
  const any = shownItems(menu)[0];
  menu.hidden = !any;
  opener.setAttribute("aria-expanded", String(Boolean(any)));
  if (focus) any?.focus();
}

function closeMenus() {
  for (const [opener, menu] of MENUS) { $(menu).hidden = true; $(opener).setAttribute("aria-expanded", "false"); }
}

for (const [opener, menu] of MENUS) {
  $(opener).addEventListener("click", () => {
    const wasOpen = !$(menu).hidden;
    closeMenus();
    if (!wasOpen) openMenu($(opener), $(menu));
  });
  $(menu).addEventListener("keydown", (event) => {
    const items = shownItems($(menu));
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (event.key === "Escape") { closeMenus(); $(opener).focus(); }
    if (!step) return;
    event.preventDefault();
    items.at((items.indexOf(document.activeElement) + step) % items.length)?.focus();
  });
}
document.addEventListener("click", (event) => { if (!event.target.closest("form")) closeMenus(); });

let commandsShown;
function renderCommands() {
  const commands = store.commands.get(`${view.chat}/${view.writer}`)?.commands ?? [];
  const now = JSON.stringify(commands);
  if (now === commandsShown) return;
  commandsShown = now;
  $("menu").hidden = commands.length === 0;
  $("commands").replaceChildren(...commands.map((one) => {
    const item = element("button", { type: "button", role: "menuitem", text: `/${one.command}`, "data-name": one.command },
      element("small", { text: one.description }));
    item.addEventListener("click", () => { closeMenus(); $("text").value = ""; sendText(`/${one.command}`); $("text").focus(); });
    return item;
  }));
}

// ---- what fits the chat that is open

function render(changed, fresh) {
  if (fresh) { chosen = { files: [], as: "photo" }; chooseReply(null); }
  const blocked = !isGroup() && Boolean(store.people.get(String(view.chat))?.blocks);
  const empty = !isGroup() && messagesOf(view.chat).length === 0;
  $("start").hidden = !empty || blocked;
  $("unblock").hidden = !blocked;
  $("form").hidden = empty || blocked;
  if (begun && !$("form").hidden) { begun = false; $("text").focus(); }
  renderCommands();
}

watch(render);
