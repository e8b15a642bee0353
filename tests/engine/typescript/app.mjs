// An app of the TypeScript SDK: `node app.mjs VARIANT PORT LEDGER`, its server in INNGEST_DEV.

import { appendFileSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import { flowFunctions } from "./flow.mjs";
import { stepFunctions } from "./steps.mjs";
import { load } from "./variants.mjs";

const [variant, port, ledger] = process.argv.slice(2);
const sdk = await load(variant);

/**
 * Note on disk that a step's body ran: a process that is killed has still told of it.
 * Gives how often that step has run by now, in this process or in one before it.
 */
function ran(runId, step) {
  const line = JSON.stringify({ run: runId, step });
  appendFileSync(ledger, `${line}\n`);
  return readFileSync(ledger, "utf8").split("\n").filter((each) => each === line).length;
}

const shop = sdk.client("shop");
const flow = sdk.client("flow");
const clocked = sdk.client("clocked");
const kit = { ...sdk, ran };

const cron = sdk.define(clocked, { id: "cron" }, [{ cron: "* * * * *" }], async ({ event, step }) =>
  step.run("tick", () => event.name),
);

// Nothing is wrong with it for the SDK; a server refuses the cron.
const odd = sdk.client("odd");
const yearly = sdk.define(odd, { id: "yearly" }, [{ cron: "@yearly" }], async () => null);

const handlers = {
  "/api/inngest": sdk.serve({ client: shop, functions: stepFunctions(shop, kit) }),
  "/api/flow": sdk.serve({
    client: flow,
    functions: flowFunctions(flow, kit),
    servePath: "/api/flow",
  }),
  "/api/clocked": sdk.serve({ client: clocked, functions: [cron], servePath: "/api/clocked" }),
  "/api/odd": sdk.serve({ client: odd, functions: [yearly], servePath: "/api/odd" }),
  // Somebody else's service, for steps that the server asks on behalf of a function.
  "/echo": async (request, response) => {
    let body = "";
    for await (const part of request) body += part;
    const { method, headers } = request;
    response.writeHead(201, { "content-type": "application/json" });
    response.end(JSON.stringify({ method, body, type: headers["content-type"] }));
  },
  "/chat/completions": (request, response) => {
    const content = `hello ${request.headers.authorization}`;
    response.writeHead(200, { "content-type": "application/json" });
    response.end(JSON.stringify({ choices: [{ message: { role: "assistant", content } }] }));
  },
};

if (process.env.SIGNING_KEY) {
  // The client of production: it takes signed requests only, from the server that it is told.
  const sealed = sdk.client("sealed", {
    isDev: false,
    baseUrl: process.env.INNGEST_DEV,
    eventKey: "an-event-key",
    ...(sdk.isThree ? {} : { signingKey: process.env.SIGNING_KEY }),
  });
  handlers["/api/sealed"] = sdk.serve({
    client: sealed,
    functions: stepFunctions(sealed, kit),
    servePath: "/api/sealed",
    ...(sdk.isThree ? { signingKey: process.env.SIGNING_KEY, baseUrl: process.env.INNGEST_DEV } : {}),
  });
}

const server = createServer((request, response) => {
  const handler = handlers[new URL(request.url, "http://app").pathname];
  if (handler) return handler(request, response);
  response.writeHead(404).end();
});

// Whoever started this process holds its standard input: it ends when they do.
process.stdin.on("end", () => process.exit()).resume();
server.listen(Number(port), "127.0.0.1", () => console.log(`port ${server.address().port}`));
