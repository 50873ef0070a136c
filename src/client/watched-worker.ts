// One worker at a time, and the word that it is dead: its script failed, or it says nothing any more though it is asked. It decides nothing
// about calls; the supervisor of pictures and the link to the storage do, each in its own way.
import { OnestrokeError } from "../common/errors";
import type { Listeners, Port } from "./start-worker";
import type { Supervision } from "./supervision";

interface Ping {
  readonly type: "ping";
}

type Patience = Pick<Supervision, "tickMs" | "silentTicks" | "startingTicks">;

interface Watching<From> {
  /** For messages: "image worker". */
  readonly name: string;
  /** Whatever the living worker says, but pongs. */
  readonly onMessage: (message: From) => void;
  /** The worker is dead, though its thread may still run: whoever hears this ends it. */
  readonly onDeath: (error: OnestrokeError) => void;
  /** Called at each tick, before the worker is asked whether it lives. */
  readonly onTick?: () => void;
}

export class WatchedWorker<To, From extends { readonly type: string }> {
  /** A worker that computes on its own thread answers nothing meanwhile. It is not silent then, it is mute. */
  isMute = false;
  readonly #spawn: (listeners: Listeners<From>) => Port<To | Ping>;
  readonly #patience: Patience;
  readonly #watching: Watching<From>;
  #port: Port<To | Ping> | undefined;
  #timer: ReturnType<typeof setInterval> | undefined;
  #unansweredPings = 0;
  #hasSpoken = false;

  constructor(spawn: (listeners: Listeners<From>) => Port<To | Ping>, patience: Patience, watching: Watching<From>) {
    this.#spawn = spawn;
    this.#patience = patience;
    this.#watching = watching;
  }

  get isThere(): boolean {
    return this.#port !== undefined;
  }

  /** Spawns a worker. There must be none. */
  start(): void {
    const { name, onMessage, onDeath } = this.#watching;
    const port: Port<To | Ping> = this.#spawn({
      // A terminated worker may still deliver what was on its way.
      onMessage: (message) => {
        if (this.#port !== port) return;
        // Whatever it says is a sign of life: one that hashes or writes says how far it is, and comes to its pings later.
        this.#unansweredPings = 0;
        this.#hasSpoken = true;
        if (message.type !== "pong") onMessage(message);
      },
      onError: (reason) => {
        if (this.#port === port) onDeath(new OnestrokeError("worker-died", `the ${name} failed: ${reason}`));
      },
    });
    this.#port = port;
    this.#unansweredPings = 0;
    this.#hasSpoken = false;
    this.isMute = false;
  }

  /** Does nothing where there is no worker. */
  post(message: To): void {
    this.#port?.post(message);
  }

  /** Asks again and again whether the worker lives, from now on and of its successors too. */
  watch(): void {
    if (this.#timer !== undefined) return;
    this.#unansweredPings = 0;
    this.#timer = setInterval(() => this.#tick(), this.#patience.tickMs);
  }

  /** Asks no more: a worker that has nothing to do is left alone. */
  rest(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  end(): void {
    this.#port?.terminate();
    this.#port = undefined;
  }

  #tick(): void {
    const { name, onDeath, onTick } = this.#watching;
    onTick?.();
    if (this.#port === undefined) return;
    const { silentTicks, startingTicks } = this.#patience;
    if (!this.isMute && this.#unansweredPings >= (this.#hasSpoken ? silentTicks : startingTicks)) {
      onDeath(new OnestrokeError("worker-died", `the ${name} no longer answers`));
      return;
    }
    this.#unansweredPings++;
    this.#port.post({ type: "ping" });
  }
}
