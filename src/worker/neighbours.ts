// The other tabs of this site, which compute on the same GPU. Where one finds no memory left there, it asks the others: whoever is hidden
// and draws nothing takes its model off the GPU, and loads it again when it is wanted.
import { isJsonObject } from "../common/json";
import { uniqueName } from "../common/unique-name";

const CHANNEL = "onestroke-gpu";

/** So soon a tab answers that it will give memory back. */
const ANSWER_MS = 300;
/** So long it may take to do so: a picture that was cancelled in it is still on the GPU for a moment. */
const GIVING_MS = 5_000;

export interface Neighbours {
  /** Asks for memory. @returns whether any of them gave some back */
  ask(): Promise<boolean>;
  close(): void;
}

/** What is said on the channel; `to` is whoever asked. */
type Said =
  | { readonly says: "wanted"; readonly from: string }
  | { readonly says: "giving" | "given"; readonly from: string; readonly to: string };

/** @param giveBack undefined where there is nothing to give, or it is needed here; else when it is done */
export function neighboursOf(giveBack: () => Promise<void> | undefined, name = CHANNEL): Neighbours {
  const channel = openChannel(name);
  if (channel === undefined) return { ask: async () => false, close: () => undefined };
  const own = uniqueName();
  const tell = (said: Said): void => channel.postMessage(said);

  async function answer(asker: string): Promise<void> {
    const giving = giveBack();
    if (giving === undefined) return;
    tell({ says: "giving", from: own, to: asker });
    // What could not be given back in order is gone with its device, and who asked sees for himself.
    await giving.catch(() => undefined);
    tell({ says: "given", from: own, to: asker });
  }

  channel.addEventListener("message", ({ data }: MessageEvent<unknown>) => {
    const said = parseSaid(data);
    if (said?.says === "wanted") void answer(said.from);
  });

  return {
    async ask() {
      const [giving, given] = [new Set<string>(), new Set<string>()];
      let onGiven = (): void => undefined;
      const listen = ({ data }: MessageEvent<unknown>): void => {
        const said = parseSaid(data);
        if (said === undefined || said.says === "wanted" || said.to !== own) return;
        giving.add(said.from);
        if (said.says === "given") given.add(said.from);
        onGiven();
      };
      channel.addEventListener("message", listen);
      tell({ says: "wanted", from: own });
      await after(ANSWER_MS);
      if (given.size < giving.size) {
        await Promise.race([
          after(GIVING_MS),
          new Promise<void>((resolve) => {
            onGiven = () => given.size === giving.size && resolve();
          }),
        ]);
      }
      channel.removeEventListener("message", listen);
      return given.size > 0;
    },
    close: () => channel.close(),
  };
}

/** Undefined in other pages' frames where a browser denies them that: such a tab is alone. */
function openChannel(name: string): BroadcastChannel | undefined {
  try {
    return new BroadcastChannel(name);
  } catch {
    return undefined;
  }
}

function after(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** Another tab may run another version of the page. What it says in other words is not understood. */
function parseSaid(data: unknown): Said | undefined {
  if (!isJsonObject(data)) return undefined;
  const { says, from, to } = data;
  if (typeof from !== "string") return undefined;
  if (says === "wanted") return { says, from };
  return (says === "giving" || says === "given") && typeof to === "string" ? { says, from, to } : undefined;
}
