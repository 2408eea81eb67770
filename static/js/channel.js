// @ts-check
/** The channel's list: rows the server made, days in the reader's zone, pending rows, unread mark. */

import { format, localiseAll, zone } from "./time.js";

const LONGEST = 300;
const TOGETHER_MS = 5 * 60_000;
const AT_END_PX = 40;

export class Channel {
  /** @param {HTMLElement} log the scrolling region */
  constructor(log) {
    this.log = log;
    this.list = /** @type {HTMLElement} */ (log.querySelector("[data-messages]"));
    this.latest = /** @type {HTMLElement} */ (document.querySelector("[data-latest]"));
    this.unread = 0;
    this.log.addEventListener("scroll", () => this.scrolled());
    this.latest?.addEventListener("click", () => this.toEnd());
    this.arrange();
  }

  /** Whether the reader looks at the newest row. The list is reversed: its end is at zero. */
  get atEnd() {
    return Math.abs(this.log.scrollTop) < AT_END_PX;
  }

  toEnd() {
    this.log.scrollTop = 0;
    this.scrolled();
  }

  scrolled() {
    this.latest?.toggleAttribute("hidden", this.atEnd);
    if (this.atEnd && !document.hidden) this.badge(0);
  }

  /**
   * Adds rows at the end without moving what is being read.
   * @param {string[]} rows HTML of the server's own templates
   * @param {boolean} mine whether the reader wrote them
   */
  append(rows, mine = false) {
    const stay = this.atEnd || mine;
    const before = this.log.scrollHeight;
    const fresh = rows.map(parse).filter((row) => row && !this.replaces(row));
    if (fresh.length && !mine && (!stay || document.hidden)) this.markUnread(fresh.length);
    const pending = this.list.querySelector("[data-pending]");
    for (const row of fresh) {
      localiseAll(/** @type {Element} */ (row));
      this.list.insertBefore(/** @type {Element} */ (row), pending);
    }
    this.list.querySelector("[data-nothing]")?.remove();
    this.arrange();
    if (stay) this.trim();
    else this.log.scrollTop -= this.log.scrollHeight - before;
    this.scrolled();
  }

  /** Whether a row takes the place of one that is shown: the pending twin, or an older text. @param {Element} row */
  replaces(row) {
    const { cid, v } = /** @type {HTMLElement} */ (row).dataset;
    if (cid) this.list.querySelector(`[data-pending="${CSS.escape(cid)}"]`)?.remove();
    const shown = v && this.list.querySelector(`:scope > [data-v="${v}"]`);
    if (!shown) return false;
    localiseAll(row);
    shown.replaceWith(row);
    return true;
  }

  /** @param {string} message id @param {string} html of the row that stands now */
  replaceMessage(message, html) {
    const row = parse(html);
    const shown = this.list.querySelector(`[data-message="${CSS.escape(message)}"]`);
    if (!row || !shown) return;
    localiseAll(row);
    shown.replaceWith(row);
    this.arrange();
  }

  /**
   * Shows what was written before the server has it.
   * @param {import("./outbox.js").Unsent} unsent
   * @param {string} name of the author
   * @param {{retry: () => void, discard: () => void}} acts
   */
  pend(unsent, name, acts) {
    const row = document.createElement("article");
    row.className = "msg msg--pending";
    row.dataset.pending = unsent.cid;
    row.innerHTML =
      '<span class="av av--lg" aria-hidden="true"></span><div><div class="msg__by"><b></b><span class="meta row row--tight" data-state>sending</span></div><div class="msg__body"><p></p></div><div class="msg__foot" hidden><button class="btn btn--sm" type="button">Retry</button><button class="btn btn--sm btn--quiet" type="button">Discard</button></div></div>';
    const [disc, by, text] = [row.querySelector(".av"), row.querySelector("b"), row.querySelector("p")];
    if (disc) disc.textContent = name.slice(0, 1).toUpperCase();
    if (by) by.textContent = name;
    if (text) text.textContent = unsent.text;
    const [retry, discard] = row.querySelectorAll("button");
    retry.addEventListener("click", acts.retry);
    discard.addEventListener("click", acts.discard);
    this.list.querySelector("[data-nothing]")?.remove();
    this.list.append(row);
    this.toEnd();
  }

