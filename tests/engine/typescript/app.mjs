// An app of the TypeScript SDK: `node app.mjs VARIANT PORT LEDGER`, its server in INNGEST_DEV.

import { appendFileSync } from "node:fs";
import { createServer } from "node:http";
import { flowFunctions } from "./flow.mjs";
import { stepFunctions } from "./steps.mjs";
import { load } from "./variants.mjs";

const [variant, port, ledger] = process.argv.slice(2);
const sdk = await load(variant);

/** Note on disk that a step's body ran: a process that is killed has still told of it. */
const ran = (runId, step) => appendFileSync(ledger, `${JSON.stringify({ run: runId, step })}\n`);

const shop = sdk.client("shop");
const clocked = sdk.client("clocked");
const kit = { ...sdk, ran };

const cron = sdk.define(clocked, { id: "cron" }, [{ cron: "* * * * *" }], async ({ event, step }) =>
  step.run("tick", () => event.name),
);

const handlers = {
  "/api/inngest": sdk.serve({
    client: shop,
    functions: [...stepFunctions(shop, kit), ...flowFunctions(shop, kit)],
  }),
  "/api/clocked": sdk.serve({ client: clocked, functions: [cron], servePath: "/api/clocked" }),
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
