// The box that both sides write in: Enter sends, Shift+Enter breaks the line, files by button, paste or drop.

import { el, icon, iconButton } from "./dom.js";

const MOST_ROWS = 6;
const STILL_TYPING_MS = 3000;

/**
 * @param {object} options
 * @param {string} options.label what a screen reader calls the box
 * @param {string} options.placeholder
 * @param {(text: string) => void} options.send
 * @param {(files: File[]) => void} [options.sendFiles]
 * @param {(typing: boolean) => void} [options.typing]
 * @param {Node[]} [options.extras]
 */
export function composer({ label, placeholder, send, sendFiles, typing, extras = [] }) {
  const textarea = el("textarea", { rows: 1, placeholder, "aria-label": label, autocomplete: "off", dir: "auto" });
  const picker = el("input", { type: "file", multiple: true, hidden: true, tabIndex: -1 });
  const attach = iconButton("clip", "Attach a file", () => picker.click());
  const button = el("button", { type: "submit", class: "round filled", "aria-label": "Send", title: "Send" }, icon("send"));
  const form = el("form", { class: "composer" }, picker, attach, el("div", { class: "writing" }, textarea, ...extras), button);
  const told = typing ? tellTyping(typing) : () => {};

  const fit = () => {
    textarea.rows = Math.min(MOST_ROWS, textarea.value.split("\n").length);
  };
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const text = textarea.value;
    if (!text.trim()) return;
    textarea.value = "";
    fit();
    told(false);
    send(text);
  });
  textarea.addEventListener("input", () => {
    fit();
    told(textarea.value.trim() !== "");
  });
  textarea.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    form.requestSubmit();
  });
  picker.addEventListener("change", () => {
    sendFiles?.(Array.from(picker.files));
    picker.value = "";
  });
  textarea.addEventListener("paste", (event) => {
    if (attach.hidden || !event.clipboardData?.files.length) return;
    event.preventDefault();
    sendFiles?.(Array.from(event.clipboardData.files));
  });
  const allowFiles = (allowed) => {
    attach.hidden = !allowed;
  };
  allowFiles(Boolean(sendFiles));
  return { form, textarea, allowFiles };
}

/** Lets files be dropped anywhere on a panel. */
export function acceptDrops(panel, mayDrop, sendFiles) {
  const carriesFiles = (event) => mayDrop() && event.dataTransfer?.types.includes("Files");
  panel.addEventListener("dragover", (event) => {
    if (!carriesFiles(event)) return;
    event.preventDefault();
    panel.classList.add("dropping");
  });
  panel.addEventListener("dragleave", (event) => {
    if (!panel.contains(event.relatedTarget)) panel.classList.remove("dropping");
  });
  panel.addEventListener("drop", (event) => {
    panel.classList.remove("dropping");
    if (!carriesFiles(event)) return;
    event.preventDefault();
    sendFiles(Array.from(event.dataTransfer.files));
  });
}

// Says that somebody types, again and again while they do, and that they stopped when nothing more comes.
function tellTyping(tell) {
  let [now, toldAt, timer] = [false, 0, 0];
  const change = (typing) => {
    if (typing === now && (!typing || Date.now() - toldAt < STILL_TYPING_MS)) return;
    [now, toldAt] = [typing, Date.now()];
    tell(typing);
  };
  return (typing) => {
    clearTimeout(timer);
    if (typing) timer = setTimeout(change, STILL_TYPING_MS, false);
    change(typing);
  };
}
