// @ts-check
/** The timeline's list: key entries or all, with a line per day in the reader's zone. */

import { format, localiseAll, zone } from "./time.js";

const LONGEST = 300;

export class Timeline {
  /** @param {HTMLElement} list */
  constructor(list) {
    this.list = list;
    for (const link of document.querySelectorAll("[data-timeline]")) {
      link.addEventListener("click", (event) => {
        event.preventDefault();
        this.show(/** @type {HTMLElement} */ (link).dataset.timeline ?? "key");
      });
    }
    this.arrange();
  }

  /** @param {string} which key or all */
  show(which) {
    this.list.dataset.show = which;
    for (const link of document.querySelectorAll("[data-timeline]")) {
      const chosen = /** @type {HTMLElement} */ (link).dataset.timeline === which;
      link.classList.toggle("btn--quiet", !chosen);
      if (chosen) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    }
    this.arrange();
  }

  /** @param {string} html one row of the server's own template */
  append(html) {
    const holder = document.createElement("template");
    holder.innerHTML = html.trim();
    const row = holder.content.firstElementChild;
    if (!(row instanceof HTMLElement) || document.getElementById(row.id)) return;
    localiseAll(row);
    // Entries stand in the order of what they tell, which may have happened earlier.
    const later = [...this.list.querySelectorAll(":scope > [data-at]")].find(
      (other) => (/** @type {HTMLElement} */ (other).dataset.at ?? "") > (row.dataset.at ?? ""),
    );
    this.list.insertBefore(row, later ?? null);
    const rows = this.list.querySelectorAll(":scope > [data-at]");
    if (rows.length > LONGEST) rows[0].remove();
    this.arrange();
  }

  arrange() {
    this.list.querySelectorAll(".tl__day").forEach((day) => day.remove());
    const all = this.list.dataset.show === "all";
    let day = "";
    for (const row of /** @type {NodeListOf<HTMLElement>} */ (this.list.querySelectorAll(":scope > [data-at]"))) {
      if (!all && row.classList.contains("is-minor")) continue;
      const at = new Date(row.dataset.at ?? "");
      const its = format(at, "date");
      if (its !== day) row.before(dayLine(`${its}, ${zone(at)}`));
      day = its;
    }
  }
}

/** @param {string} words */
function dayLine(words) {
  const line = document.createElement("li");
  line.className = "tl__day";
  line.textContent = words;
  return line;
}
