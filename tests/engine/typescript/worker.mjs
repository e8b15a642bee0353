// A worker of the TypeScript SDK over Connect: `node worker.mjs connect 0 LEDGER`.

import { appendFileSync } from "node:fs";
import { connect } from "inngest/connect";
import { load } from "./variants.mjs";

const [, , ledger] = process.argv.slice(2);
const sdk = await load("v4");
const client = sdk.client("remote");

const work = sdk.define(client, { id: "work" }, [{ event: "remote/go" }], async (ctx) => {
  const names = [];
  for (const name of ["a", "b"]) {
    names.push(
      await ctx.step.run(name, () => {
        appendFileSync(ledger, `${JSON.stringify({ run: ctx.runId, step: name })}\n`);
        return name;
      }),
    );
  }
  await ctx.step.sleep("nap", "1h");
  return names;
});

// Whoever started this process holds its standard input: it ends when they do.
process.stdin.on("end", () => process.exit()).resume();
await connect({ apps: [{ client, functions: [work] }], isolateExecution: false });
console.log("port 0");
