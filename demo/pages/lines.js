// One line of a talk as either side shows it: bubble, notice, divider, file.

import { avatar, el, icon } from "./dom.js";
import { link, sizeOf, time, webAddress, words } from "./text.js";

const TICKS = { sending: ["clock", "Sending"], sent: ["check", "Sent"], failed: ["alert", "Not delivered"] };
const PICTURES = /^image\/(png|jpeg|gif|webp|avif)$/;
// Not every desk tells what kind of file it is.
const NAMED_AS_PICTURES = /\.(png|jpe?g|gif|webp|avif)$/i;

/**
 * @param {object} line
 * @param {"own" | "theirs"} line.side
 * @param {string} line.name
 * @param {string} [line.text]
 * @param {object} [line.file]
 * @param {string} [line.kind] `bot`, `agent`, `customer`, `note`
 * @param {string | number} [line.at]
 * @param {string} [line.label] says more than the name does
 */
export function bubble(line, properties = {}) {
  const { side, kind = "" } = line;
  const author = el("span", { class: "author" }, el("bdi", { textContent: line.label ?? line.name }));
  const said = line.file ? fileCard(line.file) : words(line.text ?? "");
  const meta = el("span", { class: "meta" }, line.at ? time(line.at) : null);
  const body = el("div", { class: "said" }, author, said, meta);
  const by = `${side} ${kind} ${line.name}`;
  return el("li", { class: `line ${side} ${kind}`, "data-by": by, ...properties }, side === "theirs" ? avatar(line.name, kind) : null, body);
}

export function notice(text, properties = {}) {
  return el("li", { class: "line notice", ...properties }, words(text));
}

export function divider(text, properties = {}) {
  return el("li", { class: "line divider", ...properties }, el("span", { dir: "auto", textContent: text }));
}

/** Shows how far an own line has come. */
export function setTick(item, status, sendAgain) {
  const meta = item.querySelector(".meta");
  meta.querySelectorAll(".tick, .retry").forEach((one) => one.remove());
  item.dataset.status = status ?? "";
  if (!status) return;
  const [picture, label] = TICKS[status];
  const tick = el("span", { class: "tick", title: label, role: "img", "aria-label": label }, icon(picture));
  const again = el("button", { type: "button", class: "retry", textContent: "Send again", on: { click: sendAgain } });
  meta.append(tick, ...(status === "failed" && sendAgain ? [again] : []));
}

/** Lines of one author that follow each other stand closer, and the name is not said again. */
export function group(log) {
  let before = "";
  for (const item of log.children) {
    const by = item.dataset.by ?? "";
    item.classList.toggle("again", by !== "" && by === before);
    before = by;
  }
}

const isPicture = ({ type, name }) => (type ? PICTURES.test(type) : NAMED_AS_PICTURES.test(name));

// A picture is shown only from an address that the page trusts; anything else is a card to follow.
function fileCard(file) {
  const href = file.preview ?? webAddress(file.url ?? "");
  const size = sizeOf(file.size);
  const inside = [
    href && file.shown && isPicture(file)
      ? el("img", { class: "thumb", src: href, alt: "", loading: "lazy" })
      : icon("file"),
    el("span", { class: "file-name" }, el("bdi", { textContent: file.name }), size ? el("small", { textContent: size }) : null),
  ];
  if (!href) return el("span", { class: "file" }, ...inside);
  const anchor = link(href, ...inside);
  anchor.className = "file";
  // What lies in the page's own memory would be opened as a part of the page.
  if (file.preview) anchor.download = file.name;
  return anchor;
}
