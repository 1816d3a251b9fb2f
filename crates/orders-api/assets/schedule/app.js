/** The schedule: what the parts of the page have in common, and what connects them. */

import { Actions } from "./actions.js";
import * as address from "./address.js";
import { Problem, key, query, read } from "./api.js";
import { Board } from "./board.js";
import { BoardActions } from "./board_actions.js";
import { Catalogue } from "./catalogue.js";
import { ChangeStream } from "./change_stream.js";
import { download } from "./csv.js";
import { attribute, byId } from "./dom.js";
import { EmptyNote } from "./empty_note.js";
import * as explain from "./explain.js";
import { openFeeds } from "./feeds.js";
import * as format from "./format.js";
import { askForKey, openKeyForm } from "./key_form.js";
import { Loader } from "./loader.js";
import { notify, say } from "./notices.js";
import { Orders } from "./orders.js";
import { dayOf, rowsOf } from "./rows.js";
import { Toolbar } from "./toolbar.js";
import { MINUTE, addDays, dateAt, isZone, neighbour } from "./zone.js";

/**
 * @typedef {import("./address.js").Address} Address
 * @typedef {import("./rows.js").Row} Row
 */

export class App {
  #filter = "";
  #isOpening = true;
  #isLoaded = false;
  #isReloading = false;
  /** @type {Map<string, Row[]>} */
  #rows = new Map();
  /** The instants between which the view is. */
  #window = { from: 0, to: 0 };

