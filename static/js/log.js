// @ts-check
/** The log's page: shows how far a running verification has come. */

import { localiseAll } from "./time.js";

const EVERY_MS = 1_000;

const place = document.querySelector("[data-verification]");

async function look() {
  if (!place?.querySelector("[data-running]")) return;
  try {
    const answer = await fetch("/log/verification");
    if (answer.ok && !answer.redirected) {
      place.innerHTML = await answer.text();
      localiseAll(place);
    }
  } catch {
    // The next look may succeed; what is shown has its time.
  }
  setTimeout(look, EVERY_MS);
}

look();
