/** A service with a database of its own, for the tests of one file. */

import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const PROGRAM = process.env.ORDERS_PROGRAM ?? new URL("../../../../../target/debug/orders-api", import.meta.url).pathname;

const run = promisify(execFile);

export class Service {
  /** Starts a service on which every request needs a key, with the sample services. */
  static async start() {
    const folder = await mkdtemp(join(tmpdir(), "orders-page-"));
    // If we are root, PostgreSQL runs as another user, which must be able to enter the folder.
    await chmod(folder, 0o711);
    const service = new Service(folder);
    await service.#listen("127.0.0.1:0");
    service.key = await service.newKey("tests", "admin");
    return service;
  }

  constructor(folder) {
    this.folder = folder;
    this.environment = { ...process.env, ORDERS_DATA_DIR: join(folder, "data") };
    delete this.environment.DATABASE_URL;
  }

  async #listen(address) {
    this.process = spawn(PROGRAM, ["--bind", address, "--auth", "required", "--drain", "0s"], {
      env: this.environment, stdio: ["ignore", "ignore", "pipe"],
    });
    let log = "";
    this.url = await new Promise((resolve, reject) => {
      this.process.stderr.on("data", (data) => {
        log += data;
        const found = /listening on (http:[^,]*),/.exec(log);
        if (found) {
          resolve(found[1]);
          log = "";
        }
      });
      this.process.once("exit", () => reject(new Error(`the service does not start:\n${log}`)));
    });
  }

  /** Starts a service that was stopped, on the same address and database. */
  async startAgain() {
    await this.#listen(new URL(this.url).host);
  }

  async stop() {
    this.process.kill("SIGTERM");
    await once(this.process, "exit");
  }

  /** Ends the service and removes its database. */
  async remove() {
    await this.stop();
    await rm(this.folder, { recursive: true });
  }

  /** The key of a new client. */
  async newKey(name, scope, ...restrictions) {
    const command = (...words) => run(PROGRAM, [...words, "--log", "warn"], { env: this.environment });
    await command("clients", "add", name, "--scope", scope, ...restrictions);
    return (await command("keys", "create", name)).stdout.trim();
  }

  /** Sends a request as another client, and returns the JSON of a success. */
  async send(method, path, body, headers = {}) {
    const response = await fetch(this.url + path, {
      method, headers: { Authorization: `Bearer ${this.key}`, "Content-Type": "application/json", ...headers },
      body: body === undefined ? undefined : typeof body === "string" ? body : JSON.stringify(body),
    });
    const text = await response.text();
    if (!response.ok) {
      throw new Error(`${method} ${path}: ${response.status} ${text}`);
    }
    return text && response.headers.get("content-type") === "application/json" ? JSON.parse(text) : text;
  }

  /** Creates a calendar, unless it exists. */
  calendar(id, name, minimumGap = "PT3H") {
    return this.send("POST", "/calendars", { id, name, minimum_gap: minimumGap });
  }

  /** Books an order. */
  book(calendar, datetime, more = {}) {
    return this.send("POST", "/orders", { calendar, datetime, totalfee: 100, services: [{ id: "123" }], ...more });
  }

  /** Changes an order, whatever its version. */
  change(id, changes) {
    return this.send("PATCH", `/orders/${id}`, changes, { "Content-Type": "application/merge-patch+json" });
  }

  cancel(id) {
    return this.send("DELETE", `/orders/${id}`);
  }

  order(id) {
    return this.send("GET", `/orders/${id}`);
  }
}