  constructor() {
    this.orders = new Orders();
    this.catalogue = new Catalogue();
    this.actions = new Actions(this.orders, {
      zone: () => this.address.zone,
      changed: (calendars) => this.#changed(calendars),
      locked: () => this.#lock(),
    });
    this.loader = new Loader(this.orders, {
      loaded: (row, free) => this.board.setFree(row, free),
      failed: (row, error) => this.#failed(row, error),
      idle: () => this.#idle(),
      stale: () => this.board.render(),
    });
    this.board = new Board(byId("board"), this.orders, { seen: (rows) => this.loader.want(rows) });
    this.boardActions = new BoardActions(this.board, this.catalogue, this.actions, (row) => this.#switch(row));
    this.empty = new EmptyNote(byId("empty"), (datetime) => this.#goTo(datetime));
    this.stream = new ChangeStream({
      change: (change) => this.#apply(change),
      reset: () => this.#load(),
      state: (state) => {
        this.toolbar.connection(state);
        if (state === "locked") {
          this.#lock();
        } else if (state === "live") {
          this.loader.retry();
        }
      },
    });
    this.toolbar = new Toolbar({
      go: (changes) => this.go(changes),
      step: (step) => this.#step(step),
      today: () => this.#today(),
      filter: (words) => this.#find(words),
      zoom: (step) => {
        this.board.zoom(step);
        this.toolbar.zooms(this.board.zooms);
      },
      // If no calendar is found, one of all.
      book: () => this.boardActions.bookNext(this.#isNothingFound ? [...this.#rows.values()].flat() : this.board.rows),
      csv: () => this.#download(),
      feeds: () => openFeeds(this.catalogue.calendars),
      key: () => openKeyForm(() => this.#unlocked()),
    });
    this.address = this.#read();
  }

  /** Shows what the URL says, and follows what happens. */
  async start() {
    window.addEventListener("popstate", () => {
      this.address = this.#read();
      this.#show();
    });
    document.addEventListener("visibilitychange", () => this.#followIfVisible());
    window.addEventListener("pagehide", () => this.stream.stop());
    window.addEventListener("pageshow", () => this.#followIfVisible());
    setInterval(() => this.board.render(), MINUTE / 4);
    this.#followIfVisible();
    await this.#load();
  }

  #followIfVisible() {
    if (document.hidden) {
      this.stream.stop();
    } else {
      this.stream.start();
    }
  }

  /** The address in the URL, or today. */
  #read() {
    const here = Intl.DateTimeFormat().resolvedOptions().timeZone;
    const { zone } = address.read(location.hash, { day: "", view: "day", calendar: "", zone: isZone(here) ? here : "UTC" });
    return address.read(location.hash, { day: dateAt(zone, Date.now()), view: "day", calendar: "", zone });
  }

  /**
   * Goes to another day, view or zone.
   * @param {Partial<Address>} changes
   */
  go(changes) {
    this.address = address.read(address.write({ ...this.address, ...changes, calendar: this.#calendar(changes.calendar) }), this.address);
    history.pushState(null, "", address.write(this.address));
    this.#show();
  }

  /**
   * The calendar of the week.
   * @param {string} [wanted]
   */
  #calendar(wanted) {
    const known = [wanted, this.address.calendar].find((id) => id !== undefined && this.catalogue.calendar(id));
    return known ?? this.catalogue.calendars[0]?.id ?? "";
  }

  /** @param {1 | -1} step */
  #step(step) {
    const { day, view, zone } = this.address;
    this.go({ day: view === "week" ? addDays(day, 7 * step) : neighbour(zone, day, step) });
  }

  #today() {
    this.#isOpening = true;
    this.go({ day: dateAt(this.address.zone, Date.now()) });
  }

  /** @param {string} datetime */
  #goTo(datetime) {
    this.#isOpening = true;
    this.go({ day: dateAt(this.address.zone, Date.parse(datetime)) });
  }

  /** @param {string} words */
  #find(words) {
    this.#filter = words.trim().toLowerCase();
    this.#showRows();
    say(this.#isNothingFound ? "No calendar matches." : "");
  }

  /** Loads everything again. */
  async #load() {
    try {
      await Promise.all([this.catalogue.load(), this.stream.started]);
      this.#isLoaded = true;
      this.toolbar.permit(this.catalogue.access, key.get() !== "");
      this.#show();
      await this.#loadServices();
    } catch (error) {
      if (error instanceof Problem && error.status === 401) {
        this.#lock();
      } else {
        notify(`${explain.words(error)} The schedule could not be loaded.`, {
          failure: true, actions: [{ label: "Try again", run: () => this.#load() }],
        });
      }
    }
  }

  /** Loads the services, whose names the rows show as soon as they are known. */
  #loadServices() {
    return this.catalogue.loadServices(() => this.board.render());
  }

  #lock() {
    this.#isLoaded = false;
    this.board.show([], this.#look());
    byId("key").hidden = false;
    askForKey(() => this.#unlocked());
  }

  #unlocked() {
    this.stream.restart();
    this.#load();
  }

  #look() {
    const { catalogue } = this;
    return {
      zone: this.address.zone, view: this.address.view, writable: catalogue.isWritable,
      service: (/** @type {string} */ id) => catalogue.serviceName(id),
      angle: (/** @type {string} */ id) => catalogue.angle(id),
    };
  }

  /** Shows the rows of the address. */
  #show() {
    const { zone, day } = this.address;
    this.address.day = dayOf(zone, day).day;
    this.address.calendar = this.#calendar(this.address.calendar);
    history.replaceState(null, "", address.write(this.address));
    this.orders.clear();
    this.loader.reset();
    this.board.forget();
    this.#showRows();
    this.#scrollToNow();
    this.#checkEmpty();
  }

  /** Shows the rows of the address whose calendars are looked for. */
  #showRows() {
    const { zone, day } = this.address;
    const { calendars } = this.catalogue;
    const rows = rowsOf(this.address, calendars);
    this.#rows = Map.groupBy(rows, (row) => row.calendar.id);
    const [first, last] = [rows[0] ?? dayOf(zone, day), rows.at(-1) ?? dayOf(zone, day)];
    this.#window = { from: first.from, to: last.to };
    this.toolbar.show(this.address, calendars, {
      from: first.day, to: last.day, offset: format.offset(zone, first.from),
    });
    const isLookedFor = (/** @type {Row} */ { calendar }) => `${calendar.name} ${calendar.id}`.toLowerCase().includes(this.#filter);
    this.board.show(this.address.view === "week" ? rows : rows.filter(isLookedFor), this.#look());
    attribute(this.board.element, "data-found", this.#isNothingFound ? "none" : undefined);
    this.toolbar.zooms(this.board.zooms);
  }

  get #isNothingFound() {
    return this.#filter !== "" && this.board.rows.length === 0;
  }

  #scrollToNow() {
    const now = Date.now();
    const row = this.board.rows.find(({ from, to }) => from <= now && now < to);
    if (this.#isOpening && row) {
      this.#isOpening = false;
      this.board.scrollTo(row, now);
    }
  }

  /** Everything that can be seen is loaded. */
  #idle() {
    if (!this.#isLoaded) {
      return;
    }
    attribute(this.board.element, "aria-busy", "false");
    if (this.#isOpening) {
      this.#isOpening = false;
      const starts = this.board.rows.flatMap((row) => {
        const [first] = this.orders.between(row.calendar.id, row.from, row.to);
        return first ? [{ row, elapsed: first.start - row.from, start: first.start }] : [];
      });
      const [first] = starts.sort((a, b) => a.elapsed - b.elapsed);
      if (first) {
        this.board.scrollTo(first.row, first.start);
      } else {
        this.#revealFirst().catch(() => {});
      }
    }
  }

