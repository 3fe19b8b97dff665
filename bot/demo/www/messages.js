// The chat that is open: one node per message, of which only the parts that change are drawn anew.

import { $, clockTime, dayOf, element, icon, keepChildren, minutes, showAlert, toast } from "./dom.js";
import { formatted } from "./entities.js";
import { about, attempt, fileUrl, go, isGroup, messagesOf, place, post, store, view, watch, wordsOf } from "./store.js";
import { chooseReply, sendText } from "./composer.js";

const WAITS_MS = 15000;
const drawn = new Map(); // message id → Drawn
const waiting = new Map(); // press id → button
const told = new Set(); // press ids whose answers were shown
let pinned = true; // to the newest message
let below = 0; // messages that have come further down than one looks
let asked = null; // the question that the text box was last put under
let shown = 0; // the show that all of this belongs to

// ---- links and commands inside messages

const deeds = { send: sendText, follow: openOwnLink };

function openOwnLink(url) {
  const match = url.match(/^(?:https?:\/\/)?t\.me\/([^/?]+)\?start=([\w-]{1,64})$/i);
  if (match?.[1].toLowerCase() !== about().bot.username?.toLowerCase()) return false;
  if (isGroup()) go(view.writer);
  sendText(`/start ${match[2]}`);
  return true;
}

function openLink(url) {
  if (!openOwnLink(url)) window.open(url, "_blank", "noopener,noreferrer");
}

// ---- parts of a message

const isMine = (m) => m.from?.id === view.writer;
const hasWords = (m) => Boolean(m.text || m.caption);
const metaOf = (m) => [m.date, m.edit_date, m.reactions, m.read];

const PARTS = [
  ["sender", (m) => isGroup() && !isMine(m) && m.from?.first_name, drawSender],
  ["quote", (m) => m.reply_to_message && [m.reply_to_message.message_id, m.reply_to_message.from, wordsOf(m.reply_to_message)], drawQuote],
  ["media", (m) => m.video ?? m.photo ?? m.document, drawMedia],
  ["words", (m) => hasWords(m) && [m.text ?? m.caption, m.entities ?? m.caption_entities, metaOf(m)], drawWords],
  ["unknown", (m) => !["text", "photo", "video", "document"].some((kind) => kind in m), drawUnknown],
  ["meta", (m) => !hasWords(m) && metaOf(m), drawMeta],
];

function drawSender(message) {
  return element("div", { className: "sender", text: message.from.first_name });
}

function drawQuote(message) {
  const { from } = message.reply_to_message;
  const made = element("button", { className: "quote", type: "button" },
    element("strong", { text: from?.id === view.writer ? "You" : from?.first_name ?? "" }),
    element("span", { text: wordsOf(message.reply_to_message) }));
  const target = message.reply_to_message.message_id;
  made.addEventListener("click", () => drawn.get(target)?.root.scrollIntoView({ block: "center" }));
  return made;
}

function drawMedia(message) {
  if (message.video) return drawVideo(message.video);
  if (message.photo) return drawPhoto(message.photo.at(-1));
  const name = message.document.file_name ?? "file";
  return element("div", { className: "document" },
    element("span", { className: "kind" }, icon("file")),
    element("a", { href: fileUrl(message.document.file_id), download: name, text: name }));
}

// As in Telegram a video shows how long it is and waits; its controls come with the first touch.
function drawVideo(video) {
  const player = element("video", {
    src: fileUrl(video.file_id), playsinline: "", preload: "metadata",
    width: video.width, height: video.height, "aria-label": `Video, ${video.duration} seconds`,
  });
  if (video.thumbnail) player.poster = fileUrl(video.thumbnail.file_id);
  const play = element("button", { className: "play", type: "button", "aria-label": `Play the video, ${video.duration} seconds` }, icon("play"));
  const made = element("div", { className: "media" }, player, play,
    element("span", { className: "length", text: minutes(video.duration), "aria-hidden": "true" }));
  play.addEventListener("click", () => { player.play(); player.focus(); });
  player.addEventListener("play", () => { player.controls = true; made.classList.add("begun"); });
  return made;
}

function drawPhoto(size) {
  const image = element("img", { src: fileUrl(size.file_id), alt: "Photo", width: size.width, height: size.height });
  return element("div", { className: "media" }, image);
}

function drawWords(message) {
  const text = element("span", { className: "text" });
  text.append(formatted(message.text ?? message.caption, message.entities ?? message.caption_entities, deeds));
  return element("div", { className: "words" }, text, drawMeta(message));
}

