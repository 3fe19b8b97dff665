// What the server has told, by section and key, and who looks at it from where.

import { toast } from "./dom.js";

const NAMES = ["about", "people", "chats", "commands", "messages", "answers", "wire", "jobs", "ledger", "faults", "strange"];

export const store = Object.fromEntries(NAMES.map((name) => [name, new Map()]));
export const view = { show: 0, chat: 0, writer: 0 };
const watchers = [];

export const about = () => store.about.get("") ?? { bot: {}, description: "", speed: 1 };
export const fileUrl = (fileId) => `file/${encodeURIComponent(fileId)}`;

// A watcher gets the keys that have changed by section; `fresh`: another show, or another chat.
export function watch(look) { watchers.push(look); }

export function tell(changed, fresh) { for (const look of watchers) look(changed, fresh); }

function apply(news) {
  if (!news.playing) return tell({}, false);
  const fresh = news.show !== view.show;
  view.show = news.show;
  if (fresh) for (const section of Object.values(store)) section.clear();
  const changed = {};
  for (const [name, keys] of Object.entries(news.drop)) {
    for (const key of keys) store[name].delete(key);
    changed[name] = [...keys];
  }
  for (const [name, values] of Object.entries(news.put)) {
    for (const [key, value] of Object.entries(values)) store[name].set(key, value);
    changed[name] = [...(changed[name] ?? []), ...Object.keys(values)];
  }
  if (fresh) settle();
  tell(changed, fresh);
}

// ---- whose chat is open: kept in the address, so that a reload stays there

// Keys that look like numbers come back in their own order.
export const people = () => [...store.people.values()].sort((a, b) => a.order - b.order);

function settle() {
  const wanted = new URLSearchParams(location.hash.slice(1));
  view.chat = Number(wanted.get("chat")) || view.chat;
  view.writer = Number(wanted.get("as")) || view.writer;
  const first = people()[0]?.id ?? 0;
  if (!store.chats.has(String(view.chat))) view.chat = first;
  if (!store.people.has(String(view.writer))) view.writer = first;
  if (!isGroup()) view.writer = view.chat;
}

export const isGroup = () => Boolean(store.chats.get(String(view.chat))?.group);

export function go(chat, writer = view.writer) {
  view.chat = chat;
  view.writer = store.people.has(String(chat)) ? chat : writer;
  history.replaceState(null, "", `#chat=${view.chat}&as=${view.writer}`);
  tell({}, true);
}

export function wordsOf(message) {
  return message.text ?? message.caption ?? (message.video ? "Video" : message.photo ? "Photo" : "File");
}

export const messagesOf = (chat) =>
  [...store.messages.values()].filter((message) => message.chat.id === chat).sort((a, b) => a.message_id - b.message_id);

// ---- the small API of page.py

export async function post(path, body) {
  const plain = !(body instanceof FormData);
  const answer = await fetch(path, {
    method: "POST",
    body: plain ? JSON.stringify(body) : body,
    headers: plain ? { "Content-Type": "application/json" } : {},
  });
  if (!answer.ok) throw new Error(await answer.text());
  return answer.json();
}

export async function attempt(deed) {
  try { return await deed(); } catch (error) { toast(error.message || "The demo does not answer."); return null; }
}

export const place = () => ({ as: view.writer, chat: view.chat });

export function connect(online) {
  const events = new EventSource("events");
  let playing = false;
  events.addEventListener("message", (event) => {
    const news = JSON.parse(event.data);
    playing = news.playing;
    online(playing ? "here" : "between");
    apply(news);
  });
  events.addEventListener("error", () => online("gone"));
}
