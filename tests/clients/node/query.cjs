// Runs statements through the Databend driver for Node.
//
// Standard input: {"dsn": "…", "statements": ["…"]}. Standard output: {"rows": [[value]]} of the last
// statement, or {"error": "…"}. A value keeps its JavaScript type in its form, so that nothing is lost
// in JSON: null, or {"type": "bigint", "text": "9223372036854775807"}.

const { readFileSync } = require("node:fs");
const { Client } = require("databend-driver");

function describe(value) {
  if (value === null || value === undefined) return null;
  if (Buffer.isBuffer(value) || value instanceof Uint8Array) {
    return { type: "bytes", text: Buffer.from(value).toString("hex") };
  }
  if (value instanceof Date) return { type: "date", text: value.toISOString() };
  if (Array.isArray(value)) return { type: "array", items: value.map(describe) };
  if (value instanceof Map) return describe(Object.fromEntries(value));
  if (typeof value === "object") {
    const items = Object.entries(value).map(([key, item]) => [key, describe(item)]);
    return { type: "object", items: Object.fromEntries(items) };
  }
  // String(-0) is "0".
  return { type: typeof value, text: Object.is(value, -0) ? "-0" : String(value) };
}

async function run({ dsn, statements }) {
  const connection = await new Client(dsn).getConn();
  let rows = [];
  for (const statement of statements) {
    rows = await connection.queryAll(statement);
  }
  const values = rows.map((row) => row.values().map(describe));
  await connection.close();
  return { rows: values };
}

run(JSON.parse(readFileSync(0, "utf8")))
  .catch((error) => ({ error: String(error?.message ?? error) }))
  .then((answer) => process.stdout.write(JSON.stringify(answer)));
