// What few apps use: durable endpoints, deferred functions, inputs given to steps, realtime.
// `node extras.mjs LEDGER`, its server in INNGEST_DEV.

import { appendFileSync } from "node:fs";
import { createServer } from "node:http";
import { Inngest, NonRetriableError, step } from "inngest";
import { createDefer } from "inngest/experimental";
import { fetchWithStream } from "inngest/experimental/durable-endpoints/client";
import { stream } from "inngest/experimental/durable-endpoints";
import { endpointAdapter, serve, serveEndpoint } from "inngest/node";
import { channel, staticSchema, subscribe } from "inngest/realtime";

const [ledger] = process.argv.slice(2);
const silent = { debug() {}, info() {}, warn() {}, error() {} };
const options = { logger: silent, endpointAdapter };
const inngest = new Inngest({ id: "extras", ...options });
const classic = new Inngest({ id: "classic", ...options, checkpointing: false });
const sealed = new Inngest({
  id: "sealed",
  ...options,
  isDev: false,
  baseUrl: process.env.INNGEST_DEV,
  eventKey: "an-event-key",
  signingKey: process.env.SIGNING_KEY,
});

/** Note on disk that a step's body ran. */
function ran(step, value) {
  appendFileSync(ledger, `${JSON.stringify(step)}\n`);
  return value;
}

const failures = new Map();
function failing(key, times) {
  const count = (failures.get(key) ?? 0) + 1;
  failures.set(key, count);
  ran(`${key} ${count}`);
  if (count <= times) throw new Error(`${key} failed`);
  return key;
}

// The tools of an endpoint are imported: they find their run by themselves.
const handlers = {
  steps: async (request) => {
    const one = await step.run("one", () => ran("one", 1));
    const two = await step.run("two", () => ran("two", one + 1));
    return Response.json({ two, q: new URL(request.url).searchParams.get("q") });
  },
  sleeps: async (request) => {
    // The SDK reads the request's body itself, so that a handler cannot.
    const n = Number(new URL(request.url).searchParams.get("n"));
    const before = await step.run("before", () => ran("before", n));
    await step.sleep("nap", "1h");
    const after = await step.run("after", () => ran("after", before * 2));
    return { after };
  },
  retries: async () => {
    const got = await step.run("flaky", () => failing("flaky", 1));
    return { got };
  },
  throws: async () => {
    await step.run("first", () => ran("first", 1));
    failing("throws", 1);
    return { ok: true };
  },
  parallel: async () => {
    const both = await Promise.all([
      step.run("left", () => ran("left", "l")),
      step.run("right", () => ran("right", "r")),
    ]);
    return both;
  },
  refuses: async () => {
    await step.run("first", () => ran("first", 1));
    throw new NonRetriableError("never");
  },
  streams: async () => {
    await step.run("tell", () => stream.push("hello"));
    await step.sleep("nap", "1h");
    await step.run("tell-again", () => stream.push("again"));
    return { done: true };
  },
};

/** The functions of both clients; the events of deferred ones begin with the client's name. */
function functionsOf(client) {
  const mail = createDefer(client, { id: "mail" }, async ({ event, parents, step }) =>
    step.run("send", () => ({ to: event.data.to, parent: parents[0].fnSlug })),
  );
  return [mail, ...othersOf(client, mail)];
}

const othersOf = (client, mail) => [
  client.createFunction({ id: "add", triggers: [{ event: "extras/add" }] }, async ({ step }) => {
    const base = await step.run("base", () => ran("base", 10));
    const sum = await step.run("sum", (a, b) => ran("sum", a + b), base, 1);
    return step.run("text", () => ran("text", `sum ${sum}`));
  }),
  client.createFunction(
    { id: "defers", retries: 0, triggers: [{ event: `${client.id}/defers` }] },
    async ({ event, defer, step }) => {
      defer("kept", { function: mail, data: { to: "ann" } });
      await step.run("work", () => ran("work", 1));
      const dropped = defer("dropped", { function: mail, data: { to: "bob" } });
      await step.sleep("nap", "1h");
      dropped.abort();
      if (event.data.fails) throw new NonRetriableError("no");
      return "parent";
    },
  ),
];

const news = channel({ name: "news", topics: { items: { schema: staticSchema() } } });
const publisher = inngest.createFunction(
  { id: "publishes", triggers: [{ event: "extras/publish" }] },
  async ({ event, step }) => step.realtime.publish("tell", news.items, { n: event.data.n }),
);

/** The next message of a topic, by the SDK's own way of listening. */
async function listen(response) {
  const messages = await subscribe({ app: inngest, channel: news, topics: ["items"] });
  response.writeHead(200, { "content-type": "application/json" });
  response.write(" "); // whoever asked may publish now
  const reader = messages.getReader();
  const { value } = await reader.read();
  response.end(JSON.stringify({ topic: value.topic, data: value.data }));
  messages.close();
}

/** What a client of a streaming endpoint gets. */
async function follow(response) {
  const pushed = [];
  response.writeHead(200, { "content-type": "application/json" });
  response.write(" ");
  const answer = await fetchWithStream(`http://127.0.0.1:${server.address().port}/open/streams`, {
    onData: ({ data }) => pushed.push(data),
  });
  response.end(JSON.stringify({ pushed, answer: await answer.json() }));
}

const routes = new Map([
  ["/api/inngest", serve({ client: inngest, functions: [...functionsOf(inngest), publisher] })],
  [
    "/api/classic",
    serve({ client: classic, functions: functionsOf(classic), servePath: "/api/classic" }),
  ],
  ["/listen", (_, response) => listen(response)],
  ["/follow", (_, response) => follow(response)],
]);
for (const [name, handler] of Object.entries(handlers)) {
  routes.set(`/open/${name}`, serveEndpoint(inngest.endpoint(handler)));
  routes.set(`/sealed/${name}`, serveEndpoint(sealed.endpoint(handler)));
}

const server = createServer((request, response) => {
  const handler = routes.get(new URL(request.url, "http://app").pathname);
  if (handler) return handler(request, response);
  response.writeHead(404).end();
});

process.stdin.on("end", () => process.exit()).resume();
server.listen(0, "127.0.0.1", () => console.log(`port ${server.address().port}`));
