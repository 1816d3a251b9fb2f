/** The schedule: what the parts of the page have in common, and what connects them. */

import { Actions } from "./actions.js";
import * as address from "./address.js";
import { Problem, json, key, list, pages } from "./api.js";
import { Board } from "./board.js";
import { ChangeStream } from "./change_stream.js";
import { download } from "./csv.js";
import { openDetails } from "./details.js";
import { attribute, byId } from "./dom.js";
import { enableDrag } from "./drag.js";
import { EmptyNote } from "./empty_note.js";
import * as explain from "./explain.js";
import { openFeeds } from "./feeds.js";
import * as format from "./format.js";
import { enableHint } from "./hint.js";
import { openKeyForm } from "./key_form.js";
import { enableKeys } from "./keyboard.js";
import { angle, bookable, earliest, snap, taken } from "./layout.js";
import { Loader } from "./loader.js";
import { notify, say } from "./notices.js";
import { openForm } from "./order_form.js";
import { Orders } from "./orders.js";
import { dayOf, rowsOf } from "./rows.js";
import { Toolbar } from "./toolbar.js";
import { MINUTE, addDays, dateAt, isZone, neighbour } from "./zone.js";

/**
 * @typedef {import("./address.js").Address} Address
 * @typedef {import("./rows.js").Row} Row
 * @typedef {import("./api.js").Calendar} Calendar
 */

