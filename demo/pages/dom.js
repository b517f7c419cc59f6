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

// Adds entries to a log, and keeps its end in sight for whoever was looking at the end.
export function append(log, ...entries) {
  const atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 80;
  log.append(...entries);
  if (atEnd) log.scrollTop = log.scrollHeight;
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
