// The ways in which the SDK is set up: its version, and how far it goes on by itself in a request.
// `v4-brief` may go on for a millisecond, so it ends some requests early and others not.

const VARIANTS = {
  "v4": { sdk: "inngest" },
  "v4-classic": { sdk: "inngest", options: { checkpointing: false } },
  "v4-buffered": { sdk: "inngest", options: { checkpointing: { bufferedSteps: 3 } } },
  "v4-brief": { sdk: "inngest", options: { checkpointing: { maxRuntime: 1 } } },
  "v3": { sdk: "inngest3" },
};

/** The SDK of a variant, its `serve` of node, and how it makes clients and functions. */
export async function load(name) {
  const { sdk, options } = VARIANTS[name];
  const { Inngest, NonRetriableError, RetryAfterError, referenceFunction } = await import(sdk);
  const { serve } = await import(`${sdk}/node`);
  const silent = { debug() {}, info() {}, warn() {}, error() {} };
  const isThree = sdk === "inngest3";

  /** A client; the one that another app gets has the same options. */
  const client = (id, more = {}) => new Inngest({ id, logger: silent, ...options, ...more });

  /** A function, in the order of arguments of each major version. */
  const define = (of, settings, triggers, handler) =>
    isThree
      ? of.createFunction(settings, triggers, handler)
      : of.createFunction({ ...settings, triggers }, handler);

  return { isThree, client, define, serve, NonRetriableError, RetryAfterError, referenceFunction };
}
