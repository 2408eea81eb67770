// @ts-check
/** The page of exposure counts: looks again every few seconds while it is seen. */

import { localiseAll } from "./time.js";

const EVERY_MS = 5_000;

const place = document.querySelector("[data-exposures]");

async function look() {
  if (place && document.visibilityState === "visible") {
    try {
      const answer = await fetch("/exposures/", { headers: { "X-Fragment": "1" } });
      if (answer.ok && !answer.redirected) {
        place.innerHTML = await answer.text();
        localiseAll(place);
      }
    } catch {
      // The next look may succeed; what is shown has its time.
    }
  }
  setTimeout(look, EVERY_MS);
}

setTimeout(look, EVERY_MS);
