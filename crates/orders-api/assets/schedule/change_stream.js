/** The changes of orders as they happen. */

import { Problem, Unreachable, pause, retryAfter, send } from "./api.js";
import { EventParser } from "./event_parser.js";

/** The service sends something at least every 15 seconds. After this silence, the connection is dead. */
const SILENCE = 40_000;

/** After hearing nothing for longer, what is shown is loaded again; to repeat all changes since then would take longer. */
const LONG = 10 * 60_000;

const FIRST_WAIT = 200;
const LONGEST_WAIT = 5_000;

/**
 * @typedef {"connecting" | "live" | "paused" | "offline" | "locked"} State
 * @typedef {object} Listener
 * @property {(change: import("./api.js").Change) => void} change
 * @property {() => void} reset changes may be missing, so everything has to be loaded again
 * @property {(state: State) => void} state
 */

/** A connection that comes back by itself and continues where it was. */
export class ChangeStream {
  /** @type {AbortController | null} */
  #running = null;
  #cursor = "";
  #heardAt = 0;
  /** @type {() => void} */
  #resolve = () => {};
  #isStarted = false;

  /** @param {Listener} listener */
  constructor(listener) {
    this.listener = listener;
    /** @type {Promise<void>} Resolves at the first connection, or when the first attempt fails. */
    this.started = this.#beginning();
  }

  /** @returns {Promise<void>} */
  #beginning() {
    this.#isStarted = false;
    return new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }

  /** Connects, unless it is connected. */
  start() {
    if (this.#running) {
      return;
    }
    this.#running = new AbortController();
    this.#run(this.#running.signal).catch(() => {});
  }

  /** Closes the connection and keeps the cursor. A browser opens only six connections to a host. */
  stop() {
    if (this.#running) {
      this.#running.abort();
      this.#running = null;
      this.listener.state("paused");
    }
  }

  /** Connects again with another key, from now on. What was loaded before does not count. */
  restart() {
    this.stop();
    this.#cursor = "";
    this.started = this.#beginning();
    this.start();
  }

  #begin() {
    this.#isStarted = true;
    this.#resolve();
  }

  /** @param {AbortSignal} signal */
  async #run(signal) {
    this.listener.state("connecting");
    let wait = FIRST_WAIT;
    while (!signal.aborted) {
      try {
        await this.#follow(signal, () => {
          wait = FIRST_WAIT;
        });
      } catch (error) {
        if (signal.aborted) {
          return;
        }
        if (error instanceof Problem && error.status === 401) {
          this.listener.state("locked");
          this.#begin();
          this.#running = null;
          return;
        }
        if (error instanceof Problem && error.status === 410) {
          this.#cursor = "";
          continue;
        }
        if (error instanceof Problem && [429, 503].includes(error.status)) {
          wait = Math.max(wait, retryAfter(error));
        }
      }
      this.listener.state("offline");
      this.#begin();
      await pause(wait * (1 + Math.random() / 4), signal);
      wait = Math.min(wait * 2, LONGEST_WAIT);
    }
  }

  /**
   * Reads one connection to its end.
   * @param {AbortSignal} signal
   * @param {() => void} connected
   */
  async #follow(signal, connected) {
    const silence = new AbortController();
    let timer = setTimeout(() => silence.abort(), SILENCE);
    try {
      if (Date.now() - this.#heardAt > LONG) {
        this.#cursor = "";
      }
      const resumed = this.#cursor !== "";
      const response = await send("GET", resumed ? "/changes" : "/changes?after=now", {
        signal: AbortSignal.any([signal, silence.signal]),
        headers: { Accept: "text/event-stream", ...(resumed ? { "Last-Event-ID": this.#cursor } : {}) },
      });
      const parser = new EventParser();
      const reader = /** @type {ReadableStream<Uint8Array>} */ (response.body).getReader();
      const decoder = new TextDecoder();
      for (let first = true; ; first = false) {
        const { value, done } = await reader.read();
        if (done) {
          throw new Unreachable("the stream has ended");
        }
        this.#heardAt = Date.now();
        clearTimeout(timer);
        timer = setTimeout(() => silence.abort(), SILENCE);
        if (first) {
          connected();
          this.listener.state("live");
          // What was loaded before may lack the changes until now.
          if (this.#isStarted && !resumed) {
            this.listener.reset();
          }
        }
        for (const { id, data } of parser.push(decoder.decode(value, { stream: true }))) {
          if (data) {
            this.listener.change(JSON.parse(data));
          }
          this.#cursor = id;
        }
        this.#begin();
      }
    } finally {
      clearTimeout(timer);
    }
  }
}

