// @ts-check
/** The keyboard: single keys act outside text fields, can be turned off, and click what shows them. */

const PLACES = { b: "/", f: "/flags/", m: "/monitors/", l: "/log/", s: "/settings/" };
const SEQUENCE_MS = 1_200;

/** @type {Map<string, () => void>} */
const bound = new Map();
let startedAt = 0;

/**
 * Does something on a key that no element shows.
 * @param {string} key as in `KeyboardEvent.key`
 * @param {() => void} act
 */
export function onKey(key, act) {
  bound.set(key, act);
}

/** @param {EventTarget | null} target */
function isTyping(target) {
  return target instanceof Element && target.closest("input:not([type=radio],[type=checkbox]),textarea,select,[contenteditable]") !== null;
}

/** @param {KeyboardEvent} event */
function handle(event) {
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
    event.preventDefault();
    document.querySelector('[data-open="palette"]')?.dispatchEvent(new MouseEvent("click", { bubbles: true }));
    return;
  }
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
  if (document.body.dataset.keys === "off" || document.querySelector("dialog[open]")) return;
  if (act(event.key)) event.preventDefault();
}

/** @param {string} key @returns {boolean} whether the key meant something */
function act(key) {
  if (performance.now() - startedAt < SEQUENCE_MS && key in PLACES) {
    location.assign(PLACES[/** @type {keyof typeof PLACES} */ (key)]);
    return true;
  }
  startedAt = key === "g" ? performance.now() : 0;
  if (key === "g") return true;
  const shown = document.querySelector(`[data-key="${CSS.escape(key)}"]`);
  if (shown instanceof HTMLElement && shown.checkVisibility()) {
    shown.click();
    return true;
  }
  const action = bound.get(key);
  action?.();
  return action !== undefined;
}

/** @param {1 | -1} step */
function moveRow(step) {
  const links = [...document.querySelectorAll("[data-rows] tbody th a")];
  if (!links.length) return;
  const at = links.findIndex((link) => link.closest("tr")?.contains(document.activeElement));
  const next = at < 0 ? (step > 0 ? 0 : links.length - 1) : Math.min(Math.max(at + step, 0), links.length - 1);
  /** @type {HTMLElement} */ (links[next]).focus();
}

/** Pages with a place to write give this key to it; everywhere else it leads to the search. */
function search() {
  const field = document.querySelector("[data-search]");
  if (field instanceof HTMLInputElement) field.select();
  else location.assign("/search");
}

/** Listens. */
export function startKeys() {
  onKey("/", search);
  onKey("j", () => moveRow(1));
  onKey("k", () => moveRow(-1));
  onKey("?", () => /** @type {HTMLDialogElement | null} */ (document.getElementById("keys"))?.showModal());
  document.addEventListener("keydown", handle);
}