function drawUnknown(message) {
  const known = new Set(["message_id", "from", "chat", "date", "reactions", "read"]);
  const kinds = Object.keys(message).filter((name) => !known.has(name)).join(", ");
  return element("div", { className: "unknown", text: `Not emulated: this page cannot show ${kinds}` });
}

function drawMeta(message) {
  const overPicture = !hasWords(message) && (message.photo || message.video);
  const made = element("div", { className: overPicture ? "meta over" : "meta" });
  if (message.reactions.length) made.append(element("span", { text: message.reactions.join(" ") }));
  if (message.edit_date) made.append(element("span", { text: "edited" }));
  made.append(element("time", { text: clockTime(message.date) }));
  if (isMine(message)) {
    const words = message.read ? "read" : "sent";
    made.append(element("span", { className: "ticks", role: "img", "aria-label": words, title: words }, icon(words)));
  }
  return made;
}

// ---- buttons

function drawKeys(message) {
  const made = element("div", { className: "keys" });
  for (const row of message.reply_markup.inline_keyboard) {
    made.append(element("div", {}, ...row.map((button) => drawKey(message, button))));
  }
  return made;
}

function drawKey(message, button) {
  const kind = button.url ? "link" : button.copy_text ? "copy" : "";
  const made = element("button", { type: "button", text: button.text, className: `${button.style ?? ""} ${kind}`.trim() });
  made.addEventListener("click", () => pressed(message, button, made));
  return made;
}

async function pressed(message, button, key) {
  if (button.url) return openLink(button.url);
  if (button.copy_text) {
    const copied = await attempt(async () => { await navigator.clipboard.writeText(button.copy_text.text); return true; });
    return copied && toast("Copied");
  }
  key.classList.add("waiting");
  setTimeout(() => key.classList.remove("waiting"), WAITS_MS);
  const done = await attempt(() => post("press", { ...place(), message_id: message.message_id, data: button.callback_data }));
  if (!done || told.has(done.press)) key.classList.remove("waiting");
  else waiting.set(done.press, key);
}

function showAnswers(keys, before) {
  for (const key of keys) {
    if (told.has(key)) continue;
    told.add(key);
    waiting.get(key)?.classList.remove("waiting");
    waiting.delete(key);
    const answer = store.answers.get(key);
    if (before || !answer || answer.user !== view.writer) continue;
    if (answer.url) openLink(answer.url);
    else if (answer.alert) showAlert(answer.text);
    else if (answer.text) toast(answer.text);
  }
}

// ---- a message, and where it stands

class Drawn {
  constructor(message) {
    this.root = element("article", { className: "message" });
    this.bubble = element("div", { className: "bubble" });
    this.parts = new Map(PARTS.map(([name]) => [name, { shown: undefined, node: null }]));
    this.keys = { shown: undefined, node: null };
    this.root.append(this.bubble);
    this.update(message);
  }

  update(message) {
    this.message = message;
    const who = isMine(message) ? "You" : message.from?.first_name;
    const picture = message.video ?? message.photo?.at(-1);
    this.root.setAttribute("aria-label", `${who}, ${clockTime(message.date)}`);
    this.root.dataset.id = message.message_id;
    this.root.classList.toggle("wide", Boolean(picture ?? message.reply_markup));
    this.root.classList.toggle("bare", Boolean(picture) && !hasWords(message));
    this.root.classList.toggle("keyed", Boolean(message.reply_markup));
    this.root.style.setProperty("--ratio", picture ? picture.width / picture.height : 2);
    for (const [name, of, draw] of PARTS) {
      refresh(this.parts.get(name), of(message), () => draw(message));
    }
    keepChildren(this.bubble, [...this.parts.values()].map((part) => part.node));
    refresh(this.keys, message.reply_markup, () => drawKeys(message));
    keepChildren(this.root, [this.bubble, this.keys.node]);
  }
}

function refresh(part, value, draw) {
  const now = JSON.stringify(value || null);
  if (now === part.shown) return;
  part.shown = now;
  part.node = value ? draw() : null;
}

function put(message, fresh) {
  const known = drawn.get(message.message_id);
  if (known) return known.update(message);
  const made = new Drawn(message);
  drawn.set(message.message_id, made);
  const row = rowFor(message);
  const album = row.querySelector(".album");
  if (album) album.append(made.root); else row.prepend(made.root);
  if (!row.isConnected) append(row, message);
  if (!fresh) row.classList.add("new");
  if (!fresh && !pinned && !isMine(message)) below += 1;
}

