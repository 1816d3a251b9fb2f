/** The orders of a view as a file for spreadsheets. */

import { query, send } from "./api.js";
import { h } from "./dom.js";

/**
 * Downloads the orders that start in a window. The request needs the key, so a link could not do it.
 * @param {Record<string, string>} window `from`, `to` and perhaps `calendar`
 * @param {string} name of the file
 */
export async function download(window, name) {
  const response = await send("GET", query("/orders", window), { headers: { Accept: "text/csv" } });
  const url = URL.createObjectURL(await response.blob());
  h("a", { href: url, download: name }).click();
  // The browser needs the URL for a moment.
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
