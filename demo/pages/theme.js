// Light or dark: as the system says, until somebody says otherwise.

import { icon, iconButton } from "./dom.js";

const KEY = "tulip-theme";
const SYSTEM = matchMedia("(prefers-color-scheme: dark)");

export function themeButton() {
  const isDark = () => (document.documentElement.dataset.theme ?? (SYSTEM.matches ? "dark" : "light")) === "dark";
  const button = iconButton("moon", "", () => {
    localStorage.setItem(KEY, isDark() ? "light" : "dark");
    draw();
  });
  function draw() {
    const chosen = localStorage.getItem(KEY);
    if (chosen) document.documentElement.dataset.theme = chosen;
    const label = isDark() ? "Light colours" : "Dark colours";
    button.replaceChildren(icon(isDark() ? "sun" : "moon"));
    button.setAttribute("aria-label", label);
    button.title = label;
  }
  SYSTEM.addEventListener("change", draw);
  draw();
  return button;
}
