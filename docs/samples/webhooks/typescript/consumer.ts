// A consumer of custhub's webhooks with nothing but Node (22.18 or newer runs TypeScript as it is):
// verify, store, answer, then work; reconcile once a day.
//
//   WEBHOOK_SECRETS=whsec_... PORT=9000 node consumer.ts
//   CUSTHUB_URL=https://hub.example.com CUSTHUB_TOKEN=... node consumer.ts reconcile
//
// WEBHOOK_SECRETS may name several, by commas: the new one and the old one while a rotation overlaps.

import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import { createServer, type IncomingHttpHeaders, type IncomingMessage } from "node:http";
import { DatabaseSync } from "node:sqlite";

const TOLERANCE_SECONDS = 300;
const KEPT_SECONDS = 8 * 86_400; // ids are remembered for longer than seven days
const SCHEMA = `
CREATE TABLE IF NOT EXISTS inbox (id TEXT PRIMARY KEY, body TEXT, received_at REAL, done INTEGER DEFAULT 0);
CREATE TABLE IF NOT EXISTS subjects (type TEXT, id TEXT, revision INTEGER, PRIMARY KEY (type, id));
CREATE TABLE IF NOT EXISTS feed (one INTEGER PRIMARY KEY CHECK (one = 1), cursor TEXT, position INTEGER);
`;

interface HubEvent {
  id: string;
  type: string;
  position: number;
  subject: { type: string; id: string; revision: number };
}

interface Page {
  data: HubEvent[];
  next_cursor: string;
  has_more: boolean;
}

interface Checksum {
  position: number;
  count: number;
  checksum: string;
}

/** Checks the signature over the raw bytes, in constant time. */
export function isGenuine(secrets: string[], headers: IncomingHttpHeaders, body: Buffer, now: number): boolean {
  const [id, timestamp, given] = ["webhook-id", "webhook-timestamp", "webhook-signature"].map((name) => headers[name]);
  if (typeof id !== "string" || typeof timestamp !== "string" || typeof given !== "string") return false;
  if (!/^\d{1,12}$/.test(timestamp) || Math.abs(now - Number(timestamp)) > TOLERANCE_SECONDS) return false;
  const signatures = given.split(" ").map((text) => Buffer.from(text));
  return secrets.some((secret) => {
    const key = Buffer.from(secret.replace(/^whsec_/, ""), "base64");
    const digest = createHmac("sha256", key).update(`${id}.${timestamp}.`).update(body).digest("base64");
    const expected = Buffer.from(`v1,${digest}`);
    return signatures.some((text) => text.length === expected.length && timingSafeEqual(text, expected));
  });
}

/** What this consumer knows: messages received, and the revision of each subject. */
export class Copy {
  private readonly db: DatabaseSync;

  constructor(path: string) {
    this.db = new DatabaseSync(path);
    this.db.exec(SCHEMA);
  }

  /** Keeps a message; false for one that was here before. */
  store(id: string, body: Buffer): boolean {
    const sql = "INSERT OR IGNORE INTO inbox (id, body, received_at) VALUES (?, ?, ?)";
    return Number(this.db.prepare(sql).run(id, body.toString("utf8"), Date.now() / 1000).changes) === 1;
  }

  /** Applies what was stored, and forgets what is old enough. */
  work(): void {
    const waiting = this.db.prepare("SELECT id, body FROM inbox WHERE done = 0 ORDER BY rowid").all();
    for (const row of waiting) {
      this.apply(JSON.parse(String(row.body)) as HubEvent);
      this.db.prepare("UPDATE inbox SET done = 1, body = NULL WHERE id = ?").run(String(row.id));
    }
    this.db.prepare("DELETE FROM inbox WHERE done = 1 AND received_at < ?").run(Date.now() / 1000 - KEPT_SECONDS);
  }

