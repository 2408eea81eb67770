// @ts-check
/** The board: hears that an incident changed, fetches its row, and never moves rows under the pointer. */

import { FollowLog } from "./follow-log.js";
import { onKey } from "./keys.js";
import { showStatus } from "./status.js";
import { localiseAll } from "./time.js";

const SETTLE_MS = 150;

const board = /** @type {HTMLElement} */ (document.querySelector("[data-board]"));
const table = /** @type {HTMLElement} */ (board.querySelector("[data-rows]"));
const button = /** @type {HTMLElement} */ (board.querySelector("[data-changed]"));

/** @type {Set<string>} */
const changed = new Set();
/** @type {Document | null} */
let newest = null;
let waiting = 0;

/** Whether somebody points at, or has the focus in, the rows. */
function isBusy() {
  return table.matches(":hover") || table.contains(document.activeElement);
}

/** @param {string} ref */
function touched(ref) {
  if (ref) changed.add(ref);
  clearTimeout(waiting);
  waiting = window.setTimeout(load, SETTLE_MS);
}

/** The page itself is the fragment: the same templates, nothing that could drift apart. */
async function load() {
  try {
    const answer = await fetch(location.href, { headers: { "X-Fragment": "1" } });
    if (!answer.ok || answer.redirected) return;
    newest = new DOMParser().parseFromString(await answer.text(), "text/html");
  } catch {
    return;
  }
  swapAround();
  fillRows();
  if (!isBusy()) replaceRows();
  else offer();
}

/** Counts and the side column cannot move a row. */
function swapAround() {
  for (const name of ["counts", "aside"]) {
    const [old, fresh] = [document, newest].map((page) => page?.querySelector(`[data-part="${name}"]`));
    if (!old || !fresh || old.contains(document.activeElement)) continue;
    old.innerHTML = fresh.innerHTML;
    localiseAll(old);
  }
}

/** Renews the cells of rows that are shown already; their order stays. */
function fillRows() {
  for (const row of table.querySelectorAll("tbody tr[data-ref]")) {
    const fresh = newest?.getElementById(row.id);
    if (!fresh || fresh.className !== row.className || row.contains(document.activeElement)) continue;
    if (row.innerHTML === fresh.innerHTML) continue;
    row.innerHTML = fresh.innerHTML;
    localiseAll(row);
  }
}

/** Puts in the newest order, new rows and closed ones. */
function replaceRows() {
  const fresh = newest?.querySelector("[data-board]");
  if (!fresh) return;
  const focused = table.contains(document.activeElement) ? document.activeElement?.closest("tr")?.id : "";
  for (const section of ["[data-rows]", ".tabs", ".pages", '[data-part="empty"]']) {
    const [old, now] = [board.querySelector(section), fresh.querySelector(section)];
    if (old && now) old.innerHTML = now.innerHTML;
    else if (old) old.remove();
    else if (now) board.append(document.importNode(now, true));
  }
  localiseAll(board);
  changed.clear();
  newest = null;
  button.hidden = true;
  if (focused) /** @type {HTMLElement | null} */ (document.querySelector(`#${CSS.escape(focused)} a`))?.focus();
}

/** Says how many rows would move. */
function offer() {
  const order = (/** @type {ParentNode | null | undefined} */ page) =>
    [...(page?.querySelectorAll("[data-rows] tr[data-ref]") ?? [])].map((row) => `${row.id} ${row.className}`).join();
  if (order(document) === order(newest)) {
    changed.clear();
    return;
  }
  const words = button.querySelector("span");
  if (words) words.textContent = `${Math.max(changed.size, 1)} changed`;
  button.hidden = false;
}

button.addEventListener("click", replaceRows);
onKey(".", () => newest && replaceRows());
table.addEventListener("mouseleave", () => newest && !isBusy() && replaceRows());

const log = new FollowLog();
log.onStatus = showStatus(() => log.wake());
log.follow("board", Number(board.dataset.after), {
  onEvents: (events) => events.forEach((event) => touched(event.data?.ref ?? "")),
  onReset: () => touched(""),
  onFrame: (frame) => (frame.t === "touch" || frame.t === "live") && touched(frame.ref ?? ""),
});
log.start();
