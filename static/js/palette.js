// @ts-check
/** The command palette: pages of the rail and whatever the page itself offers, by typing. */

import { open } from "./dialogs.js";

/** @typedef {{words: string, hint: string, run: () => void}} Entry */

/** @returns {Entry[]} */
function entries() {
  const places = [...document.querySelectorAll(".rail > a:not(.rail__mark)")].map((link) => ({
    words: link.textContent?.trim() ?? "",
    hint: "page",
    run: () => location.assign(/** @type {HTMLAnchorElement} */ (link).href),
  }));
  const rows = [...document.querySelectorAll("[data-rows] tbody th a")].map((link) => ({
    words: link.closest("th")?.firstElementChild?.textContent?.trim() ?? "",
    hint: link.nextElementSibling?.textContent?.trim() ?? "",
    run: () => location.assign(/** @type {HTMLAnchorElement} */ (link).href),
  }));
  const dialogs = [...document.querySelectorAll("dialog[id^=do-]")].map((dialog) => ({
    words: dialog.querySelector("h2")?.textContent?.trim() ?? "",
    hint: "asks first",
    run: () => void open(dialog.id),
  }));
  const declare = { words: "Declare an incident", hint: "⇧D", run: () => clickOn('[data-key="D"]') };
  const keys = { words: "Keyboard", hint: "?", run: () => void open("keys") };
  return [...dialogs, declare, ...rows, ...places, keys];
}

/** @param {string} selector */
function clickOn(selector) {
  const element = document.querySelector(selector);
  if (element instanceof HTMLElement) element.click();
}

/** Makes the palette and shows what opens it. */
export function startPalette() {
  const dialog = document.getElementById("palette");
  const input = dialog?.querySelector("input");
  const list = dialog?.querySelector("ul");
  if (!(dialog instanceof HTMLDialogElement) || !input || !list) return;
  /** @type {Entry[]} */
  let shown = [];
  let chosen = 0;

  const paint = () => {
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    shown = entries().filter((entry) => words.every((word) => entry.words.toLowerCase().includes(word))).slice(0, 12);
    chosen = Math.min(chosen, Math.max(shown.length - 1, 0));
    list.replaceChildren(...shown.map(option));
    if (!shown.length) list.append(nothing());
    input.setAttribute("aria-activedescendant", shown.length ? `palette-${chosen}` : "");
  };
  /** @param {Entry} entry @param {number} index */
  const option = (entry, index) => {
    const item = document.createElement("li");
    item.id = `palette-${index}`;
    item.setAttribute("role", "option");
    item.setAttribute("aria-selected", String(index === chosen));
    const hint = document.createElement("span");
    hint.className = "meta push";
    hint.textContent = entry.hint;
    item.append(entry.words, hint);
    item.addEventListener("click", () => run(entry));
    return item;
  };
  const nothing = () => {
    const item = document.createElement("li");
    item.className = "label";
    item.setAttribute("role", "option");
    item.setAttribute("aria-disabled", "true");
    item.textContent = "Nothing here is called that";
    return item;
  };
  /** @param {Entry} entry */
  const run = (entry) => {
    dialog.close();
    entry.run();
  };
  input.addEventListener("input", () => { chosen = 0; paint(); });
  input.addEventListener("keydown", (event) => {
    const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    if (step) {
      event.preventDefault();
      chosen = (chosen + step + shown.length) % Math.max(shown.length, 1);
      paint();
    } else if (event.key === "Enter" && shown[chosen]) {
      event.preventDefault();
      run(shown[chosen]);
    }
  });
  const button = document.querySelector('[data-open="palette"]');
  button?.removeAttribute("hidden");
  button?.addEventListener("click", () => { input.value = ""; chosen = 0; paint(); });
}