  /** Takes an event in; false for one that is older than what is known. Here your own work is done. */
  apply(event: HubEvent): boolean {
    const { type, id, revision } = event.subject;
    const known = this.db.prepare("SELECT revision FROM subjects WHERE type = ? AND id = ?").get(type, id);
    if (known !== undefined && Number(known.revision) >= revision) return false;
    const sql = "INSERT OR REPLACE INTO subjects VALUES (?, ?, ?)";
    this.db.prepare(sql).run(type, id, revision);
    return true;
  }

  /** Where the feed was left. */
  feed(): { cursor: string | null; position: number } {
    const row = this.db.prepare("SELECT cursor, position FROM feed").get();
    return row === undefined ? { cursor: null, position: 0 } : { cursor: String(row.cursor), position: Number(row.position) };
  }

  /** Remembers where the feed was left. */
  move(cursor: string, position: number): void {
    this.db.prepare("INSERT OR REPLACE INTO feed VALUES (1, ?, ?)").run(cursor, position);
  }

  /** Begins anew. */
  forget(): void {
    this.db.exec("DELETE FROM subjects; DELETE FROM feed;");
  }

  /** How many subjects of a type there are, and the checksum that the hub has over them. */
  checksum(type: string): { count: number; checksum: string } {
    const rows = this.db.prepare("SELECT id, revision FROM subjects WHERE type = ?").all(type);
    const hashes = rows.map((row) => createHash("sha256").update(`${row.id} ${row.revision}`).digest("hex"));
    const total = hashes.reduce((sum, hash) => (sum + BigInt(`0x${hash}`)) % 2n ** 256n, 0n);
    return { count: rows.length, checksum: total.toString(16).padStart(64, "0") };
  }
}

/** Follows the feed to its end and compares with the hub; whether the copy is the same. */
export async function reconcile(copy: Copy, url: string, token: string, type = "customer"): Promise<boolean> {
  const get = (path: string) => fetch(url + path, { headers: { authorization: `Bearer ${token}` } });
  for (;;) {
    const { cursor, position: before } = copy.feed();
    const answer = await get(`/v1/events?limit=200${cursor === null ? "" : `&cursor=${cursor}`}`);
    if (answer.status === 409 || answer.status === 410) {
      copy.forget(); // epoch_changed, cursor_expired
      continue;
    }
    if (!answer.ok) throw new Error(`the feed answered ${answer.status}`);
    const page = (await answer.json()) as Page;
    page.data.forEach((event) => copy.apply(event));
    const position = page.data.at(-1)?.position ?? before;
    copy.move(page.next_cursor, position);
    if (page.has_more) continue;
    const state = (await (await get(`/v1/events/checksum?type=${type}`)).json()) as Checksum;
    if (state.position > position) continue;
    const own = copy.checksum(type);
    return own.count === state.count && own.checksum === state.checksum;
  }
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** Takes messages: verifies, stores, answers; the work is done behind. */
function serve(copy: Copy, secrets: string[], port: number): void {
  copy.work(); // what was stored before a crash
  const server = createServer(async (request, response) => {
    const body = await bodyOf(request);
    if (!isGenuine(secrets, request.headers, body, Date.now() / 1000)) {
      response.writeHead(401).end();
      return;
    }
    copy.store(String(request.headers["webhook-id"]), body);
    response.writeHead(204).end();
    setImmediate(() => copy.work());
  });
  server.listen(port, "127.0.0.1", () => {
    const address = server.address();
    console.log(`listening on ${typeof address === "object" && address !== null ? address.port : port}`);
  });
}

const copy = new Copy(process.env.CONSUMER_DATABASE ?? "consumer.db");
if (process.argv[2] === "reconcile") {
  const same = await reconcile(copy, String(process.env.CUSTHUB_URL), String(process.env.CUSTHUB_TOKEN));
  console.log(same ? "in step" : "different");
  process.exitCode = same ? 0 : 1;
} else {
  serve(copy, String(process.env.WEBHOOK_SECRETS).split(","), Number(process.env.PORT ?? "9000"));
}
