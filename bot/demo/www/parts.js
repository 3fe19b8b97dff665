// The chats that one can look into, and who writes in them.

import { $, clockTime, element } from "./dom.js";
import { about, go, isGroup, messagesOf, people, store, view, watch, wordsOf } from "./store.js";

const ACTION_MS = 5000;
const seen = new Map(); // chat id → newest message id that was looked at
const shownActions = new Map(); // chat id → when the action began
let actionTimer;
let shown = 0; // the show that all of this belongs to

function render(changed, fresh) {
  if (!store.chats.size) return;
  if (shown !== view.show) { shown = view.show; seen.clear(); shownActions.clear(); }
  if (fresh || changed.messages || changed.people || changed.chats) {
    renderParts();
    renderWriter();
  }
  renderAction(fresh);
}

function renderParts() {
  const chats = people().map((person) => [person.id, person.name, person.title, person.about]);
  for (const chat of store.chats.values()) {
    if (chat.group) chats.push([chat.id, chat.title, "group", "Several people; the bot hears what is meant for it."]);
  }
  const focused = document.activeElement?.dataset?.chat;
  $("parts").replaceChildren(...chats.map((chat, index) => drawPart(index, ...chat)));
  if (focused) $("parts").querySelector(`[data-chat="${focused}"]`)?.focus();
}

function drawPart(index, id, name, title, explanation) {
  const messages = messagesOf(id);
  const newest = messages.at(-1);
  if (id === view.chat) seen.set(id, newest?.message_id ?? 0);
  const unread = messages.filter((one) => one.from?.is_bot && one.message_id > (seen.get(id) ?? 0)).length;
  const part = element("button", { type: "button", title: explanation, "aria-current": String(id === view.chat), "data-chat": id },
    element("span", { className: `avatar tint-${index}`, text: name.slice(0, 1), "aria-hidden": "true" }),
    element("span", { className: "of" },
      element("strong", { text: name }), element("small", { className: "title", text: title }),
      element("time", { text: newest ? clockTime(newest.date) : "" }),
      element("small", { className: "last", text: newest ? wordsOf(newest).slice(0, 60) : "no messages yet" })));
  if (unread) part.append(element("span", { className: "badge", text: String(unread), "aria-label": `${unread} unread` }));
  part.addEventListener("click", () => { go(id); $("parts").querySelector("[aria-current=true]")?.focus(); });
  return part;
}

function renderWriter() {
  $("writer-label").hidden = !isGroup();
  $("writer").replaceChildren(...people().map((person) => {
    const option = element("option", { value: person.id, text: person.name });
    option.selected = person.id === view.writer;
    return option;
  }));
}

$("writer").addEventListener("change", () => go(view.chat, Number($("writer").value)));

function renderAction(fresh) {
  $("name").textContent = isGroup() ? store.chats.get(String(view.chat)).title : about().bot.first_name;
  $("avatar").textContent = $("name").textContent.slice(0, 1);
  $("avatar").classList.toggle("tint-4", isGroup());
  const chat = store.chats.get(String(view.chat));
  if (fresh) idle();
  if (!chat?.action || chat.action_at === shownActions.get(chat.id)) return;
  const before = !shownActions.has(chat.id) && fresh;
  shownActions.set(chat.id, chat.action_at);
  if (before) return;
  clearTimeout(actionTimer);
  if (!chat.action) return idle();
  $("status").textContent = chat.action.replace("upload_", "sending ").replace("record_", "recording ").replaceAll("_", " ");
  $("status").classList.add("acting");
  actionTimer = setTimeout(idle, ACTION_MS);
}

function idle() {
  $("status").classList.remove("acting");
  const person = store.people.get(String(view.chat));
  const blocked = person?.blocks ? "bot, blocked by " : "bot, seen as ";
  const members = people().map((one) => one.name).join(", ");
  $("status").textContent = person ? `${blocked}${person.name} (${person.title})` : members;
}

export function online(how) {
  // Between two shows nobody is there who could be told anything.
  for (const id of ["main", "footer"]) $(id).inert = how !== "here";
  $("status").classList.toggle("offline", how === "gone");
  if (how === "gone") $("status").textContent = "the demo has stopped, or is not reachable";
  if (how === "between") $("status").textContent = "the bot is being started…";
  if (how === "here") idle();
}

watch(render);