export class App {
  /** @type {Calendar[]} */
  calendars = [];
  /** @type {Map<string, { name: string, index: number }>} */
  services = new Map();
  /** @type {import("./api.js").Access} */
  access = { scope: "read" };
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
      book: () => this.#bookNext(),
      csv: () => this.#download(),
      feeds: () => openFeeds(this.calendars),
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
    this.#listenToBoard();
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
    const known = (/** @type {string | undefined} */ id) => this.calendars.some((calendar) => calendar.id === id);
    return [wanted, this.address.calendar].find(known) ?? this.calendars[0]?.id ?? "";
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
    this.#show();
  }

  /** Loads everything anew. */
  async #load() {
    try {
      const [access, calendars] = await Promise.all([
        json("GET", "/access"),
        /** @type {Promise<Calendar[]>} */ (list("/calendars?limit=1000")),
        this.stream.started,
      ]);
      this.access = access;
      this.calendars = calendars;
      this.#isLoaded = true;
      this.toolbar.permit(access, key.get() !== "");
      this.address.calendar = this.#calendar();
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

  async #loadServices() {
    for await (const page of pages("/services?limit=1000")) {
      for (const { id, name } of /** @type {import("./api.js").Service[]} */ (page)) {
        this.services.set(id, { name, index: this.services.get(id)?.index ?? this.services.size });
      }
      this.board.render();
    }
  }

  #lock() {
    this.#isLoaded = false;
    this.board.show([], this.#look());
    if (!document.querySelector("dialog[open]")) {
      openKeyForm(() => this.#unlocked());
    }
    byId("key").hidden = false;
  }

  #unlocked() {
    this.stream.restart();
    this.#load();
  }

  #look() {
    return {
      zone: this.address.zone, view: this.address.view, writable: this.access.scope !== "read",
      service: (/** @type {string} */ id) => this.services.get(id)?.name ?? id,
      angle: (/** @type {string} */ id) => angle(this.services.get(id)?.index ?? 0),
    };
  }

  /** Shows the rows of the address. */
  #show() {
    const { zone, day } = this.address;
    this.address.day = dayOf(zone, day).day;
    history.replaceState(null, "", address.write(this.address));
    this.orders.clear();
    this.loader.reset();
    const found = this.calendars.filter(({ id, name }) => `${name} ${id}`.toLowerCase().includes(this.#filter));
    const rows = rowsOf(this.address, this.address.view === "week" ? this.calendars : found);
    this.#rows = Map.groupBy(rows, (row) => row.calendar.id);
    const [first, last] = [rows[0] ?? dayOf(zone, day), rows.at(-1) ?? dayOf(zone, day)];
    this.#window = { from: first.from, to: last.to };
    this.toolbar.show(this.address, this.calendars, {
      from: first.day, to: last.day, offset: format.offset(zone, first.from),
    });
    this.board.show(rows, this.#look());
    this.toolbar.zooms(this.board.zooms);
    this.#scrollToNow();
    this.#checkEmpty();
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
      }
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
    const before = this.orders.get(data.id);
    const start = Date.parse(data.datetime);
    const rows = this.#rows.get(data.calendar) ?? [];
    const isShown = rows.some((row) => taken(start, row.gap).to > row.from - row.gap && start < row.to + row.gap);
    if (type !== "order.deleted" && isShown) {
      this.orders.put(data);
    } else {
      this.orders.remove(data.id, data.version);
    }
    if (isShown || before) {
      this.#changed([data.calendar, before?.calendar ?? data.calendar]);
    }
    if (!this.calendars.some(({ id }) => id === data.calendar)) {
      this.#reload();
    }
  }

  /** Loads everything anew if there is a calendar that the page does not know. */
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

  #listenToBoard() {
    const { board } = this;
    enableDrag(board, (preview) => this.#drop(preview));
    enableKeys(board, { drop: (preview) => this.#drop(preview), cancel: (id) => this.#open(id, { cancels: true }), say });
    board.body.addEventListener("click", (event) => {
      const item = /** @type {HTMLElement} */ (event.target).closest("button");
      const row = item && board.rows[board.indexOf(/** @type {HTMLElement} */ (item.closest(".row")).dataset.key ?? "")];
      if (!item || !row) {
        return;
      }
      if (item.dataset.order) {
        this.#open(item.dataset.order, { row });
      } else if (item.dataset.free) {
        this.#bookIn(row, item.dataset.free, event);
      } else {
        this.#switch(row);
      }
    });
    enableHint(board);
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

  /** @param {import("./preview.js").Preview} preview */
  async #drop(preview) {
    const { order, target, row } = preview;
    const hadFocus = preview.cell.contains(document.activeElement);
    preview.wait();
    const moved = await this.actions.move(order, {
      // A time that stays is sent back as it was: with its microseconds.
      datetime: target.start === order.start ? order.datetime : format.rfc3339(target.start), calendar: target.row.calendar.id,
    });
    preview.end();
    this.board.renderNow();
    if (hadFocus) {
      this.board.focus((moved ? target.row : row).key, { order: order.id });
    }
  }

  /**
   * @param {Row} row
   * @param {string} from the beginning of the free interval
   * @param {MouseEvent} event
   */
  #bookIn(row, from, event) {
    const interval = this.board.freeOf(row).find((free) => free.from === from);
    if (interval) {
      // A click that the keyboard made has no position.
      const at = event.detail === 0
        ? earliest(interval, Date.now(), row.from)
        : bookable(interval, this.board.instantAt(row, event.clientX), row.from);
      this.#book(row, typeof at === "string" ? at : format.rfc3339(at), from);
    }
  }

  /** Opens the form at the first free time, from now on if today is shown. */
  #bookNext() {
    const now = Date.now();
    const row = this.board.rows.find(({ from, to }) => from <= now && now < to) ?? this.board.rows[0];
    if (row) {
      const isToday = row.from <= now && now < row.to;
      const free = this.board.freeOf(row).find(({ to }) => !isToday || Date.parse(to) > now);
      const at = free ? earliest(free, now, row.from) : isToday ? snap(now, row.from) : row.from;
      this.#book(row, typeof at === "string" ? at : format.rfc3339(at));
    }
  }

  /**
   * @param {Row} row
   * @param {string} datetime
   * @param {string} [free] the beginning of the interval that was chosen
   */
  #book(row, datetime, free) {
    const closed = (/** @type {import("./api.js").Order | null} */ order) => this.#focus(row, { order: order?.id, free });
    openForm({ ...this.#formOptions(), calendar: row.calendar.id, datetime, closed });
  }

  #formOptions() {
    const services = [...this.services].map(([id, { name }]) => ({ id, name }));
    return { actions: this.actions, zone: this.address.zone, calendars: this.calendars, services };
  }

  /**
   * @param {string} id
   * @param {{ row?: Row, cancels?: boolean }} options
   */
  #open(id, { row, cancels }) {
    const order = this.orders.get(id);
    if (!order) {
      return;
    }
    const at = row ?? this.#rowOf(order);
    let isChanging = false;
    openDetails({
      order, cancels, actions: this.actions, writable: this.access.scope !== "read",
      names: {
        zone: this.address.zone,
        calendar: (calendar) => this.calendars.find((it) => it.id === calendar)?.name ?? calendar,
        service: (service) => this.services.get(service)?.name ?? service,
      },
      change: () => {
        isChanging = true;
        openForm({
          ...this.#formOptions(), order, calendar: order.calendar, datetime: order.datetime, closed: () => this.#focus(at, { order: id }),
        });
      },
      closed: () => {
        if (!isChanging) {
          this.#focus(at, { order: id });
        }
      },
    });
  }

  /** @param {import("./orders.js").Known} order */
  #rowOf(order) {
    return this.#rows.get(order.calendar)?.find((row) => row.from <= order.start && order.start < row.to);
  }

  /**
   * Gives the focus back to an order, wherever it is now, or to a free time, or to a row.
   * @param {Row | undefined} row
   * @param {import("./board.js").Item} item
   */
  #focus(row, item) {
    const order = this.orders.get(item.order ?? "");
    const at = (order && this.#rowOf(order)) ?? row;
    if (at && !document.querySelector("dialog[open]")) {
      this.board.reveal(Math.max(this.board.indexOf(at.key), 0));
      this.board.focus(at.key, item);
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
