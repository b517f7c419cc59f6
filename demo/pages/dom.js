// Makes elements. Text goes in as text and nothing else: what people write is never markup.

/** @param {string} id */
export const byId = (id) => document.getElementById(id);

const SVG = "http://www.w3.org/2000/svg";
const AS_ATTRIBUTES = /^(data-|aria-|role$|for$|dir$|datetime$|list$)/;

/**
 * @param {string} tag
 * @param {Record<string, any>} [properties] `class`, attributes that are none in the DOM, `on`, else properties
 * @param {...(Node | string | null | undefined | false)} children
 * @returns {any}
 */
export function el(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name === "class") element.className = value;
    else if (name === "on") listen(element, value);
    else if (AS_ATTRIBUTES.test(name)) element.setAttribute(name, value);
    else element[name] = value;
  }
  element.append(...children.filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

function listen(element, listeners) {
  for (const [kind, listener] of Object.entries(listeners)) element.addEventListener(kind, listener);
}

/** A picture from the page's own sheet, which says nothing to a screen reader. */
export function icon(name) {
  const picture = document.createElementNS(SVG, "svg");
  picture.setAttribute("class", "icon");
  picture.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `icons.svg#${name}`);
  picture.append(use);
  return picture;
}

/** A button that shows a picture and says its name. */
export function iconButton(name, label, click, more = {}) {
  return el("button", { type: "button", class: "round", "aria-label": label, title: label, on: { click }, ...more }, icon(name));
}

/** A disc with somebody's initial, in a colour of their own. */
export function avatar(name, kind = "") {
  const letter = Array.from(name.trim())[0] ?? "?";
  // Steps of the golden angle: names that differ little still get colours that do not.
  const hue = Array.from(name).reduce((sum, one) => (sum + one.codePointAt(0) * 137.5) % 360, 0);
  const disc = el("span", { class: `avatar ${kind}`, "aria-hidden": "true" }, kind === "bot" ? icon("tulip") : letter.toUpperCase());
  disc.style.setProperty("--hue", String(hue));
  return disc;
}

/** Says a text only when it has changed, so that a screen reader does not repeat it. */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

// Keeps the end of a log in sight for whoever was looking at the end, also when its size changes.
export function followEnd(log) {
  let atEnd = true;
  const follow = () => {
    if (atEnd) log.scrollTop = log.scrollHeight;
  };
  log.addEventListener("scroll", () => {
    atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 60;
  });
  // A picture has no height until it is there, and its loading does not bubble.
  log.addEventListener("load", follow, { capture: true });
  new ResizeObserver(follow).observe(log);
  new MutationObserver(follow).observe(log, { childList: true, subtree: true, characterData: true });
  return () => {
    atEnd = true;
    follow();
  };
}

const drawn = new WeakMap();

// Draws a list again only when what it shows has changed: a menu stays open, a click hits its button.
export function redraw(list, data, make) {
  const key = JSON.stringify(data);
  if (drawn.get(list) === key) return;
  drawn.set(list, key);
  const focused = list.contains(document.activeElement) ? document.activeElement.dataset.key : undefined;
  list.replaceChildren(...make());
  if (focused) list.querySelector(`[data-key="${CSS.escape(focused)}"]`)?.focus();
}

/**
 * Asks before something that cannot be undone; the question is closed by Escape.
 * @returns {Promise<boolean>}
 */
export function confirmed(question, explanation, yes, no) {
  const title = el("h2", { id: "question", textContent: question });
  const dialog = el(
    "dialog",
    { class: "question", "aria-labelledby": "question" },
    el(
      "form",
      { method: "dialog" },
      title,
      el("p", { textContent: explanation }),
      el("div", { class: "buttons" },
        el("button", { class: "quiet", value: "", textContent: no, autofocus: true }),
        el("button", { class: "danger", value: "yes", textContent: yes }),
      ),
    ),
  );
  document.body.append(dialog);
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue === "yes");
    });
  });
}