  /** Scrolls to the first order of the day, which is in none of the rows that can be seen. */
  async #revealFirst() {
    const { from, to } = this.#window;
    const window = { from: format.rfc3339(from), to: format.rfc3339(to), limit: "1" };
    const [order] = await (await read(query("/orders", window))).json();
    const index = this.board.rows.findIndex(({ calendar }) => calendar.id === order?.calendar);
    if (index >= 0 && this.#window.from === from) {
      this.board.reveal(index);
      this.board.scrollTo(this.board.rows[index], Date.parse(order.datetime));
    }
  }

  #checkEmpty() {
    const { view, calendar, zone } = this.address;
    this.empty.check({ ...this.#window, zone, view, calendar: view === "week" ? calendar : "" }, this.orders);
  }

  /**
   * @param {Row} row
   * @param {unknown} error
   */
  #failed(row, error) {
    if (error instanceof Problem && error.status === 401) {
      this.#lock();
      return;
    }
    if (error instanceof Problem && error.status === 404) {
      // The calendar was deleted.
      this.#reload();
      return;
    }
    this.board.setFailed(row);
    notify(`${explain.words(error)} Some rows could not be loaded.`, {
      failure: true, actions: [{ label: "Try again", run: () => this.#show() }],
    });
  }

  /**
   * Applies a change of an order by anyone.
   * @param {import("./api.js").Change} change
   */
  #apply({ type, data }) {
    if (!this.#isLoaded) {
      // What will be loaded contains it.
      return;
    }
    const before = this.orders.get(data.id);
    const start = Date.parse(data.datetime);
    const rows = this.#rows.get(data.calendar) ?? [];
    const isShown = rows.some((row) => row.from - row.gap <= start && start < row.to + row.gap);
    if (type !== "order.deleted" && isShown) {
      this.orders.put(data);
    } else {
      this.orders.remove(data.id, data.version);
    }
    if (isShown || before) {
      this.#changed([data.calendar, before?.calendar ?? data.calendar]);
    }
    if (!this.catalogue.calendar(data.calendar)) {
      this.#reload();
    } else if (!this.catalogue.loading && isShown && data.services.some(({ id }) => !this.catalogue.hasService(id))) {
      this.#loadServices().catch(() => {});
    }
  }

  /** Loads everything again, because the calendars are not those that the page knows. */
  async #reload() {
    if (!this.#isReloading) {
      this.#isReloading = true;
      await this.#load();
      this.#isReloading = false;
    }
  }

  /** @param {string[]} calendars whose orders have changed */
  #changed(calendars) {
    this.loader.refresh([...new Set(calendars)].flatMap((id) => this.#rows.get(id) ?? []));
    this.board.render();
    this.#checkEmpty();
  }

  /**
   * From a day of all calendars to the week of one, and back.
   * @param {Row} row
   */
  #switch(row) {
    const isDay = this.address.view === "day";
    this.go(isDay ? { view: "week", calendar: row.calendar.id } : { view: "day", day: row.day });
    const index = Math.max(this.board.indexOf(row.key), 0);
    if (this.board.rows[index]) {
      this.board.reveal(index);
      this.board.focus(this.board.rows[index].key);
    }
  }

  async #download() {
    const { view, calendar, day } = this.address;
    const bounds = { from: format.rfc3339(this.#window.from), to: format.rfc3339(this.#window.to) };
    try {
      await download(view === "week" ? { calendar, ...bounds } : bounds, `orders-${day}${view === "week" ? `-${calendar}` : ""}.csv`);
    } catch (error) {
      this.actions.failed("The file was not downloaded.", error);
    }
  }
}
