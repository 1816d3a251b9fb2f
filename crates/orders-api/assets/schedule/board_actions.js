/** What people do on the board: open and book with a click, move with a drag or keys. */

import { openDetails } from "./details.js";
import { enableDrag } from "./drag.js";
import * as format from "./format.js";
import { enableHint } from "./hint.js";
import { enableKeys } from "./keyboard.js";
import { bookable, earliest, snap } from "./layout.js";
import { say } from "./notices.js";
import { openForm } from "./order_form.js";

/**
 * @typedef {import("./rows.js").Row} Row
 * @typedef {import("./orders.js").Known} Known
 * @typedef {import("./board.js").Item} Item
 */

export class BoardActions {
  /**
   * @param {import("./board.js").Board} board
   * @param {import("./catalogue.js").Catalogue} catalogue
   * @param {import("./actions.js").Actions} actions
   * @param {(row: Row) => void} chooseRow
   */
  constructor(board, catalogue, actions, chooseRow) {
    this.board = board;
    this.catalogue = catalogue;
    this.actions = actions;
    this.chooseRow = chooseRow;
    const drop = (/** @type {import("./preview.js").Preview} */ preview) => this.#drop(preview);
    enableDrag(board, drop);
    enableKeys(board, { drop, cancel: (id) => this.#open(id, { cancels: true }), say });
    board.body.addEventListener("click", (event) => this.#click(event));
    enableHint(board);
  }

  /** @param {MouseEvent} event */
  #click(event) {
    const item = /** @type {HTMLElement} */ (event.target).closest("button");
    const row = item && this.board.rows[this.board.indexOf(/** @type {HTMLElement} */ (item.closest(".row")).dataset.key ?? "")];
    if (!item || !row) {
      return;
    }
    if (item.dataset.order) {
      this.#open(item.dataset.order, { row });
    } else if (item.dataset.free) {
      this.#bookIn(row, item.dataset.free, event);
    } else {
      this.chooseRow(row);
    }
  }

  /** @param {import("./preview.js").Preview} preview */
  async #drop(preview) {
    const { order, target, row } = preview;
    const hadFocus = preview.cell.contains(document.activeElement);
    preview.wait();
    const moved = await this.actions.move(order, {
      // A time that stays is sent back as it was: with its microseconds.
      datetime: target.start === order.start ? order.datetime : format.rfc3339(target.start),
      calendar: target.row.calendar.id,
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
      this.#book(row, at, from);
    }
  }

  /**
   * Opens the form at the first free time, from now on if today is shown.
   * @param {Row[]} rows
   */
  bookNext(rows) {
    const now = Date.now();
    const row = rows.find(({ from, to }) => from <= now && now < to) ?? rows[0];
    if (row) {
      const isToday = row.from <= now && now < row.to;
      const free = this.board.freeOf(row).find(({ to }) => !isToday || Date.parse(to) > now);
      this.#book(row, free ? earliest(free, now, row.from) : isToday ? snap(now, row.from) : row.from);
    }
  }

  /**
   * @param {Row} row
   * @param {number | string} at an instant, or a text of the service that is not to be rounded
   * @param {string} [free] the beginning of the interval that was chosen
   */
  #book(row, at, free) {
    const datetime = typeof at === "string" ? at : format.rfc3339(at);
    openForm({
      ...this.#formOptions(), calendar: row.calendar.id, datetime, closed: (order) => {
        // The browser gives the focus back to the button of the bar.
        if (order || free) {
          this.#focus(row, { order: order?.id, free });
        }
      },
    });
  }

  #formOptions() {
    const { calendars, services, loading } = this.catalogue;
    return { actions: this.actions, zone: this.board.look.zone, calendars, services, loading };
  }

  /**
   * @param {string} id
   * @param {{ row?: Row, cancels?: boolean }} options
   */
  #open(id, { row, cancels }) {
    const order = this.board.orders.get(id);
    if (!order) {
      return;
    }
    const { catalogue, actions, board } = this;
    const focus = () => this.#focus(row ?? this.#rowOf(order), { order: id });
    let isChanging = false;
    openDetails({
      order, cancels, actions, writable: catalogue.isWritable,
      names: {
        zone: board.look.zone,
        calendar: (calendar) => catalogue.calendarName(calendar),
        service: (service) => catalogue.serviceName(service),
      },
      change: () => {
        isChanging = true;
        openForm({ ...this.#formOptions(), order, calendar: order.calendar, datetime: order.datetime, closed: focus });
      },
      closed: () => {
        if (!isChanging) {
          focus();
        }
      },
    });
  }

  /** @param {Known} order */
  #rowOf(order) {
    return this.board.rows.find((row) => row.calendar.id === order.calendar && row.from <= order.start && order.start < row.to);
  }

  /**
   * Gives the focus back to an order, wherever it is now, or to a free time, or to a row.
   * @param {Row | undefined} row
   * @param {Item} item
   */
  #focus(row, item) {
    const order = this.board.orders.get(item.order ?? "");
    const at = (order && this.#rowOf(order)) ?? row;
    const index = at ? this.board.indexOf(at.key) : -1;
    if (at && index >= 0 && !document.querySelector("dialog[open]")) {
      this.board.reveal(index);
      this.board.focus(at.key, item);
    }
  }
}
