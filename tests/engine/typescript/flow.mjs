// Functions whose settings limit, delay, join, drop or end their runs.

export function flowFunctions(client, { define, ran }) {
  const made = [];
  const on = (id, settings, handler) => {
    made.push(define(client, { id, ...settings }, [{ event: `flow/${id}` }], handler));
  };
  const n = async ({ event }) => event.data.n;

  on("cancel", { cancelOn: [{ event: "flow/stop", match: "data.id" }] }, async ({ step }) => {
    await step.sleep("long", "1d");
    return "slept";
  });

  on("one-at-a-time", { concurrency: { limit: 1 } }, async ({ event, runId, step }) =>
    step.run("work", async () => {
      ran(runId, `begin ${event.data.n}`);
      await new Promise((resolve) => setTimeout(resolve, 5));
      ran(runId, `end ${event.data.n}`);
    }),
  );

  on("throttle", { throttle: { limit: 1, period: "1h", burst: 0 } }, n);
  on("rate-limit", { rateLimit: { limit: 1, period: "1h", key: "event.data.key" } }, n);
  on("debounce", { debounce: { period: "1m", key: "event.data.key" } }, n);
  on("idempotency", { idempotency: "event.data.key" }, n);

  on("batch", { batchEvents: { maxSize: 3, timeout: "10s" } }, async ({ events, step }) =>
    step.run("sum", () => events.map((each) => each.data.n)),
  );

  const nap = async ({ event, step }) => {
    await step.sleep("nap", "1h");
    return event.data.n;
  };
  on("singleton-skip", { singleton: { mode: "skip", key: "event.data.key" } }, nap);
  on("singleton-cancel", { singleton: { mode: "cancel", key: "event.data.key" } }, nap);

  on(
    "priority",
    { concurrency: { limit: 1 }, priority: { run: "event.data.rank" } },
    async ({ event, runId, step }) => step.run("work", () => ran(runId, `n ${event.data.n}`)),
  );

  on("finish", { timeouts: { finish: "1h" } }, async ({ step }) => step.sleep("long", "1d"));
  return made;
}
