// What a test wants to know of the page; it is put before the name of the one that is asked.

const OWN_OUTLINE = "textarea, .unseen, .note-switch";
const OUTLINED = ".writing, .segment, .note-label";

function focusedName() {
  const one = document.activeElement;
  return one.getAttribute("aria-label") ?? one.labels?.[0]?.textContent ?? one.textContent;
}

function focusIsSeen() {
  const one = document.activeElement;
  if (one === document.body) return true;
  const shown = one.matches(OWN_OUTLINE) ? one.closest(OUTLINED) : one;
  return getComputedStyle(shown).outlineStyle !== "none";
}

function nameless() {
  const controls = document.querySelectorAll("button, input, select, textarea, a, [role=log]");
  const nameOf = (one) => one.getAttribute("aria-label") ?? one.labels?.[0]?.textContent ?? one.textContent;
  return Array.from(controls, (one) => (one.checkVisibility() && !nameOf(one).trim() ? one.outerHTML : "")).filter(Boolean);
}

function cutOff() {
  if (document.documentElement.scrollWidth <= innerWidth) return [];
  const wide = Array.from(document.querySelectorAll("body *")).filter((one) => one.getBoundingClientRect().right > innerWidth + 1);
  return wide.map((one) => `${one.tagName}.${one.className} ${Math.round(one.getBoundingClientRect().right)}`);
}

// The contrast of every text with what is behind it, by the formula of WCAG 2. A canvas knows
// every way of writing a colour; a text over a gradient counts with the gradient's first colour.
function contrasts() {
  const canvas = Object.assign(document.createElement("canvas"), { width: 1, height: 1 });
  const context = canvas.getContext("2d", { willReadFrequently: true });
  const rgba = (colour) => {
    context.clearRect(0, 0, 1, 1);
    context.fillStyle = colour;
    context.fillRect(0, 0, 1, 1);
    return Array.from(context.getImageData(0, 0, 1, 1).data);
  };
  const luminance = (colour) => {
    const parts = colour.slice(0, 3).map((part) => part / 255);
    const [r, g, b] = parts.map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (element) => {
    for (let one = element; one; one = one.parentElement) {
      const { backgroundImage, backgroundColor } = getComputedStyle(one);
      const colour = rgba(backgroundImage.match(/(rgb|oklch|color)[^)]*\)/)?.[0] ?? backgroundColor);
      if (colour[3] === 255) return colour;
    }
    return rgba("white");
  };
  const contrast = (element) => {
    const sides = [luminance(rgba(getComputedStyle(element).color)), luminance(behind(element))];
    return (Math.max(...sides) + 0.05) / (Math.min(...sides) + 0.05);
  };
  const found = [];
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const { data, parentElement: element } = texts.currentNode;
    const shown = element.checkVisibility({ opacityProperty: true, visibilityProperty: true });
    if (!data.trim() || !shown || element.closest(":disabled, .unseen, .skip")) continue;
    found.push([data.trim().slice(0, 40), contrast(element)]);
  }
  return found;
}
