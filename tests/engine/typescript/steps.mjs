// Functions for what steps do: their kinds, their order, their errors.

export function stepFunctions(client, { define, ran, isThree, ...sdk }) {
  const { NonRetriableError, RetryAfterError, referenceFunction } = sdk;
  const made = [];
  const on = (id, handler, settings = {}) => {
    const trigger = [{ event: `shop/${id}` }];
    made.push(define(client, { id, ...settings }, trigger, handler));
    return made.at(-1);
  };

  /** A step that notes each time it runs. */
  const noted = (ctx, name, value = name) =>
    ctx.step.run(name, () => {
      ran(ctx.runId, name);
      return value;
    });

  on("plain", async ({ event }) => ({ got: event.data, name: event.name }));

  on("sequence", async (ctx) => {
    const names = [];
    for (const name of ["a", "b", "c"]) names.push(await noted(ctx, name));
    return names;
  });

  on("two", async (ctx) => [await noted(ctx, "a"), await noted(ctx, "b")]);

  on("repeated", async (ctx) => {
    const seen = [];
    for (let n = 0; n < 3; n += 1) seen.push(await noted(ctx, "same", n));
    return seen;
  });

  on("values", async ({ step }) => [
    await step.run("nothing", () => undefined),
    await step.run("null", () => null),
    await step.run("nested", () => ({ list: [1, { two: "zwei ✓" }] })),
  ]);

  on("parallel", async (ctx) => {
    const both = await Promise.all([noted(ctx, "left"), noted(ctx, "right")]);
    return [...both, await noted(ctx, "after")];
  });

  on("branches", async (ctx) => {
    const branch = async (name) => [await noted(ctx, `${name}1`), await noted(ctx, `${name}2`)];
    return Promise.all([branch("x"), branch("y")]);
  });

  on("race", async (ctx) => {
    const slow = ctx.step.sleep("slow", "1h").then(() => "slow");
    return [await Promise.race([noted(ctx, "quick"), slow]), await noted(ctx, "after")];
  });

  on("sleep", async (ctx) => {
    await noted(ctx, "before");
    await ctx.step.sleep("nap", "2h");
    return noted(ctx, "after");
  });

  on("sleep-until", async ({ event, step }) => {
    await step.sleepUntil("nap", new Date(event.data.until));
    return "awake";
  });

  on("wait", async ({ step }) => {
    const paid = await step.waitForEvent("paid", {
      event: "shop/paid",
      timeout: "1d",
      match: "data.id",
    });
    return paid && paid.data.amount;
  });

  on("wait-if", async ({ step }) => {
    const paid = await step.waitForEvent("paid", {
      event: "shop/paid",
      timeout: "1d",
      if: "async.data.amount > event.data.least",
    });
    return paid && paid.data.amount;
  });

  const doubled = on("doubled", async ({ event, step }) =>
    step.run("double", () => event.data.n * 2),
  );
  const broken = on("broken", async () => {
    throw new NonRetriableError("out of order");
  });
  on("invoke", async ({ step }) => step.invoke("call", { function: doubled, data: { n: 21 } }));
  on("invoke-by-id", async ({ step }) => {
    const target = referenceFunction({ appId: client.id, functionId: "doubled" });
    return step.invoke("call", { function: target, data: { n: 4 } });
  });
  on("invoke-broken", async ({ step }) => {
    try {
      return await step.invoke("call", { function: broken });
    } catch (error) {
      return `caught ${error.message}`;
    }
  });
  const late = on("late", async ({ step }) => step.sleep("long", "2h"));
  on("invoke-late", async ({ step }) => {
    try {
      return await step.invoke("call", { function: late, timeout: "1h" });
    } catch (error) {
      return `caught ${error.name}`;
    }
  });

  on("send", async ({ event, step }) => {
    const events = [1, 2].map((n) => ({ name: "shop/sent", data: { n } }));
    const { ids } = await step.sendEvent("send", events);
    const { ids: direct } = await step.run("direct", () =>
      client.send({ name: "shop/sent", id: event.id, data: { n: 3 } }),
    );
    return [...ids, ...direct];
  });
  on("sent", async ({ event }) => event.data.n);

  on("fails-once", async (ctx) => {
    await noted(ctx, "first");
    const attempt = await ctx.step.run("shaky", () => {
      ran(ctx.runId, "shaky");
      if (ctx.attempt === 0) throw new Error("not yet");
      return ctx.attempt;
    });
    await noted(ctx, "last");
    return attempt;
  });

  on(
    "always-fails",
    async (ctx) => {
      await noted(ctx, "first");
      await ctx.step.run("bad", () => {
        ran(ctx.runId, "bad");
        throw new TypeError("never");
      });
    },
    { retries: 2 },
  );

  on(
    "caught",
    async (ctx) => {
      try {
        await ctx.step.run("bad", () => {
          ran(ctx.runId, "bad");
          throw new Error("never");
        });
      } catch (error) {
        return noted(ctx, "instead", error.message);
      }
    },
    { retries: 1 },
  );

  on("non-retriable", async (ctx) => {
    await ctx.step.run("bad", () => {
      ran(ctx.runId, "bad");
      throw new NonRetriableError("for good");
    });
  });

  on("retry-after", async (ctx) =>
    ctx.step.run("later", () => {
      ran(ctx.runId, "later");
      if (ctx.attempt === 0) throw new RetryAfterError("busy", "6h");
      return "done";
    }),
  );

  on("throws", async (ctx) => {
    await noted(ctx, "first");
    if (ctx.attempt < 2) throw new Error("outside of steps");
    return ctx.attempt;
  });

  on(
    "fails",
    async () => {
      throw new Error("as told");
    },
    {
      retries: 0,
      onFailure: async ({ event, error, step }) =>
        step.run("note", () => ({ of: event.data.event.data, message: error.message })),
    },
  );

  // A step during which a test does what it wants to show; `hold` has how long it lasts each time.
  on("held", async (ctx) => {
    await noted(ctx, "first");
    await ctx.step.run("held", async () => {
      const times = ran(ctx.runId, "held");
      await new Promise((resolve) => setTimeout(resolve, ctx.event.data.hold[times - 1] ?? 0));
    });
    return noted(ctx, "last");
  });

  on("signal", async ({ event, step }) => {
    const got = await step.waitForSignal("wait", {
      signal: event.data.signal,
      timeout: "1d",
      onConflict: "fail",
    });
    return got && got.data;
  });

  on("fetch", async ({ event, step }) => {
    const response = await step.fetch(event.data.url, { method: "POST", body: "hello" });
    return [response.status, await response.json()];
  });

  on("infer", async ({ event, step }) => {
    const model = step.ai.models.openai({ model: "m", baseUrl: event.data.url, apiKey: "k" });
    const body = { messages: [{ role: "user", content: "hi" }] };
    const answer = await step.ai.infer("ask", { model, body });
    return answer.choices[0].message.content;
  });
  on("wrap", async ({ step }) => step.ai.wrap("think", async (n) => n + 1, 41));

  if (!isThree) {
    // One request may last a quarter of a second here, and its first step lasts longer.
    on(
      "lengthy",
      async (ctx) => {
        await ctx.step.run("long", async () => {
          ran(ctx.runId, "long");
          await new Promise((resolve) => setTimeout(resolve, 300));
        });
        await noted(ctx, "next");
        return noted(ctx, "last");
      },
      { checkpointing: { maxRuntime: 250 } },
    );

    on("publish", async (ctx) => {
      const topic = { channel: "orders", topic: "status", config: {} };
      await ctx.step.realtime.publish("tell", topic, { run: ctx.runId });
      await client.realtime.publish(topic, { last: true });
    });
  }

  on("wake", async ({ event, step }) =>
    step.sendSignal("send", { signal: event.data.signal, data: { by: "step" } }),
  );
  return made;
}