// What somebody says in one go stands close together; every day has a heading.
function append(row, message) {
  const day = dayOf(message.date);
  const before = $("log").lastElementChild;
  const follows = before?.dataset.day === day;
  if (!follows) $("log").append(element("div", { className: "day", text: day }));
  Object.assign(row.dataset, { day, from: message.from?.id });
  $("log").append(row);
  if (follows) join(before);
}

function join(row) {
  row?.classList.toggle("joined", row.classList.contains("row") && row.nextElementSibling?.dataset.from === row.dataset.from);
}

// Parts of an album share a row; every other message has its own.
function rowFor(message) {
  const album = message.media_group_id;
  const last = $("log").lastElementChild;
  if (album && last?.dataset.album === album) return last;
  const row = element("div", { className: isMine(message) ? "row mine" : "row" });
  if (album) {
    row.dataset.album = album;
    row.append(element("div", { className: "album", role: "group", "aria-label": "Album" }));
  }
  const reply = element("button", { className: "reply", type: "button", "aria-label": "Reply" }, icon("reply"));
  reply.addEventListener("click", () => chooseReply(store.messages.get(`${view.chat}/${message.message_id}`)));
  row.append(reply);
  return row;
}

function drop(id) {
  const gone = drawn.get(id);
  if (!gone) return;
  drawn.delete(id);
  const row = gone.root.closest(".row");
  gone.root.remove();
  if (row.querySelector("article")) return;
  const before = row.previousElementSibling;
  row.remove();
  if (before.matches(".row")) join(before);
  else if (!before.nextElementSibling?.matches(".row")) before.remove();
}

// ---- the log

function render(changed, fresh) {
  if (shown !== view.show) { shown = view.show; told.clear(); waiting.clear(); asked = null; }
  if (fresh) renderAll(); else renderSome(changed.messages ?? []);
  showAnswers(fresh ? store.answers.keys() : changed.answers ?? [], fresh);
  const question = lastDrawn()?.message;
  const name = `${view.chat}/${view.writer}/${question?.message_id}`;
  if (question && asksMe(question) && asked !== name) {
    asked = name;
    chooseReply(question);
  }
}

function renderAll() {
  drawn.clear();
  $("log").replaceChildren();
  const messages = messagesOf(view.chat);
  if (!messages.length) $("log").append(introduction());
  for (const message of messages) put(message, true);
  scrollToEnd();
}

function renderSome(keys) {
  const here = keys.filter((key) => key.startsWith(`${view.chat}/`));
  for (const key of here) {
    const message = store.messages.get(key);
    if (!message) drop(Number(key.split("/")[1]));
    else { clearIntroduction(); put(message, false); }
  }
  if (here.length && !drawn.size) renderAll();
  const mine = here.some((key) => store.messages.get(key) === lastDrawn()?.message && isMine(lastDrawn().message));
  if (here.length && (pinned || mine)) scrollToEnd(); else showBelow();
}

const lastDrawn = () => [...drawn.values()].at(-1);

function introduction() {
  const words = isGroup() ? "A group with the bot in it. It hears commands, mentions and replies." : about().description;
  return element("div", { className: "about", text: words || "What can this bot do? Press START." });
}

function clearIntroduction() {
  $("log").querySelector(".about")?.remove();
}

function asksMe(message) {
  if (message.asks_for_reply === "all") return true;
  if (message.asks_for_reply !== "some") return false;
  const mentioned = (message.entities ?? []).some((entity) => entity.user?.id === view.writer);
  return mentioned || message.reply_to_message?.from?.id === view.writer || !isGroup();
}

function scrollToEnd() {
  pinned = true;
  $("main").scrollTop = $("main").scrollHeight;
  showBelow();
}

function showBelow() {
  if (pinned) below = 0;
  $("down").hidden = pinned;
  $("below").hidden = below === 0;
  $("below").textContent = below;
}

$("down").addEventListener("click", () => { scrollToEnd(); $("main").focus(); });
$("main").addEventListener("scroll", () => {
  pinned = $("main").scrollHeight - $("main").scrollTop - $("main").clientHeight < 120;
  showBelow();
}, { passive: true });
// Rows grow when they come into view, pictures when they are loaded; the text box takes and gives.
const resized = new ResizeObserver(() => { if (pinned) scrollToEnd(); });
for (const id of ["log", "main"]) resized.observe($(id));

watch(render);
