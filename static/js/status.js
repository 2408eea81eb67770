// @ts-check
/** Says how fresh the page is: “Live”, or “Reconnecting, last update 14:02:11”. */

import { format, setNow } from "./time.js";

const STALE_AFTER_MS = 2_000;
const WORDS = {
  connecting: "Connecting",
  reconnecting: "Reconnecting",
  "signed-out": "Signed out",
  refused: "Not connected",
  outdated: "Reload needed",
};
const ADVICE = {
  reconnecting: "What you write is kept and sent when back.",
  "signed-out": "Open the page again to sign in. What you wrote is kept.",
  refused: "The server refuses live updates from here. Reload to see what is new.",
  outdated: "The installation was updated. Reload the page; what you wrote is kept.",
};

/**
 * Shows the states of a `FollowLog`.
 * @param {() => void} retry
 * @returns {(status: import("./follow-log.js").Status, freshAt: number) => void}
 */
export function showStatus(retry) {
  const place = document.querySelector("[data-live]");
  const [dot, words] = [place?.querySelector(".dot"), place?.querySelector("[data-live-words]")];
  place?.removeAttribute("hidden");
  let waiting = 0;
  /** @type {HTMLElement | null} */
  let banner = null;

  return (status, freshAt) => {
    if (!dot || !words) return;
    const fresh = freshAt ? format(new Date(freshAt), "second") : "";
    if (status === "live") {
      clearTimeout(waiting);
      waiting = 0;
      banner?.remove();
      banner = null;
      dot.className = "dot dot--good";
      words.replaceChildren("Live", wide(`, current to ${fresh}`));
      return;
    }
    const show = () => {
      dot.className = "dot dot--warn";
      words.textContent = status === "reconnecting" && fresh ? `Reconnecting, last update ${fresh}` : WORDS[status];
      if (status === "connecting") return;
      banner ??= makeBanner(retry);
      const [strong, text] = banner.querySelectorAll("b, [data-advice]");
      strong.textContent = `${WORDS[status]}.`;
      text.textContent = `${fresh ? `Last update ${fresh}. ` : ""}${ADVICE[status]}`;
    };
    // A hiccup of a second is no news; anything longer must never look live.
    if (status === "reconnecting" && !banner) waiting ||= window.setTimeout(show, STALE_AFTER_MS);
    else show();
  };
}

/** @param {string} text */
function wide(text) {
  const span = document.createElement("span");
  span.className = "wide-only";
  span.textContent = text;
  return span;
}

/** @param {() => void} retry */
function makeBanner(retry) {
  const banner = document.createElement("p");
  banner.className = "banner banner--warn";
  banner.setAttribute("role", "status");
  banner.innerHTML = '<span><b></b> <span data-advice></span></span><button class="btn btn--sm push" type="button">Retry now</button>';
  banner.querySelector("button")?.addEventListener("click", retry);
  document.querySelector("main")?.prepend(banner);
  return banner;
}

/** Learns the server's clock from its greeting. @param {any} frame */
export function learnTime(frame) {
  if (frame.now) setNow(frame.now);
}
