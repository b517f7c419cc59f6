// Makes elements. Text goes in as text and nothing else: what people write is never markup.

export const byId = (id) => document.getElementById(id);

export function el(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name === "class") element.className = value;
    else if (name.startsWith("data-") || name.startsWith("aria-")) element.setAttribute(name, value);
    else element[name] = value;
  }
  element.append(...children.filter((child) => child !== null));
  return element;
}

// Keeps the end of a log in sight for whoever was looking at the end, also when its size changes.
export function followEnd(log) {
  let atEnd = true;
  const follow = () => {
    if (atEnd) log.scrollTop = log.scrollHeight;
  };
  log.addEventListener("scroll", () => {
    atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 40;
  });
  new ResizeObserver(follow).observe(log);
  new MutationObserver(follow).observe(log, { childList: true });
}

const drawn = new WeakMap();

// Draws a list again only when what it shows has changed: a menu stays open, a click hits its button.
export function redraw(list, data, make) {
  const key = JSON.stringify(data);
  if (drawn.get(list) === key) return;
  drawn.set(list, key);
  const focused = document.activeElement?.dataset?.key;
  list.replaceChildren(...make());
  if (focused) list.querySelector(`[data-key="${CSS.escape(focused)}"]`)?.focus();
}

// Sends with Enter, breaks the line with Shift+Enter, and grows with what is written.
export function composer(form, textarea, send) {
  const fit = () => {
    textarea.rows = Math.min(6, textarea.value.split("\n").length);
  };
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const text = textarea.value;
    if (!text.trim()) return;
    textarea.value = "";
    fit();
    send(text);
  });
  textarea.addEventListener("input", fit);
  textarea.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    form.requestSubmit();
  });
}