  /**
   * What became of a pending row.
   * @param {string} cid
   * @param {"sending" | "waiting" | "sent" | "failed"} state
   * @param {string} [why]
   */
  settle(cid, state, why = "") {
    const row = this.list.querySelector(`[data-pending="${CSS.escape(cid)}"]`);
    if (!row) return;
    row.classList.toggle("msg--pending", state !== "failed");
    const words = { sending: "sending", waiting: "waiting for the connection", sent: "sent", failed: `not sent${why ? `: ${why}` : ""}` };
    const place = row.querySelector("[data-state]");
    if (place) {
      place.textContent = words[state];
      place.classList.toggle("is-bad", state === "failed");
    }
    row.querySelector(".msg__foot")?.toggleAttribute("hidden", state !== "failed");
  }

  /** @param {string} cid */
  forget(cid) {
    this.list.querySelector(`[data-pending="${CSS.escape(cid)}"]`)?.remove();
  }

  /** @param {number} more */
  markUnread(more) {
    this.badge(this.unread + more);
    let mark = this.list.querySelector(".unread");
    if (!mark) {
      mark = document.createElement("p");
      mark.className = "unread";
      mark.append(document.createElement("span"));
      this.list.insertBefore(mark, this.list.querySelector("[data-pending]"));
    }
    if (mark.firstElementChild) mark.firstElementChild.textContent = `${this.unread} new`;
  }

  /** @param {number} count */
  badge(count) {
    this.unread = count;
    const badge = document.querySelector("[data-unread]");
    if (!badge) return;
    badge.textContent = String(count);
    badge.toggleAttribute("hidden", count === 0);
  }

  toUnread() {
    const mark = this.list.querySelector(".unread");
    if (mark) mark.scrollIntoView({ block: "center" });
    else this.toEnd();
  }

  clearUnread() {
    this.list.querySelector(".unread")?.remove();
    this.badge(0);
  }

  /** Day lines in the reader's zone, and one name over what one person says in a row. */
  arrange() {
    this.list.querySelectorAll(".day").forEach((day) => day.remove());
    let day = "";
    /** @type {HTMLElement | null} */
    let before = null;
    for (const row of /** @type {NodeListOf<HTMLElement>} */ (this.list.querySelectorAll(":scope > [data-at]"))) {
      const at = new Date(row.dataset.at ?? "");
      const its = format(at, "date");
      if (its !== day) {
        row.before(dayLine(at, its));
        before = null;
      }
      day = its;
      row.classList.toggle("msg--more", saysMore(before, row));
      before = row;
    }
  }

  /** Keeps the page light: what is far above can be asked for again. */
  trim() {
    const rows = this.list.querySelectorAll(":scope > [data-v]");
    if (rows.length <= LONGEST) return;
    for (const row of [...rows].slice(0, rows.length - LONGEST)) row.remove();
    const first = this.list.querySelector(":scope > [data-v]");
    const link = this.list.querySelector("[data-earlier]");
    if (first instanceof HTMLElement && link instanceof HTMLAnchorElement) link.dataset.earlier = first.dataset.v;
    this.arrange();
  }

  /** Puts older rows on top; what is being read stays where it is. @param {string} html */
  prepend(html) {
    const holder = document.createElement("template");
    holder.innerHTML = html;
    localiseAll(holder.content);
    const anchor = this.list.querySelector(":scope > [data-v]");
    this.list.querySelector(".earlier")?.remove();
    this.list.insertBefore(holder.content, anchor);
    const link = this.list.querySelector(".earlier");
    if (link) this.list.prepend(link);
    this.arrange();
  }
}

/** @param {string} html @returns {Element} */
function parse(html) {
  const holder = document.createElement("template");
  holder.innerHTML = html.trim();
  return /** @type {Element} */ (holder.content.firstElementChild);
}

/** @param {HTMLElement | null} before @param {HTMLElement} row */
function saysMore(before, row) {
  if (!before || !row.dataset.by || before.dataset.by !== row.dataset.by) return false;
  return Date.parse(row.dataset.at ?? "") - Date.parse(before.dataset.at ?? "") < TOGETHER_MS;
}

/** @param {Date} at @param {string} words */
function dayLine(at, words) {
  const line = document.createElement("p");
  line.className = "day";
  const span = document.createElement("span");
  span.textContent = `${words}, times in ${zone(at)}`;
  line.append(span);
  return line;
}
