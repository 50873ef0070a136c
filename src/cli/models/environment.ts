// What the environment says of the hub: the variables of the hub's own tools, with their meaning.
import { homedir } from "node:os";
import { join } from "node:path";
import { parseHub } from "../../common/address";
import { HUGGING_FACE, modelHub, type Hub } from "../../hub/hub";
import { HubToken } from "../../hub/token";

export type Environment = Readonly<Record<string, string | undefined>>;

/** The folder that the hub's own tools keep repositories in, so that what is there is used, and what comes here serves them too. */
export function cacheFolder(environment: Environment = process.env): string {
  const { HF_HUB_CACHE, HUGGINGFACE_HUB_CACHE, HF_HOME, XDG_CACHE_HOME } = set(environment);
  const named = HF_HUB_CACHE ?? HUGGINGFACE_HUB_CACHE;
  if (named !== undefined) return atHome(named);
  const home = HF_HOME ?? join(XDG_CACHE_HOME ?? join(homedir(), ".cache"), "huggingface");
  return join(atHome(home), "hub");
}

/** @returns the folder of one's own models, where the environment names one: `MODELS_ROOT`, in which a model is found by its name */
export function modelsRoot(environment: Environment = process.env): string | undefined {
  const { MODELS_ROOT } = set(environment);
  return MODELS_ROOT === undefined ? undefined : atHome(MODELS_ROOT);
}

/** @returns undefined where the environment forbids the network */
export function hubOf(environment: Environment = process.env): Hub | undefined {
  const { HF_HUB_OFFLINE, HF_ENDPOINT = HUGGING_FACE, HF_TOKEN } = set(environment);
  if (HF_HUB_OFFLINE !== undefined && /^(?:1|on|yes|true)$/i.test(HF_HUB_OFFLINE)) return undefined;
  return modelHub({
    base: parseHub(HF_ENDPOINT, "HF_ENDPOINT"),
    token: HF_TOKEN === undefined ? undefined : new HubToken(HF_TOKEN, HF_ENDPOINT),
  });
}

/** An empty variable counts as not set. */
function set(environment: Environment): Environment {
  return Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== undefined && value.trim() !== ""));
}

function atHome(path: string): string {
  return path.replace(/^~(?=$|[/\\])/, homedir());
}
