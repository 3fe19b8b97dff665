// Text with entities; offsets are UTF-16 units, as in JavaScript.

import { element } from "./dom.js";

const TAGS = {
  bold: "strong", italic: "em", underline: "u", strikethrough: "s", code: "code", pre: "pre",
  blockquote: "blockquote", expandable_blockquote: "blockquote",
};

// `follow` opens a link, `send` sends a command.
export function formatted(text, entities, deeds, from = 0, to = text.length) {
  const parts = document.createDocumentFragment();
  let at = from;
  const inside = (entities ?? []).filter((one) => one.offset >= from && one.offset + one.length <= to);
  for (const [index, entity] of inside.entries()) {
    if (entity.offset < at) continue; // nested in the one before
    const end = entity.offset + entity.length;
    parts.append(text.slice(at, entity.offset));
    const node = nodeOf(entity, text.slice(entity.offset, end), deeds);
    node.append(formatted(text, inside.slice(index + 1), deeds, entity.offset, end));
    parts.append(node);
    at = end;
  }
  parts.append(text.slice(at, to));
  return parts;
}

function nodeOf(entity, text, { follow, send }) {
  if (entity.type === "text_link" || entity.type === "url") return link(entity.url ?? text, follow);
  if (entity.type === "bot_command") return command(text, send);
  if (entity.type === "spoiler") return spoiler();
  return element(TAGS[entity.type] ?? "span");
}

function link(url, follow) {
  const full = /^(https?|tg|mailto):/i.test(url) ? url : `https://${url}`;
  const made = element("a", { href: full, target: "_blank", rel: "noopener noreferrer" });
  made.addEventListener("click", (event) => { if (follow(url)) event.preventDefault(); });
  return made;
}

function command(text, send) {
  const made = element("a", { href: "#", role: "button" });
  made.addEventListener("click", (event) => { event.preventDefault(); send(text); });
  return made;
}

function spoiler() {
  const made = element("span", { className: "spoiler", tabindex: "0", role: "button", "aria-label": "Hidden text" });
  const open = () => { made.classList.add("open"); made.removeAttribute("aria-label"); };
  made.addEventListener("click", open);
  made.addEventListener("keydown", (event) => { if (event.key === "Enter") open(); });
  return made;
}
